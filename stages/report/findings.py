"""What was learnt, in counts that the report's summary turns into sentences."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from stages.common.params import Params
from stages.report.metrics import Metrics
from stages.report.published import PublishedCell, table_cells

FOREST = ("paper", "unseen_loops", "transfer", "refit")


@dataclass(frozen=True)
class Verdict:
    """How many of a protocol's errors count as learnt, and which do not.

    `failures` holds (data set, parameter) by experiment or transfer.
    """

    protocol: str
    count: int
    total: int
    failures: dict[str, list[tuple[str, str]]]


@dataclass(frozen=True)
class Distance:
    """How many times the published error ours is, by the `paper` protocol, over `count` errors."""

    count: int
    median: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Trend:
    """In how many rows of a table one column beats another, here and in the paper."""

    ours: int
    published: int
    total: int


def verdicts(params: Params, metrics: Metrics) -> list[Verdict]:
    """Judge every error of the forest against the constant predictor, protocol by protocol."""
    found = []
    for protocol in FOREST:
        total = 0
        failures: dict[str, list[tuple[str, str]]] = {}
        for name, data_set, parameter in metrics.measured([*params.experiments, *params.transfers]):
            learnt = metrics.learnt(name, data_set, protocol, parameter)
            total += learnt is not None
            if learnt is False:
                failures.setdefault(name, []).append((data_set, parameter))
        if total:
            failed = sum(len(places) for places in failures.values())
            found.append(Verdict(protocol, total - failed, total, failures))
    return found


def distance(cells: list[PublishedCell], metrics: Metrics) -> Distance | None:
    """Compare ours with the published errors wherever both exist; None where none does."""
    ratios: dict[tuple[str, str, str], float] = {}
    for cell in cells:
        ours = metrics.mae(cell.experiment, cell.data_set, "paper", cell.parameter)
        if ours is not None:  # an experiment that stands in several tables counts once
            place = (cell.experiment, cell.data_set, cell.parameter)
            ratios[place] = ours / float(cell.value)
    if not ratios:
        return None
    found = list(ratios.values())
    return Distance(len(found), median(found), min(found), max(found))


def trend(
    cells: list[PublishedCell], metrics: Metrics, table: str, *, better: str, worse: str
) -> Trend | None:
    """Count the rows in which the column `better` beats `worse`; None where ours has gaps."""
    rows: dict[tuple[str, str], dict[str, PublishedCell]] = {}
    for cell in table_cells(cells, table):
        rows.setdefault((cell.group, cell.row), {})[cell.column] = cell
    ours, published = 0, 0
    for row in rows.values():
        good, bad = (
            metrics.mae(cell.experiment, cell.data_set, "paper", cell.parameter)
            for cell in (row[better], row[worse])
        )
        if good is None or bad is None:
            return None
        ours += good < bad
        published += float(row[better].value) < float(row[worse].value)
    return Trend(ours, published, len(rows))
