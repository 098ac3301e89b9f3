"""The paper's tables with made-up errors in them."""

from __future__ import annotations

from typing import Any

import pytest

from stages.report.every_error import every_error
from stages.report.metrics import Metrics
from stages.report.published import read_published
from stages.report.tables import NETWORK_TITLE, Table, Value, build_tables
from tests.report.made_up_project import CONSTANT, SHARES, made_up_metrics, made_up_params


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    built = build_tables(read_published(), made_up_metrics(made_up_params()))
    return {table.number: table for table in built}


def maes(table: Table, block: str, label: str) -> dict[tuple[str, str], Any]:
    return {place: value and value.mae for place, value in cells(table, block, label).items()}


def cells(table: Table, block: str, label: str) -> dict[tuple[str, str], Value | None]:
    (line,) = [line for line in table.blocks[block] if line.label == label]
    return {
        (column, source): value
        for (column, sources), values in zip(table.columns.items(), line.values, strict=True)
        for source, value in zip(sources, values, strict=True)
    }


def test_rows_and_columns_are_the_papers(tables):
    table = tables["IV"]
    assert list(table.columns) == ["Threshold (dB)", "Ratio", "Attack (ms)", "Release (ms)"]
    assert [line.label for line in table.blocks[""]][:5] == [
        "Guitar: Model 1",
        "Guitar: Model 2",
        "Guitar: Model 3",
        "Guitar: Handcrafted",
        "Drum: Model 1",
    ]


def test_ours_stands_beside_the_published_figure(tables):
    line = cells(tables["IV"], "", "Guitar: Model 1")
    assert line["Attack (ms)", "published"] == Value("4.338")
    ours = line["Attack (ms)", "paper"]
    assert ours is not None
    assert ours.mae == SHARES["paper"] * CONSTANT["attack_ms"]


def test_every_cell_has_ours(tables):
    dashes = [
        (table.number, line.label, column)
        for table in tables.values()
        for line in table.blocks[""]
        for column, values in zip(table.columns, line.values, strict=True)
        if None in values[:2]
    ]
    assert dashes == []


def test_what_was_not_run_is_a_dash():
    metrics = made_up_metrics(made_up_params())
    del metrics.experiments["drum-sample-level-waveform"]
    line = cells(build_tables(read_published(), metrics)[0], "", "Drum: Model 2")
    assert line["Ratio", "published"] == Value("0.932")
    assert line["Ratio", "paper"] is None


def one_row(maes: dict[str, float], constant: float = 25.0) -> dict[tuple[str, str], Value | None]:
    """Return the line of the attack in Table VII, from errors of ours by experiment."""
    entries = {
        name: {"paper": {"attack_ms": {"mae": mae}}, "constant": {"attack_ms": {"mae": constant}}}
        for name, mae in maes.items()
    }
    for found in entries.values():
        for error in found.values():
            error["attack_ms"]["percent"] = 0.0
    metrics = Metrics({name: {"drum-ds3": found} for name, found in entries.items()})
    (table,) = [table for table in build_tables(read_published(), metrics) if table.number == "VII"]
    return cells(table, "", "Attack (ms)")


def marked(line: dict[tuple[str, str], Value | None]) -> set[tuple[str, str]]:
    return {place for place, value in line.items() if value and value.best}


def test_the_best_of_the_published_and_the_best_of_ours_are_marked():
    line = one_row({"drum-cnn-stft512": 3.0, "drum-cnn-stft256": 2.0, "drum-cnn-stft128": 4.0})
    assert marked(line) == {("128", "published"), ("256", "paper")}


def test_neither_a_lone_error_nor_one_that_was_not_learnt_is_the_best():
    assert marked(one_row({"drum-cnn-stft512": 3.0})) == {("128", "published")}
    two = {"drum-cnn-stft512": 3.0, "drum-cnn-stft128": 4.0}
    assert marked(one_row(two, constant=4.0)) == {("128", "published")}


def test_models_in_rows_are_compared_within_their_instrument(tables):
    published = {
        (line.label, column)
        for line in tables["V"].blocks[""]
        for (column, _), values in zip(tables["V"].columns.items(), line.values, strict=True)
        if values[0] and values[0].best
    }
    assert published == {
        ("Guitar: Handcrafted", "Threshold (dB)"),
        ("Guitar: Model 2", "Ratio"),
        ("Guitar: Model 3", "Attack (ms)"),
        ("Guitar: Model 3", "Release (ms)"),
        ("Drum: Model 2", "Threshold (dB)"),
        ("Drum: Model 2", "Ratio"),
        ("Drum: Handcrafted", "Attack (ms)"),
        ("Drum: Model 2", "Release (ms)"),
    }


