"""Which error of a table is the smallest among those that it can be compared with."""

from __future__ import annotations

from stages.report.metrics import Metrics
from stages.report.published import PublishedCell


def best_cells(
    cells: list[PublishedCell], sources: list[str], metrics: Metrics
) -> set[tuple[str, PublishedCell]]:
    """Find the smallest errors of one table: (source, cell).

    Compared are errors of the same parameter of the same data set by the same source (`published`,
    or one of our protocols), where there are two or more. None is the best that was not learnt.
    """
    compared: dict[tuple[str, str, str], dict[PublishedCell, float]] = {}
    for source in sources:
        for cell in cells:
            mae = source_mae(cell, source, metrics)
            if mae is not None:
                group = compared.setdefault((source, cell.data_set, cell.parameter), {})
                group[cell] = mae
    return {
        (source, cell)
        for (source, *_), errors in compared.items()
        if len(errors) > 1
        for cell, mae in errors.items()
        if mae == min(errors.values())
        and metrics.learnt(cell.experiment, cell.data_set, source, cell.parameter) is not False
    }


def source_mae(cell: PublishedCell, source: str, metrics: Metrics) -> float | None:
    """Return the error that stands for a cell: the paper's (`published`), or ours by a protocol."""
    if source == "published":
        return float(cell.value)
    return metrics.mae(cell.experiment, cell.data_set, source, cell.parameter)
