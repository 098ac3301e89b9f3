"""Drum grooves as tablature, played by a drummer who is never quite on time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

TIMING_S = 0.004  # deviation of a stroke from its place in the bar
TOUCH = 0.07  # relative deviation of a stroke's velocity
SOFT = 4  # a stroke of this velocity or less is an ornament, and is sometimes left out
KEPT = 0.75  # share of the ornaments that are played


@dataclass(frozen=True)
class Groove:
    """One bar of sixteenths, repeated.

    Attributes
    ----------
    tempo_bpm : float
    swing : float
        By how much of a sixteenth every second sixteenth comes late.
    tabs : dict of str
        For each voice 16 signs: a velocity from 1 to 9, or a dot.
    """

    tempo_bpm: float
    swing: float
    tabs: dict[str, str]


@dataclass(frozen=True)
class Stroke:
    """One stroke: `start` in seconds, velocity from 0 to 1."""

    start: float
    voice: str
    velocity: float


GROOVES = {
    "rock": Groove(
        tempo_bpm=116,
        swing=0.0,
        tabs={
            "kick": "9.....5.8.9.....",
            "snare": "....9..2.2..9..3",
            "hat": "8.5.8.5.8.5.8...",
            "open": "..............7.",
        },
    ),
    "funk": Groove(
        tempo_bpm=98,
        swing=0.12,
        tabs={
            "kick": "9..7......8..6..",
            "snare": "....9..3.3.29..3",
            "hat": "8585858585.58585",
            "open": "..........7.....",
        },
    ),
    "house": Groove(
        tempo_bpm=124,
        swing=0.05,
        tabs={
            "kick": "9...9...9...9...",
            "snare": "....8.......8..2",
            "hat": "4.2.4.2.4.2.4.24",
            "open": "..7...7...7...7.",
        },
    ),
    "hip-hop": Groove(
        tempo_bpm=86,
        swing=0.22,
        tabs={
            "kick": "9..5...4.58.....",
            "snare": "....9.......9.2.",
            "hat": "7.4.7.427.4.7.4.",
            "perc": "..............5.",
        },
    ),
    "break": Groove(
        tempo_bpm=138,
        swing=0.06,
        tabs={
            "kick": "9.8.......87....",
            "snare": "....9..4.4..9..4",
            "hat": "8.6.8.6.8.6.8.6.",
            "open": "..........7.....",
        },
    ),
    "tom": Groove(
        tempo_bpm=104,
        swing=0.0,
        tabs={
            "kick": "9...6...9...6...",
            "perc": "..85..7...859.7.",
            "snare": "........9......3",
            "hat": "5...5...5...5...",
        },
    ),
    "half-time": Groove(
        tempo_bpm=150,
        swing=0.15,
        tabs={
            "kick": "9.....4...7.....",
            "snare": "........9.....3.",
            "hat": "8...5...8...5.5.",
            "open": "............6...",
        },
    ),
}


def strokes(groove: Groove, seconds: float, rng: np.random.Generator) -> Iterator[Stroke]:
    """Yield the strokes of a performance that lasts `seconds`, bar after bar.

    Timing and velocity are humanised, and ornaments come and go, so that no bar repeats another.
    """
    sixteenth = 60 / groove.tempo_bpm / 4
    for step in range(int(seconds / sixteenth)):
        place = (step + groove.swing * (step % 2)) * sixteenth
        for voice, tab in groove.tabs.items():
            sign = tab[step % len(tab)]
            if sign == "." or (int(sign) <= SOFT and rng.random() > KEPT):
                continue
            velocity = int(sign) / 9 * (1 + TOUCH * rng.standard_normal())
            start = max(0.0, place + TIMING_S * rng.standard_normal())
            yield Stroke(start, voice, float(np.clip(velocity, 0.05, 1.0)))
