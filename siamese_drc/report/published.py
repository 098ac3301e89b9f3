"""The errors that the paper prints, cell by cell, and which of our results belongs beside each."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from siamese_drc.report.results import PROTOCOLS, TRANSFER_PROTOCOLS, Place, Results


@dataclass(frozen=True)
class PublishedCell:
    """One error that the paper prints, and where ours is that belongs beside it."""

    table: str  # the paper's number, in Roman numerals
    group: str  # of the table's rows; may be empty
    row: str
    column: str
    parameter: str  # whose mean absolute error it is
    value: str  # in the parameter's unit, with the paper's decimals
    percent: str  # of the parameter's range; empty where the paper does not give it
    experiment: str  # or transfer, whose error fills our cell; without one it shows a dash
    data_set: str  # <material>-<grid>, of both cells

    @property
    def protocols(self) -> tuple[str, str]:
        """The protocols of our errors beside it; the first is the paper's, as we read it."""
        return TRANSFER_PROTOCOLS if self.table == "XIII" else PROTOCOLS

    @property
    def trained(self) -> bool:
        """Whether it is the error of a trained network; handcrafted features have none."""
        return not self.experiment.endswith("-handcrafted")

    @property
    def grid(self) -> str:
        """The grid of the data set."""
        return self.data_set.rpartition("-")[2]

    @property
    def place(self) -> Place:
        """The place of our error in the metrics."""
        return self.experiment, self.data_set, self.parameter


def read_published() -> list[PublishedCell]:
    """Return the cells in the order of the paper.

    Examples
    --------
    >>> cells = read_published()
    >>> len(cells), cells[0].row, cells[0].parameter, cells[0].value
    (152, 'Model 1', 'threshold_db', '1.781')
    """
    path = Path(__file__).with_name("published.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return [PublishedCell(**row) for row in csv.DictReader(file)]


def table_cells(cells: list[PublishedCell], table: str) -> list[PublishedCell]:
    """Return the cells of one table."""
    return [cell for cell in cells if cell.table == table]


def cell_mae(cell: PublishedCell, source: str, results: Results) -> float | None:
    """Return a cell's error by one source: `published`, or one of our protocols; None: no such."""
    return float(cell.value) if source == "published" else results.mae(cell.place, source)
