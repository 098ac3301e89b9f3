"""Human timing and dynamics, and the variety among the loops of a library.

Players deviate from the written grid by swing, drift, habit, jitter and touch. Styles alternate
from loop to loop, tempos are spread over a style's range, rooms are drawn at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from siamese_drc.loops.score import BEATS_PER_BAR, Note, Room, Style

BARS = 2  # of every loop

Option = TypeVar("Option")

_GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class Pulse:
    """The beat that all players of a loop share."""

    tempo_bpm: float
    beats: int  # length of the loop
    swing: float  # delay of every second sixteenth, as a share of a sixteenth (0 to about 0.3)
    drift_ms: float  # amplitude of a slow variation, one period per loop, so that the loop closes
    drift_phase: float  # radians

    @property
    def seconds(self) -> float:
        """Length of the loop."""
        return self.beats * 60 / self.tempo_bpm

    def time(self, beat: float) -> float:
        """Return the time in seconds of a written position in beats."""
        if round(beat * 4, 6) % 2 == 1:
            beat += self.swing / 4
        drift = np.sin(2 * np.pi * beat / self.beats + self.drift_phase)
        drift -= np.sin(self.drift_phase)  # the loop starts on its first beat
        return beat * 60 / self.tempo_bpm + self.drift_ms / 1000 * float(drift)


@dataclass(frozen=True)
class Player:
    """One musician's timing and touch."""

    pulse: Pulse
    random: np.random.Generator
    late_ms: float = 0.0  # habit: behind the beat (positive) or ahead of it
    jitter_ms: float = 5.0  # standard deviation of the time of a stroke
    touch: float = 4.0  # standard deviation of the velocity

    def note(
        self, beat: float, beats: float, pitch: int, velocity: float, *, late_ms: float = 0.0
    ) -> Note:
        """Play a written note: position and length in beats, delayed by `late_ms` (a strum)."""
        jitter_ms = self.jitter_ms * float(np.clip(self.random.standard_normal(), -2, 2))
        late_s = (self.late_ms + late_ms + jitter_ms) / 1000
        struck = round(velocity + self.touch * self.random.standard_normal())
        return Note(
            start=max(0.0, self.pulse.time(beat) + late_s),
            duration=beats * 60 / self.pulse.tempo_bpm,
            pitch=pitch,
            velocity=int(np.clip(struck, 1, 127)),
        )


def take_turns(loop: int, options: Sequence[Option]) -> tuple[Option, float]:
    """Return the option of loop number `loop`, and its place in the option's range, 0 to 1.

    The options alternate. For each option the places cover the range evenly, for any number of
    loops, and no two options begin at the same place.

    Raises
    ------
    ValueError
        If the number of options is even. The compressor grids have 8 offsets, which follow the
        loop's number too: with an even number of options, an option would not meet all of them.

    Examples
    --------
    >>> [take_turns(loop, ["rock", "funk", "house"])[0] for loop in range(4)]
    ['rock', 'funk', 'house', 'rock']
    """
    if len(options) % 2 == 0:
        raise ValueError(f"{len(options)} options take turns, must be an odd number")
    turn, place = divmod(loop, len(options))
    return options[place], (turn * _GOLDEN + place / len(options)) % 1


def choose(options: Sequence[Option], random: np.random.Generator) -> Option:
    """Draw one of the options."""
    return options[int(random.integers(len(options)))]


def draw_pulse(style: Style, share: float, random: np.random.Generator) -> Pulse:
    """Draw the shared beat of a loop's players, its tempo at `share` of the style's range."""
    slow, fast = style.tempo_bpm
    return Pulse(
        tempo_bpm=round(slow + (fast - slow) * share, 1),
        beats=BARS * BEATS_PER_BAR,
        swing=float(random.uniform(*style.swing)),
        drift_ms=float(random.uniform(0, 5)),
        drift_phase=float(random.uniform(0, 2 * np.pi)),
    )


def draw_room(random: np.random.Generator, *, wettest_db: float) -> Room:
    """Draw a room, from a booth to a hall."""
    return Room(
        decay_s=float(np.exp(random.uniform(np.log(0.2), np.log(1.6)))),
        size_m=float(np.exp(random.uniform(np.log(2), np.log(12)))),
        damping=float(random.uniform(0.1, 1)),
        level_db=float(random.uniform(-22, wettest_db)),
        seed=int(random.integers(2**31)),
    )
