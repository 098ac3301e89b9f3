"""What a benchmark found: rows beside other programs, the goals, and both as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from experiments.results import markdown_table

# How many times faster than another program this project is to be, by the keys in results.json.
GOALS = {
    "compress_vs_pedalboard": 8.0,
    "compress_vs_torchcomp": 5.0,
    "spectrogram_vs_librosa": 5.0,
    "forests_vs_sklearn": 8.0,
    "train_vs_keras": 1.6,
    "train_vs_keras_at_params_precision": 2.0,
}
_NEARLY_ZERO = 1000


@dataclass(frozen=True)
class Row:
    """One step, measured side by side with what a user would use instead.

    Parameters
    ----------
    step : str
        What is measured.
    ours : float
    peers : dict of str to float
        The same of other programs, in the same unit.
    unit : str
        Less of it is better: ms, MB ...
    floor : float, optional
        What no program can go below on this machine, in the same unit.
    floor_is : str
        Why: "encoding alone", "the clips" ...
    goals : dict of str to float
        How many times a peer's value ours is better, by the key in `GOALS`.
    """

    step: str
    ours: float
    peers: dict[str, float]
    unit: str
    floor: float | None = None
    floor_is: str = ""
    goals: dict[str, float] = field(default_factory=dict)


def markdown(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table: ours, each peer and the floor, with their ratios.

    In brackets after a peer: how many times better ours is. After the floor: how many times ours is
    above it.
    """
    peers = list(dict.fromkeys(name for row in rows for name in row.peers))
    lines = []
    for row in rows:
        beside = [
            f"{row.peers[name]:.3g}{_times(row.peers[name] / row.ours)}"
            if name in row.peers
            else ""
            for name in peers
        ]
        floor = ""
        if row.floor is not None:
            floor = f"{row.floor:.3g}{_times(row.ours / row.floor)}, {row.floor_is}"
        lines.append([row.step, row.unit, f"{row.ours:.3g}", *beside, floor])
    return markdown_table(["step", "unit", "ours", *peers, "limit"], lines, texts=2)


def goals(rows: Sequence[Row]) -> dict[str, float]:
    """Return the ratios that the project has a goal for: the smallest where rows share a key."""
    found: dict[str, float] = {}
    for row in rows:
        for key, ratio in row.goals.items():
            found[key] = min(ratio, found.get(key, ratio))
    return found


def goals_table(found: Mapping[str, float]) -> str:
    """Return a Markdown table of the goals, what was found, and whether it meets them."""
    lines = [
        [f"`{key}`", f"{GOALS[key]:g}", f"{ratio:.1f}", "yes" if ratio >= GOALS[key] else "no"]
        for key, ratio in found.items()
    ]
    return markdown_table(["times as fast", "goal", "measured", "met"], lines)


def _times(ratio: float) -> str:
    """Write a ratio, unless it compares with a distance that is nearly zero."""
    return f" ({ratio:.1f}x)" if ratio < _NEARLY_ZERO else ""
