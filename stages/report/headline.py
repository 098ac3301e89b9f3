"""The few numbers that stand for the whole: tuned Model 1 on two and on four parameters."""

from __future__ import annotations

from dataclasses import dataclass

from stages.common.params import Params
from stages.report.metrics import PROTOCOLS, Metrics
from stages.report.published import PublishedCell

HEADLINES = {"drum-dm2": "drum-cnn-stft128", "drum-d4p": "drum-d4p-cnn-stft128"}
"""Data sets and the experiments, both of the tuned Model 1, that stand for them."""


@dataclass(frozen=True)
class Headline:
    """One parameter of one data set: the paper's figure, ours, and the yardsticks (None: no such).

    `learnt` holds, for each protocol, whether ours beats the constant predictor by 30 %.
    """

    data_set: str
    parameter: str
    published: str
    ours: dict[str, float | None]
    learnt: dict[str, bool | None]
    constant: float | None
    closed_form: float | None


def headlines(cells: list[PublishedCell], params: Params, metrics: Metrics) -> list[Headline]:
    """Collect the headline numbers of the experiments that params.yaml has."""
    chosen = {
        (cell.data_set, cell.parameter): cell
        for cell in cells
        if HEADLINES.get(cell.data_set) == cell.experiment and cell.experiment in params.experiments
    }
    lines = []
    for (data_set, parameter), cell in chosen.items():

        def mae(entry: str, cell: PublishedCell = cell) -> float | None:
            return metrics.mae(cell.experiment, cell.data_set, entry, cell.parameter)

        def learnt(entry: str, cell: PublishedCell = cell) -> bool | None:
            return metrics.learnt(cell.experiment, cell.data_set, entry, cell.parameter)

        lines.append(
            Headline(
                data_set,
                parameter,
                cell.value,
                {protocol: mae(protocol) for protocol in PROTOCOLS},
                {protocol: learnt(protocol) for protocol in PROTOCOLS},
                mae("constant"),
                mae("closed_form"),
            )
        )
    return lines


def summary(lines: list[Headline]) -> dict[str, float]:
    """Flatten the headline errors: at most 12 numbers, such as `drum_dm2_attack_ms_paper`."""
    return {
        f"{line.data_set.replace('-', '_')}_{line.parameter}_{protocol}": mae
        for line in lines
        for protocol, mae in line.ours.items()
        if mae is not None
    }
