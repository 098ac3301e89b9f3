"""Every error that was measured, for the long table at the end of the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stages.report.metrics import Metrics

EXPERIMENT_ENTRIES = (
    "paper",
    "unseen_loops",
    "network",
    "network_unseen_loops",
    "constant",
    "closed_form",
)
TRANSFER_ENTRIES = ("transfer", "refit", "network", "constant", "closed_form")


@dataclass(frozen=True)
class ErrorRow:
    """All errors of one parameter of one data set; None where an entry was not measured."""

    experiment: str
    data_set: str
    parameter: str
    errors: list[dict[str, Any] | None]
    unsolved: int | None


@dataclass(frozen=True)
class ErrorTable:
    """The errors on a data set's own terms, or of what was learnt on another data set."""

    entries: tuple[str, ...]
    rows: list[ErrorRow]


def every_error(metrics: Metrics) -> list[ErrorTable]:
    """List all errors: one table with those by `paper`, one with those by `transfer` (if any)."""
    tables = []
    for entries in (EXPERIMENT_ENTRIES, TRANSFER_ENTRIES):
        rows = [
            _row(metrics, entries, *place)
            for place in metrics.measured()
            if metrics.error(place[0], place[1], entries[0], place[2])
        ]
        tables.append(ErrorTable(entries, rows))
    return [table for table in tables if table.rows]


def _row(
    metrics: Metrics, entries: tuple[str, ...], experiment: str, data_set: str, parameter: str
) -> ErrorRow:
    errors = [metrics.error(experiment, data_set, entry, parameter) for entry in entries]
    unsolved = metrics.experiments[experiment][data_set].get("closed_form", {}).get("unsolved")
    return ErrorRow(experiment, data_set, parameter, errors, unsolved)
