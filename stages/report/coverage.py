"""Which cells of the paper's tables were made at the paper's sizes, and which were not yet."""

from __future__ import annotations

from dataclasses import dataclass

from stages.report.best import source_mae
from stages.report.metrics import Metrics
from stages.report.names import DASH
from stages.report.published import PublishedCell

PAPER_SCALE = "paper scale"


@dataclass(frozen=True)
class Coverage:
    """The scale of every cell.

    Attributes
    ----------
    grids : list of str
    rows : dict of str to list of str
        By experiment, for each grid: the largest scale that it was run at, a dash where at none;
        empty where the paper has no such cell.
    full_size, total : int
        Errors at paper scale, and all that the tables ask for.
    """

    grids: list[str]
    rows: dict[str, list[str]]
    full_size: int
    total: int


def coverage(
    cells: list[PublishedCell], scale: str, metrics: Metrics, full_size: Metrics
) -> Coverage:
    """Look up every cell in the metrics of this report's scale and in those at paper scale."""
    places = {cell.place: cell for cell in cells}
    at_paper_scale = {place for place, cell in places.items() if _measured(cell, full_size)}
    scales: dict[str, dict[str, str]] = {}
    for place, cell in places.items():
        found = scale if _measured(cell, metrics) else DASH
        shown = PAPER_SCALE if place in at_paper_scale else found
        scales.setdefault(cell.experiment, {})[cell.grid] = shown
    grids = list(dict.fromkeys(cell.grid for cell in cells))
    rows = {name: [found.get(grid, "") for grid in grids] for name, found in scales.items()}
    return Coverage(grids, rows, len(at_paper_scale), len(places))


def _measured(cell: PublishedCell, metrics: Metrics) -> bool:
    return source_mae(cell, cell.protocols[0], metrics) is not None
