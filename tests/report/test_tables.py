"""The report's tables, with made-up errors in them."""

from __future__ import annotations

from typing import Any

import pytest

from siamese_drc.report.published import read_published
from siamese_drc.report.results import Results
from siamese_drc.report.tables import (
    OTHERS,
    Table,
    Value,
    build_tables,
    coverage,
    measured_places,
    opening_table,
    other_table,
)
from stages.report import describe
from tests.report.made_up_project import (
    CONSTANT,
    SHARES,
    made_up_errors,
    made_up_params,
    made_up_results,
)

NAME = "drum-cnn-stft128"
NETWORK_TITLE, NO_NETWORK_TITLE = OTHERS
PARAMS = made_up_params()


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    built = build_tables(read_published(), made_up_results(made_up_params()))
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
    results = made_up_results(made_up_params())
    del results.experiments["drum-sample-level-waveform"]
    line = cells(build_tables(read_published(), results)[0], "", "Drum: Model 2")
    assert line["Ratio", "published"] == Value("0.932")
    assert line["Ratio", "paper"] is None


def one_row(maes: dict[str, float], learnt: bool = True) -> dict[tuple[str, str], Value | None]:
    """Return the line of the attack in Table VII, from errors of ours by experiment."""
    entries = {
        name: {
            "paper": {"attack_ms": {"mae": mae, "percent": 0.0}},
            "learnt": {"paper": {"attack_ms": {"learnt": learnt}}},
        }
        for name, mae in maes.items()
    }
    results = Results({name: {"drum-ds3": found} for name, found in entries.items()})
    (table,) = [table for table in build_tables(read_published(), results) if table.number == "VII"]
    return cells(table, "", "Attack (ms)")


def marked(line: dict[tuple[str, str], Value | None]) -> set[tuple[str, str]]:
    return {place for place, value in line.items() if value and value.best}


def test_the_best_of_the_published_and_the_best_of_ours_are_marked():
    line = one_row({"drum-cnn-stft512": 3.0, "drum-cnn-stft256": 2.0, "drum-cnn-stft128": 4.0})
    assert marked(line) == {("128", "published"), ("256", "paper")}


def test_neither_a_lone_error_nor_one_that_was_not_learnt_is_the_best():
    assert marked(one_row({"drum-cnn-stft512": 3.0})) == {("128", "published")}
    two = {"drum-cnn-stft512": 3.0, "drum-cnn-stft128": 4.0}
    assert marked(one_row(two, learnt=False)) == {("128", "published")}


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


COLUMN = ["published", "paper", "untrained/paper"]


def test_unseen_loops_stands_only_where_it_was_trained(tables):
    assert tables["VII"].columns == {
        "512": COLUMN,
        "256": COLUMN,
        "128": [*COLUMN, "unseen_loops", "untrained/unseen_loops"],
        "Constant predictor": [""],
        "Closed-form limit": [""],
    }


def test_the_untrained_error_stands_beside_ours_and_not_learnt_is_marked(tables):
    line = cells(tables["X"], "", "Joint: Release (ms)")
    assert line["Model 1 tuned", "paper"] == Value(50.0, learnt=True, best=True)
    assert line["Model 1 tuned", "untrained/paper"] == Value(75.0)
    assert line["Model 1 tuned", "unseen_loops"] == Value(200.0, learnt=False)
    assert line["Model 1 tuned", "untrained/unseen_loops"] == Value(175.0)
    assert line["Constant predictor", ""] == Value(250.0)


def test_handcrafted_features_have_no_twin(tables):
    assert tables["XII"].columns["Handcrafted features"] == ["published", "paper", "unseen_loops"]
    line = cells(tables["IV"], "", "Drum: Handcrafted")
    assert line["Ratio", "untrained/paper"] is None
    assert line["Ratio", "paper"] == Value(0.2 * 4.8, best=True)


def test_errors_without_a_twin_have_a_dash_in_its_place():
    results = made_up_results(made_up_params())
    for twin in ("untrained", "no_network", "learnt"):
        for data_sets in results.experiments.values():
            for entries in data_sets.values():
                entries.pop(twin, None)
    table = build_tables(read_published(), results)[0]
    line = cells(table, "", "Drum: Model 2")
    assert line["Ratio", "paper"] == Value(0.2 * 4.8, best=True)
    assert line["Ratio", "untrained/paper"] is None
    assert NO_NETWORK_TITLE not in table.blocks


@pytest.mark.parametrize(
    ("block", "paper", "unseen"), [(NETWORK_TITLE, 0.1, 0.6), (NO_NETWORK_TITLE, 0.25, 0.75)]
)
def test_network_and_no_network_have_lines_of_their_own(tables, block, paper, unseen):
    assert len(tables["X"].blocks[block]) == 8
    found = maes(tables["X"], block, "Ratio")
    assert {place: mae for place, mae in found.items() if mae} == {
        ("Model 1 tuned", "paper"): pytest.approx(paper * 4.8),
        ("Model 1 tuned", "unseen_loops"): pytest.approx(unseen * 4.8),
        ("Model 3", "paper"): pytest.approx(paper * 4.8),
        ("Model 3 tuned", "paper"): pytest.approx(paper * 4.8),
    }


def test_baselines_stand_once_per_instrument(tables):
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
    assert tables["XIII"].columns["Feature embeddings"] == [
        *("published", "transfer", "untrained/transfer", "refit", "untrained/refit"),
    ]
    line = cells(tables["XIII"], "", "Attack (ms)")
    assert line["Feature embeddings", "transfer"] == Value(0.9 * 25.0, learnt=True, best=True)
    assert line["Feature embeddings", "refit"] == Value(12.5, learnt=True, best=True)
    assert line["Constant predictor", ""] == Value(25.0)


