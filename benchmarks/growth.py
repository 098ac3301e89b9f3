"""How cost grows with loops, settings, clip length and experiments, and what a million loops take.

`python -m benchmarks.growth` measures each step on one core at several sizes, fits the exponent
(the slope of log cost over log size), and writes the tables to benchmarks/growth.md. Times are
those of the processor, so that other programs count little.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from benchmarks.experiments import dvc_seconds
from benchmarks.pieces import Cost, Size, measured

RESULT = Path(__file__).with_suffix(".md")
BASE = Size(loops=2, settings=32, clip_seconds=1.0)
AXES: dict[str, list[Size]] = {
    "loops": [Size(loops, 32, 1.0) for loops in (2, 4, 8)],
    "settings": [Size(2, settings, 1.0) for settings in (32, 128, 512)],
    "clip_seconds": [Size(2, 32, seconds) for seconds in (1.0, 2.0, 4.0)],
}
EXPERIMENTS = (8, 16, 32)
# Per loop, what a study of a million loops might choose.
STUDIES = {
    "some settings of D4P, 1 s": Size(2, 128, 1.0),
    "all settings of D4P, 4 s": Size(1, 625, 4.0),
}
MILLION, CORES, DAY_HOURS = 1_000_000, 64, 24


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Fit cost = constant * size ** exponent by least squares of the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def growth_table(costs: Mapping[Size, Mapping[str, Cost]], dvc: Mapping[int, float]) -> list[str]:
    """Return a row per step and axis: the sizes, their costs and the exponent."""
    lines = [
        "| step | grows with | sizes | seconds | exponent |",
        "|---|---|---|---|---:|",
    ]
    for step in costs[BASE]:
        for axis, sizes in AXES.items():
            along = [getattr(size, axis) for size in sizes]
            seconds = [costs[size][step].seconds for size in sizes]
            lines.append(_row(step, axis.replace("_", " "), along, seconds))
    lines.append(_row("DVC itself", "experiments", list(dvc), list(dvc.values())))
    return lines


def _row(step: str, axis: str, sizes: Sequence[float], seconds: Sequence[float]) -> str:
    shown = ", ".join(f"{size:g}" for size in sizes), ", ".join(f"{each:.3g}" for each in seconds)
    return f"| {step} | {axis} | {shown[0]} | {shown[1]} | {exponent(sizes, seconds):.2f} |"


def million_table(costs: Mapping[Size, Mapping[str, Cost]]) -> list[str]:
    """Return what a million loops take, as each loop of the study's size took when measured."""
    lines = [
        f"| study | step | core hours | machines of {CORES} cores for a day | TB |",
        "|---|---|---:|---:|---:|",
    ]
    for study, size in STUDIES.items():
        for step, cost in costs[size].items():
            hours = MILLION * cost.seconds / size.loops / 3600
            terabytes = MILLION * cost.written / size.loops / 1e12
            machines = hours / (CORES * DAY_HOURS)
            lines.append(
                f"| {study} | {step} | {hours:,.0f} | {machines:,.1f} | {terabytes:,.1f} |"
            )
    return lines


def main() -> None:
    """Measure, print and write the tables."""
    sizes = list(dict.fromkeys([*chain.from_iterable(AXES.values()), *STUDIES.values()]))
    with tempfile.TemporaryDirectory() as folder:
        costs = {size: measured(size, Path(folder)) for size in sizes}
    dvc = {count: dvc_seconds(count) for count in EXPERIMENTS}
    lines = [
        "# How cost grows",
        "",
        "Written by `python -m benchmarks.growth`, on one core: compress and spectrogram with",
        "their files, training one epoch of Model 1 on stft128; DVC with stages that do nothing,",
        "three to an experiment.",
        "",
        *growth_table(costs, dvc),
        "",
        "## A million loops",
        "",
        "A loop as measured, a million times. Training is one epoch of one network.",
        "",
        *million_table(costs),
    ]
    RESULT.write_text("\n".join(lines) + "\n")
    print(RESULT.read_text())


if __name__ == "__main__":
    main()
