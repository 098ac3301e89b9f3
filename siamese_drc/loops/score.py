"""Scores: the notes of each instrument, its sound and the room; and rhythms written as text.

In step notation a pattern is one or two bars, separated by ``|``. The characters of a bar are
equal steps: 16 of them, or 12 for triplets. ``.`` is a step on which nothing happens; each
instrument defines its other marks. Alternative patterns are separated by spaces.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

PERCUSSION = 128  # the SoundFont bank of General MIDI drum kits
BEATS_PER_BAR = 4


@dataclass(frozen=True)
class Note:
    """One note as it is played: `start` and `duration` in seconds, MIDI `pitch` and `velocity`."""

    start: float
    duration: float
    pitch: int
    velocity: int


@dataclass(frozen=True)
class Resonance:
    """A mode that an instrument's body adds to each stroke."""

    frequency_hz: float
    decay_s: float  # to -60 dB
    level_db: float  # of its peak, relative to that of the stroke


@dataclass(frozen=True)
class Stem:
    """One instrument's part, and the processing of its sound."""

    name: str
    bank: int  # with the programme: the SoundFont preset
    programme: int
    notes: tuple[Note, ...]
    level_db: float = 0.0  # peak of one pass through the loop
    resonances: tuple[Resonance, ...] = ()
    drive_db: float = 0.0  # gain before a saturating stage; 0: no such stage
    tilt_db: float = 0.0  # gain of the treble and attenuation of the bass, about 1 kHz
    room_send: float = 1.0  # gain at the input of the reverberation
    transpose: int = 0  # semitones by which the preset is retuned: a tighter or looser head


@dataclass(frozen=True)
class Room:
    """A room to play in."""

    decay_s: float  # reverberation time, to -60 dB
    size_m: float  # typical distance between its walls; sets the times of the early reflections
    damping: float  # 0: bright walls; 1: the treble decays four times as fast as the bass
    level_db: float  # energy of its response relative to the direct sound
    seed: int  # selects one of the rooms of this kind


@dataclass(frozen=True)
class Score:
    """A loop: `seconds` of music, repeated until the clip is full."""

    name: str
    style: str
    tempo_bpm: float
    programme: str
    seconds: float
    stems: tuple[Stem, ...]
    room: Room


def steps_per_bar(pattern: str) -> int:
    """Return the number of steps of a pattern's bar."""
    return len(pattern.partition("|")[0])


def read_steps(pattern: str, beats: int) -> list[tuple[float, float, str]]:
    """Return beat, beats until the next mark, and mark, of a pattern repeated for `beats`.

    Examples
    --------
    >>> read_steps("X...x...........", 4)
    [(0.0, 1.0, 'X'), (1.0, 3.0, 'x')]
    """
    per_beat = steps_per_bar(pattern) / BEATS_PER_BAR
    once = pattern.replace("|", "")
    total = round(beats * per_beat)
    marks = [(step, once[step % len(once)]) for step in range(total)]
    marks = [(step, mark) for step, mark in marks if mark != "."]
    return [
        (step / per_beat, (end - step) / per_beat, mark)
        for (step, mark), (end, _) in pairwise([*marks, (total, ".")])
    ]


@dataclass(frozen=True, kw_only=True)
class Style:
    """What all families of loops have: ranges of the tempo and of `humanise.Pulse.swing`.

    `wettest_db` is the highest level of the room.
    """

    tempo_bpm: tuple[float, float]
    swing: tuple[float, float]
    wettest_db: float = -6.0


def read_table(name: str) -> dict[str, Any]:
    """Return the content of a TOML file beside this module, such as drum/styles.toml."""
    return tomllib.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))