def test_a_table_without_experiments_shows_the_paper_alone():
    tables = build_tables(read_published(), Results({}))
    assert list(tables[0].blocks) == [""]
    line = cells(tables[0], "", "Guitar: Model 1")
    assert {value for (_, source), value in line.items() if source == "paper"} == {None}


def test_each_measured_parameter_is_listed_once():
    results = made_up_results(made_up_params())
    (entries, experiments), (_, transfers) = measured_places(results).items()
    assert len(experiments) == 116 + 4
    assert len(transfers) == 8
    assert experiments[0] == ("guitar-cnn-mel512", "guitar-ds1", "threshold_db")
    assert entries[:3] == ("paper", "untrained/paper", "no_network/paper")


def test_the_opening_table_has_the_tuned_model_1_at_both_scales():
    results = made_up_results(made_up_params())
    full_size = Results({NAME: {"drum-dm2": results.experiments[NAME]["drum-dm2"]}})
    table = opening_table(read_published(), {"full": full_size, "here": results})
    assert table is not None
    assert [line.label for line in table.blocks["full"]] == [
        "drum-dm2: Attack (ms)",
        "drum-dm2: Release (ms)",
    ]
    labels = [line.label for line in table.blocks["here"]]
    assert len(labels) == 12
    assert (labels[0], labels[-1]) == ("drum-ds1: Threshold (dB)", "drum-d4p: Release (ms)")
    line = cells(table, "here", "drum-dm2: Attack (ms)")
    assert list(line.values()) == [
        Value("3.141"),
        *(Value(5.0, learnt=True), Value(7.5), Value(6.25)),
        *(Value(20.0, learnt=False), Value(17.5), Value(18.75)),
        *(Value(25.0), Value(0.025)),
    ]
    assert opening_table(read_published(), {"here": Results({})}) is None


def test_bold_is_below_the_published_error_the_twin_and_no_network():
    results = made_up_results(made_up_params())
    data_set = results.experiments["drum-d4p-cnn-stft128"]["drum-d4p"]
    data_set["no_network"]["paper"]["ratio"]["mae"] = 0.5
    data_set["untrained"]["paper"]["attack_ms"]["mae"] = 4.0
    table = opening_table(read_published(), {"here": results})
    assert table is not None
    bold = {
        (line.label, source)
        for line in table.blocks["here"]
        for (_, source), value in cells(table, "here", line.label).items()
        if value and value.best
    }
    assert bold == {("drum-d4p: Threshold (dB)", "paper"), ("drum-d4p: Release (ms)", "paper")}


def test_sizes_state_this_scale_and_the_papers():
    project = describe(made_up_params())
    here, paper = project.sizes, project.paper_sizes
    listed = {name: (here[name], paper[name]) for name in here}
    assert listed["loops"][0].startswith("drum 6, guitar 5, mix 4")
    assert listed["loops"][1].startswith("drum 64, guitar 65, mix 50")
    assert listed["clip length (s)"] == ("0.5", "4")
    assert listed["settings per loop"] == (
        "ds1 50, ds2 6, ds3 6, ds4 6, dm1 6, dm2 6, d4p 625",
        "ds1 50, ds2 50, ds3 50, ds4 50, dm1 64, dm2 64, d4p 625",
    )
    assert listed["random splits (`paper`)"] == ("3", "50")


def test_recorded_materials_are_named():
    materials = {name: material.model_dump() for name, material in PARAMS.materials.items()}
    materials["guitar"] = {"source": {"folder": "recordings/guitar"}}
    recordings = describe(made_up_params(materials=materials)).recordings
    assert recordings == dict.fromkeys(materials) | {"guitar": "recordings/guitar"}


def test_the_largest_scale_of_every_cell_is_stated():
    params = made_up_params()
    results = made_up_results(params)
    del results.experiments["drum-d4p-handcrafted"]
    full_size = Results({NAME: {"drum-dm2": made_up_errors(params, NAME)["drum-dm2"]}})
    found = coverage(read_published(), "smoke", results, full_size)
    assert found.grids == ["ds1", "ds2", "ds3", "ds4", "dm1", "dm2", "d4p"]
    assert found.rows[NAME] == ["smoke"] * 5 + ["paper scale", ""]
    assert found.rows["drum-cnn-stft256"] == ["", "", "smoke", "smoke", "", "smoke", ""]
    assert found.rows["drum-d4p-handcrafted"] == [""] * 6 + ["\N{EN DASH}"]
    assert found.rows["mix-d4p-cnn-stft128"] == [""] * 6 + ["smoke"]
    assert (found.full_size, found.total) == (2, 124)


def test_a_network_that_is_not_the_papers_is_beside_the_tuned_model_1():
    errors = {"paper": {"threshold_db": {"mae": 0.9, "percent": 2.0}}}
    results = Results({"drum-d4p-dense-gain": {"drum-d4p": errors}, NAME: {}})
    table = other_table(read_published(), {"here": results})
    assert table is not None
    (line,) = table.blocks["here"]
    assert line.label == "drum-d4p-dense-gain: Threshold (dB)"
    assert line.values[:2] == [[Value("2.369")], [Value(0.9), None, None]]
    assert other_table(read_published(), {"here": made_up_results(made_up_params())}) is None