def test_unseen_loops_stands_only_where_it_was_trained(tables):
    assert tables["VII"].columns == {
        "512": ["published", "paper"],
        "256": ["published", "paper"],
        "128": ["published", "paper", "unseen_loops"],
        "Constant predictor": [""],
        "Closed-form limit": [""],
    }


def test_what_is_no_better_than_the_constant_is_not_learnt(tables):
    line = cells(tables["X"], "", "Joint: Release (ms)")
    assert line["Model 1 tuned", "paper"] == Value(50.0, learnt=True, best=True)
    assert line["Model 1 tuned", "unseen_loops"] == Value(200.0, learnt=False)
    assert line["Constant predictor", ""] == Value(250.0, learnt=True)


def test_network_has_lines_of_its_own(tables):
    lines = tables["X"].blocks[NETWORK_TITLE]
    assert len(lines) == 8
    assert maes(tables["X"], NETWORK_TITLE, "Ratio") == {
        ("Model 1 tuned", "published"): None,
        ("Model 1 tuned", "paper"): pytest.approx(0.1 * 4.8),
        ("Model 1 tuned", "unseen_loops"): pytest.approx(0.6 * 4.8),
        ("Model 3", "published"): None,
        ("Model 3", "paper"): pytest.approx(0.1 * 4.8),
        ("Model 3 tuned", "published"): None,
        ("Model 3 tuned", "paper"): pytest.approx(0.1 * 4.8),
        ("Constant predictor", ""): None,
        ("Closed-form limit", ""): None,
    }


def test_yardsticks_stand_once_per_instrument(tables):
    for title, share in (("Constant predictor", 1.0), ("Closed-form limit", 0.001)):
        assert [line.label for line in tables["V"].blocks[title]] == ["Guitar", "Drum"]
        line = maes(tables["V"], title, "Drum")
        assert line["Ratio", "paper"] == pytest.approx(share * 4.8)
        assert line["Ratio", "published"] is None


def test_percentages_where_the_paper_gives_them(tables):
    line = cells(tables["XII"], "", "Threshold (dB)")
    assert line["Feature embeddings", "published"] == Value("2.369", "5.92", best=True)
    ours = line["Feature embeddings", "paper"]
    assert ours is not None
    assert ours.percent == pytest.approx(100 * 2 / 40)
    assert all(
        value is None or value.percent is None
        for table in sorted(tables.keys() - {"XII"})
        for line in tables[table].blocks[""]
        for values in line.values
        for value in values
    )


def test_transfer_and_refit_fill_table_xiii(tables):
    assert tables["XIII"].columns["Feature embeddings"] == ["published", "transfer", "refit"]
    line = cells(tables["XIII"], "", "Attack (ms)")
    assert line["Feature embeddings", "transfer"] == Value(0.9 * 25.0, learnt=False)
    assert line["Feature embeddings", "refit"] == Value(12.5, learnt=True, best=True)
    assert line["Constant predictor", ""] == Value(25.0)


def test_a_table_without_experiments_shows_the_paper_alone():
    tables = build_tables(read_published(), Metrics({}))
    assert list(tables[0].blocks) == [""]
    line = cells(tables[0], "", "Guitar: Model 1")
    assert {value for (_, source), value in line.items() if source == "paper"} == {None}


def test_every_error_lists_each_measured_parameter_once():
    metrics = made_up_metrics(made_up_params())
    experiments, transfers = every_error(metrics)
    assert len(experiments.rows) == 116 + 4
    assert len(transfers.rows) == 8
    assert {row.unsolved for row in experiments.rows + transfers.rows} == {3}
    first = experiments.rows[0]
    shown = dict(zip(experiments.entries, first.errors, strict=True))
    assert (first.experiment, first.data_set, first.parameter) == (
        "guitar-cnn-mel512",
        "guitar-ds1",
        "threshold_db",
    )
    assert shown["paper"] == metrics.error(
        "guitar-cnn-mel512", "guitar-ds1", "paper", "threshold_db"
    )
    assert shown["unseen_loops"] is None
