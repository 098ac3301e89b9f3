"""The experiment that goes past the paper's networks, beside the paper's tuned Model 1."""

from __future__ import annotations

from dataclasses import dataclass

from stages.report.headline import HEADLINES
from stages.report.metrics import Metrics
from stages.report.published import PublishedCell

BEYOND = "drum-d4p-dense-gain"
DATA_SET = "drum-d4p"
ENTRIES = ("paper", "paper_delayed", "unseen_loops", "unseen_loops_delayed")


@dataclass(frozen=True)
class Beyond:
    """One parameter: the paper's figure, and what BEYOND finds.

    Attributes
    ----------
    parameter : str
    published : str
        The error of the paper's tuned Model 1.
    ours : dict of str to float or None
        By protocol; `_delayed`: the clips come 10 ms late.
    full_size : bool
        Made at the paper's sizes.
    """

    parameter: str
    published: str
    ours: dict[str, float | None]
    full_size: bool


def beyond(cells: list[PublishedCell], metrics: Metrics, full_size: Metrics) -> list[Beyond]:
    """Collect the lines of every scale at which BEYOND was run, the paper's sizes last."""
    published = [
        cell
        for cell in cells
        if cell.data_set == DATA_SET and cell.experiment == HEADLINES[DATA_SET]
    ]
    return [
        Beyond(
            cell.parameter,
            cell.value,
            {entry: found.mae(BEYOND, DATA_SET, entry, cell.parameter) for entry in ENTRIES},
            found is full_size,
        )
        for found in (metrics, full_size)
        if BEYOND in found.experiments
        for cell in published
    ]
