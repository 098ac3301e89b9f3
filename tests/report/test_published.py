"""The transcription of the paper's tables agrees with itself where the paper repeats a figure."""

from __future__ import annotations

import pytest

from stages.common.params import load_params
from stages.report.published import PublishedCell, read_published, table_cells
from stages.report.tables import TITLES

RANGES = {"threshold_db": 40, "ratio": 20, "attack_ms": 99, "release_ms": 999}


@pytest.fixture(scope="module")
def cells() -> list[PublishedCell]:
    return read_published()


def column(cells: list[PublishedCell], table: str, name: str) -> dict[tuple[str, str], str]:
    return {
        (cell.data_set, cell.parameter): cell.value
        for cell in table_cells(cells, table)
        if cell.column == name
    }


def row(cells: list[PublishedCell], table: str, group: str, name: str) -> dict:
    return {
        (cell.data_set, cell.parameter): cell.value
        for cell in table_cells(cells, table)
        if (cell.group, cell.row) == (group, name)
    }


@pytest.mark.parametrize(
    ("table", "count"),
    [("IV", 32), ("V", 32), ("VI", 8), ("VII", 12), ("X", 24), ("XII", 8), ("XIII", 8)],
)
def test_every_table_is_whole(cells, table, count):
    chosen = table_cells(cells, table)
    rows: dict[tuple[str, str], list[str]] = {(cell.group, cell.row): [] for cell in chosen}
    for cell in chosen:
        rows[cell.group, cell.row].append(cell.column)
    assert len(chosen) == count
    assert len({tuple(columns) for columns in rows.values()}) == 1


def test_tables_are_those_of_the_report(cells):
    assert list(dict.fromkeys(cell.table for cell in cells)) == list(TITLES)


@pytest.mark.parametrize(
    ("table", "place", "value"),
    [
        ("IV", ("Guitar", "Model 1", "Release (ms)"), "35.589"),
        ("IV", ("Drum", "Handcrafted", "Threshold (dB)"), "0.915"),
        ("V", ("Guitar", "Model 3", "Release (ms)"), "15.588"),
        ("VI", ("Joint", "Release (ms)", "Melgram"), "27.005"),
        ("VII", ("", "Attack (ms)", "256"), "2.197"),
        ("X", ("", "Attack (ms)", "Model 1 tuned"), "2.042"),
        ("XII", ("", "Ratio", "Handcrafted features"), "3.447"),
        ("XIII", ("", "Release (ms)", "Feature embeddings"), "160.629"),
    ],
)
def test_single_figures(cells, table, place, value):
    (cell,) = [c for c in table_cells(cells, table) if (c.group, c.row, c.column) == place]
    assert cell.value == value


def test_untuned_drum_models_return_in_later_tables(cells):
    single, joint = (row(cells, table, "Drum", "Model 1") for table in ("IV", "V"))
    melgram = column(cells, "VI", "Melgram")
    assert melgram.items() <= (single | joint).items()

    single, joint = (row(cells, table, "Drum", "Model 3") for table in ("IV", "V"))
    assert column(cells, "X", "Model 3") == single | joint


def test_tuning_of_model_1_returns_from_table_to_table(cells):
    assert column(cells, "VI", "Spectrogram") == column(cells, "VII", "512")
    assert column(cells, "VII", "128").items() <= column(cells, "X", "Model 1 tuned").items()


def test_percentages_are_of_the_ranges(cells):
    shown = [cell for cell in cells if cell.percent]
    assert {cell.table for cell in shown} == {"XII"}
    for cell in shown:
        assert float(cell.percent) == pytest.approx(
            100 * float(cell.value) / RANGES[cell.parameter], abs=0.011
        )


def test_model_1_is_filled_by_experiments_that_exist(cells):
    params = load_params()
    data_sets = {
        name: {params.data_set(experiment.corpus, grid) for grid in params.grids_of(name)}
        for name, experiment in params.experiments.items()
    }
    for name, transfer in params.transfers.items():
        grids = params.corpora[transfer.corpus].grids
        data_sets[name] = {params.data_set(transfer.corpus, grid) for grid in grids}
    filled = {
        name: {cell.data_set for cell in cells if cell.experiment == name} for name in data_sets
    }
    assert filled == data_sets
    assert all("-cnn-" not in cell.experiment or cell.experiment in data_sets for cell in cells)
    for cell in cells:
        grid = params.grids.named[cell.data_set.rpartition("-")[2]]
        assert cell.parameter in grid.varied
