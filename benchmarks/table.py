"""What a benchmark found: rows of ours beside its peers, as Markdown and as figures for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

_NEARLY_ZERO = 1000


@dataclass(frozen=True)
class Row:
    """One step, measured side by side with what a user would pick instead.

    Attributes
    ----------
    step : str
        What is timed.
    ours : float
    peers : dict of str to float
        The same of others, by name, in the same unit.
    unit : str
        Less of it is better: ms, MB ...
    floor : float or None
        What no implementation can go below on this machine, in the same unit.
    floor_is : str
        Why: "FFT alone", "copy bandwidth" ...
    goals : dict of str to float
        How many times better than a peer ours is, by the key under which results.json has it.
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

    Beside a peer stands how many times better ours is, beside the floor how many times ours is
    above it.
    """
    peers = list(dict.fromkeys(name for row in rows for name in row.peers))
    head = ["step", "unit", "ours", *peers, "floor"]
    lines = [_line(head), _line(["---", "---", "---:", *["---:"] * len(peers), "---"])]
    for row in rows:
        beside = [
            f"{row.peers[name]:.3g}{_times(row.peers[name] / row.ours)}"
            if name in row.peers
            else ""
            for name in peers
        ]
        floor = ""
        if row.floor is not None:
            floor = f"{row.floor:.3g}, {row.floor_is}{_times(row.ours / row.floor)}"
        lines.append(_line([row.step, row.unit, f"{row.ours:.3g}", *beside, floor]))
    return "\n".join(lines)


def goals(rows: Sequence[Row]) -> dict[str, float]:
    """Return the ratios that the project has a goal for: the smallest where rows share a key."""
    found: dict[str, float] = {}
    for row in rows:
        for key, ratio in row.goals.items():
            found[key] = min(ratio, found.get(key, ratio))
    return found


def _times(ratio: float) -> str:
    """Write a ratio, if it says anything: of a distance that is nearly zero it does not."""
    return f" ({ratio:.1f}x)" if ratio < _NEARLY_ZERO else ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
