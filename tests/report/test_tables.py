"""The report's tables, with made-up errors in them."""

from __future__ import annotations

from typing import Any

import pytest

from siamese_drc.report.published import read_published, table_cells
from siamese_drc.report.results import Results
from siamese_drc.report.tables import (
    BEYOND,
    NETWORK_TITLE,
    Table,
    Value,
    beyond,
    build_tables,
    coverage,
    every_error,
    headlines,
    summary,
)
from stages.report import describe
from tests.report.made_up_project import (
    CONSTANT,
    SCALE,
    SHARES,
    made_up_errors,
    made_up_params,
    made_up_results,
)

NAME = "drum-cnn-stft128"


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


def one_row(maes: dict[str, float], constant: float = 25.0) -> dict[tuple[str, str], Value | None]:
    """Return the line of the attack in Table VII, from errors of ours by experiment."""
    entries = {
        name: {"paper": {"attack_ms": {"mae": mae}}, "constant": {"attack_ms": {"mae": constant}}}
        for name, mae in maes.items()
    }
    for found in entries.values():
        for error in found.values():
            error["attack_ms"]["percent"] = 0.0
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
    assert tables["XIII"].columns["Feature embeddings"] == ["published", "transfer", "refit"]
    line = cells(tables["XIII"], "", "Attack (ms)")
    assert line["Feature embeddings", "transfer"] == Value(0.9 * 25.0, learnt=False)
    assert line["Feature embeddings", "refit"] == Value(12.5, learnt=True, best=True)
    assert line["Constant predictor", ""] == Value(25.0)


def test_a_table_without_experiments_shows_the_paper_alone():
    tables = build_tables(read_published(), Results({}))
    assert list(tables[0].blocks) == [""]
    line = cells(tables[0], "", "Guitar: Model 1")
    assert {value for (_, source), value in line.items() if source == "paper"} == {None}


def test_every_error_lists_each_measured_parameter_once():
    results = made_up_results(made_up_params())
    (entries, experiments), (_, transfers) = every_error(results).items()
    assert len(experiments) == 116 + 4
    assert len(transfers) == 8
    assert {row[-1] for rows in (experiments, transfers) for row in rows.values()} == {3}
    place, (*errors, _) = next(iter(experiments.items()))
    shown = dict(zip(entries, errors, strict=True))
    assert place == (
        "guitar-cnn-mel512",
        "guitar-ds1",
        "threshold_db",
    )
    assert shown["paper"] == results.error(
        "guitar-cnn-mel512", "guitar-ds1", "paper", "threshold_db"
    )
    assert shown["unseen_loops"] is None


def test_summary_holds_the_tuned_model_on_two_and_four_parameters():
    params = made_up_params()
    lines = headlines(read_published(), made_up_results(params))
    numbers = summary(lines)
    assert len(numbers) == 12
    assert numbers["drum_dm2_attack_ms_paper"] == SHARES["paper"] * 25.0
    assert numbers["drum_d4p_ratio_unseen_loops"] == SHARES["unseen_loops"] * 4.8
    assert lines[0].cell.value == "3.141"
    assert lines[0].learnt == {"paper": True, "unseen_loops": False}


def test_summary_leaves_out_what_params_does_not_ask_for():
    entry = {"model": "cnn", "corpus": "drum", "representation": "stft128"}
    params = made_up_params(experiments={"drum-cnn-stft128": entry}, transfers={})
    numbers = summary(headlines(read_published(), made_up_results(params)))
    assert list(numbers) == ["drum_dm2_attack_ms_paper", "drum_dm2_release_ms_paper"]


def test_sizes_state_this_scale_and_the_papers():
    project = describe(made_up_params())
    here, paper = project.size.described(), project.paper_size.described()
    listed = {name: (here[name], paper[name]) for name in here}
    assert listed["loops"] == (
        "6 drum, 5 guitar, 4 mix; at most 4 under dm1",
        "64 drum, 65 guitar, 50 mix",
    )
    assert listed["clip length"] == ("0.5 s", "4 s")
    assert listed["settings per loop"][0] == ("ds1 50, ds2 6, ds3 6, ds4 6, dm1 6, dm2 6, d4p 625")
    assert listed["settings per loop"][1] == (
        "ds1 50, ds2 50, ds3 50, ds4 50, dm1 64, dm2 64, d4p 625"
    )
    assert listed["folds run (`unseen_loops`)"] == ("1 of 3", "5 of 5")


def test_a_table_states_the_epochs_of_its_own_grids():
    cells = table_cells(read_published(), "XII")
    scale = SCALE | {"max_epochs": SCALE["max_epochs"] | {"d4p": 7}}
    params = made_up_params(scales={"smoke": scale, "paper": scale})
    assert ("epochs at most", "7") in describe(params).size.of_networks(cells)


def test_recorded_materials_are_named():
    materials = {
        "drum": {"source": {"folder": "siamese_drc/loops/drum"}},
        "guitar": {"source": {"folder": "recordings/guitar"}},
        "mix": {"source": {"folder": "siamese_drc/loops/mix"}},
    }
    assert describe(made_up_params(materials=materials)).recordings == {
        "drum": None,
        "guitar": "recordings/guitar",
        "mix": None,
    }


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


def found(mae: float) -> Results:
    return Results({BEYOND: {"drum-d4p": {"paper": {"threshold_db": {"mae": mae}}}}})


def test_the_network_that_is_not_the_papers_is_compared_with_table_xii():
    lines = beyond(read_published(), found(0.9))
    assert [(cell.parameter, cell.value) for cell, _ in lines] == [
        ("threshold_db", "2.369"),
        ("ratio", "3.265"),
        ("attack_ms", "10.868"),
        ("release_ms", "79.045"),
    ]
    assert lines[0][1]["paper"] == 0.9
    assert lines[0][1]["unseen_loops"] is None  # was not measured


def test_a_network_that_was_not_run_has_no_lines():
    assert beyond(read_published(), Results({})) == []
