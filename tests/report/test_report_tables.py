"""The paper's tables with made-up errors in them."""

from __future__ import annotations

from typing import Any

import pytest

from stages.report.every_error import every_error
from stages.report.published import read_published
from stages.report.tables import NETWORK_TITLE, Table, Value, build_tables
from tests.report.made_up_project import CONSTANT, SHARES, made_up_metrics, made_up_params


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    params = made_up_params()
    built = build_tables(read_published(), params, made_up_metrics(params))
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
    assert line["Attack (ms)", "paper"] == Value(SHARES["paper"] * CONSTANT["attack_ms"])


def test_what_params_does_not_name_is_a_dash(tables):
    line = cells(tables["IV"], "", "Drum: Model 2")
    assert line["Ratio", "published"] == Value("0.932")
    assert line["Ratio", "paper"] is None


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
    assert line["Model 1 tuned", "paper"] == Value(SHARES["paper"] * 250.0, learnt=True)
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
        ("Model 3", "paper"): None,
        ("Model 3 tuned", "published"): None,
        ("Model 3 tuned", "paper"): None,
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
    assert line["Feature embeddings", "published"] == Value("2.369", "5.92")
    ours = line["Feature embeddings", "paper"]
    assert ours is not None
    assert ours.percent == pytest.approx(100 * 2 / 40)
    assert all(
        value is None or value.percent is None
        for table in ("IV", "V", "VI", "VII", "X", "XIII")
        for line in tables[table].blocks[""]
        for values in line.values
        for value in values
    )


def test_transfer_and_refit_fill_table_xiii(tables):
    assert tables["XIII"].columns["Feature embeddings"] == ["published", "transfer", "refit"]
    line = cells(tables["XIII"], "", "Attack (ms)")
    assert line["Feature embeddings", "transfer"] == Value(0.9 * 25.0, learnt=False)
    assert line["Feature embeddings", "refit"] == Value(12.5, learnt=True)
    assert line["Constant predictor", ""] == Value(25.0)


def test_a_table_without_experiments_shows_the_paper_alone():
    params = made_up_params(experiments={}, transfers={})
    tables = build_tables(read_published(), params, made_up_metrics(params))
    assert list(tables[0].blocks) == [""]
    line = cells(tables[0], "", "Guitar: Model 1")
    assert {value for (_, source), value in line.items() if source == "paper"} == {None}


def test_every_error_lists_each_measured_parameter_once():
    params = made_up_params()
    metrics = made_up_metrics(params)
    experiments, transfers = every_error(params, metrics)
    assert len(experiments.rows) == 8 + 8 + 4 + 4 + 8 + 4
    assert len(transfers.rows) == 4
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
