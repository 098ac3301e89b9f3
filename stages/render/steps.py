"""Step notation: rhythms as text.

A pattern is one or two bars, set apart by ``|``. The characters of a bar are equal steps: 16 of
them, or 12 for triplets. ``.`` is a step on which nothing happens; what the other marks mean is
up to the instrument.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

BEATS_PER_BAR = 4


class Step(NamedTuple):
    """A mark at a beat, and the beats until the next mark of the pattern."""

    beat: float
    beats: float
    mark: str


def steps_per_bar(pattern: str) -> int:
    """Return into how many steps a pattern divides the bar."""
    return len(pattern.partition("|")[0])


def read_steps(pattern: str, beats: int) -> list[Step]:
    """Read a pattern over and over for `beats`."""
    length = steps_per_bar(pattern) / BEATS_PER_BAR
    once = pattern.replace("|", "")
    total = round(beats * length)
    marks = [(step, once[step % len(once)]) for step in range(total)]
    marks = [(step, mark) for step, mark in marks if mark != "."]
    return [
        Step(step / length, (end - step) / length, mark)
        for (step, mark), (end, _) in pairwise([*marks, (total, ".")])
    ]
