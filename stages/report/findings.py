"""What was learnt, in counts that the report's summary turns into sentences."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from stages.report.metrics import PROTOCOLS, TRANSFER_PROTOCOLS, Metrics
from stages.report.published import PublishedCell


@dataclass(frozen=True)
class Learnt:
    """How many of a protocol's errors count as learnt, and which do not.

    `failures` holds (data set, parameter) by experiment, transfer or handcrafted features.
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


def count_learnt(metrics: Metrics) -> list[Learnt]:
    """Judge every error of the forest against the constant predictor, protocol by protocol."""
    found = []
    for protocol in (*PROTOCOLS, *TRANSFER_PROTOCOLS):
        total = 0
        failures: dict[str, list[tuple[str, str]]] = {}
        for name, data_set, parameter in metrics.measured():
            learnt = metrics.learnt(name, data_set, protocol, parameter)
            total += learnt is not None
            if learnt is False:
                failures.setdefault(name, []).append((data_set, parameter))
        if total:
            failed = sum(len(places) for places in failures.values())
            found.append(Learnt(protocol, total - failed, total, failures))
    return found


def distance(cells: list[PublishedCell], metrics: Metrics) -> Distance | None:
    """Compare ours with the published errors wherever both exist; None where none does."""
    ratios: dict[tuple[str, str, str], float] = {}
    for cell in cells:
        ours = metrics.mae(cell.experiment, cell.data_set, "paper", cell.parameter)
        if ours is not None:  # an experiment that stands in several tables counts once
            ratios[cell.place] = ours / float(cell.value)
    if not ratios:
        return None
    found = list(ratios.values())
    return Distance(len(found), median(found), min(found), max(found))
