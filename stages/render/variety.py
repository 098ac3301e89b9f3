"""How loops of one library differ: styles take turns, tempos spread, rooms are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from stages.render.humanise import Pulse
from stages.render.score import Room
from stages.render.steps import BEATS_PER_BAR

BARS = 2  # of every loop

Option = TypeVar("Option")

_GOLDEN = (5**0.5 - 1) / 2


def take_turns(loop: int, options: Sequence[Option]) -> tuple[Option, float]:
    """Return the option whose turn it is at loop number `loop`, and how far along its range.

    The second value, from 0 to 1, covers that range evenly for each option, however many turns
    there are, and no two options start at the same place.

    Raises
    ------
    ValueError
        If the number of options is even. It would share a factor with the 8 offsets of the
        compressor grids, which follow the loop's number too, and an option would never meet
        some of them.
    """
    if len(options) % 2 == 0:
        raise ValueError(f"{len(options)} options take turns, must be an odd number")
    turn, place = divmod(loop, len(options))
    return options[place], (turn * _GOLDEN + place / len(options)) % 1


def choose(options: Sequence[Option], random: np.random.Generator) -> Option:
    """Draw one of the options."""
    return options[int(random.integers(len(options)))]


def draw_pulse(
    tempo_bpm: tuple[float, float],
    share: float,
    swing: tuple[float, float],
    random: np.random.Generator,
) -> Pulse:
    """Draw the shared beat of a loop's players, its tempo at `share` of the range."""
    slow, fast = tempo_bpm
    return Pulse(
        tempo_bpm=round(slow + (fast - slow) * share, 1),
        beats=BARS * BEATS_PER_BAR,
        swing=float(random.uniform(*swing)),
        drift_ms=float(random.uniform(0, 5)),
        drift_phase=float(random.uniform(0, 2 * np.pi)),
    )


def draw_room(random: np.random.Generator, *, wettest_db: float = -6.0) -> Room:
    """Draw a room, from a booth to a hall."""
    return Room(
        decay_s=float(np.exp(random.uniform(np.log(0.2), np.log(1.6)))),
        size_m=float(np.exp(random.uniform(np.log(2), np.log(12)))),
        damping=float(random.uniform(0.1, 1)),
        level_db=float(random.uniform(-22, wettest_db)),
        seed=int(random.integers(2**31)),
    )
