"""The paper's own figures: every cell of the tables, and what fills ours beside it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from stages.report.metrics import PROTOCOLS, TRANSFER_PROTOCOLS

PUBLISHED = Path(__file__).parent / "published.csv"


@dataclass(frozen=True)
class PublishedCell:
    """One figure that the paper prints.

    Attributes
    ----------
    table : str
        The paper's number of the table, in Roman numerals.
    group, row, column : str
        Where in the table it stands; `group` may be empty.
    parameter : str
        The compressor parameter whose mean absolute error it is.
    value : str
        The error in the parameter's unit, with the paper's decimals.
    percent : str
        The same in percent of the parameter's range; empty where the paper does not give it.
    experiment : str
        The experiment, transfer or handcrafted features that fill our cell; a dash is shown where
        there are no errors of this name.
    data_set : str
        The data set, <material>-<grid>, of both cells.
    """

    table: str
    group: str
    row: str
    column: str
    parameter: str
    value: str
    percent: str
    experiment: str
    data_set: str

    @property
    def protocols(self) -> tuple[str, str]:
        """The protocols of ours beside it; the first is the paper's, as we read it."""
        return TRANSFER_PROTOCOLS if self.table == "XIII" else PROTOCOLS

    @property
    def grid(self) -> str:
        """The grid of the data set."""
        return self.data_set.rpartition("-")[2]

    @property
    def place(self) -> tuple[str, str, str]:
        """Experiment, data set and parameter: where our figure stands in the metrics."""
        return self.experiment, self.data_set, self.parameter


def read_published(path: Path = PUBLISHED) -> list[PublishedCell]:
    """Read the cells in the order of the paper."""
    with path.open(encoding="utf-8", newline="") as file:
        return [PublishedCell(**row) for row in csv.DictReader(file)]


def table_cells(cells: list[PublishedCell], table: str) -> list[PublishedCell]:
    """Keep the cells of one table."""
    return [cell for cell in cells if cell.table == table]
