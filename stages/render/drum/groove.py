"""From step notation to the strokes of a drummer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stages.render.drum.fills import FILLS, REPLACED
from stages.render.drum.styles import Style
from stages.render.humanise import Player, Pulse
from stages.render.score import Note
from stages.render.steps import BEATS_PER_BAR, read_steps, steps_per_bar
from stages.render.variety import BARS, choose

_VELOCITY = {"X": 116.0, "x": 96.0, "?": 88.0}
_GHOST = (36.0, 46.0)
_CHANCE = 0.5
_RING_BEATS = 8.0  # a drum is never damped: it rings until it is struck again
_HABIT_MS = {"snare": 6.0, "clap": 3.0, "closed": -4.0, "open": -4.0, "shaker": -2.0}


@dataclass(frozen=True)
class Stroke:
    """A written stroke: when, in beats, on which voice and how hard."""

    beat: float
    voice: str
    velocity: float


def read_strokes(
    pattern: str, voice: str, beats: int, random: np.random.Generator, *, start: float = 0
) -> list[Stroke]:
    """Read a voice's pattern from the beat `start` on, deciding what is left to chance."""
    strokes = []
    for beat, _, mark in read_steps(pattern, beats):
        if mark in "?," and random.random() > _CHANCE:
            continue
        velocity = _VELOCITY.get(mark) or random.uniform(*_GHOST)
        strokes.append(Stroke(start + beat, voice, velocity))
    return strokes


def write_groove(style: Style, random: np.random.Generator) -> list[Stroke]:
    """Choose a pattern for each voice of a style, and a fill for the end of one bar."""
    strokes: list[Stroke] = []
    for voice, patterns in style.groove.items():
        strokes += read_strokes(choose(patterns, random), voice, BARS * BEATS_PER_BAR, random)
    fill = choose(FILLS[choose(style.fills, random)], random)
    steps = steps_per_bar(next(iter(style.groove.values()))[0])
    bar = BEATS_PER_BAR * int(random.integers(BARS))
    begin = bar + BEATS_PER_BAR * (1 - max(map(len, fill.values())) / steps)
    strokes = [
        stroke
        for stroke in strokes
        if stroke.voice not in REPLACED or not begin <= stroke.beat < bar + BEATS_PER_BAR
    ]
    for voice, pattern in fill.items():
        filled = pattern.rjust(steps, ".")
        strokes += read_strokes(filled, voice, BEATS_PER_BAR, random, start=bar)
    return sorted(strokes, key=lambda stroke: (stroke.beat, stroke.voice))


def strike(
    strokes: list[Stroke], keys: dict[str, int], pulse: Pulse, random: np.random.Generator
) -> tuple[Note, ...]:
    """Play the strokes on those voices that one piece of the kit has keys for."""
    notes = []
    for stroke in strokes:
        if stroke.voice in keys:
            player = Player(pulse, random, late_ms=_HABIT_MS.get(stroke.voice, 0.0))
            notes.append(player.note(stroke.beat, _RING_BEATS, keys[stroke.voice], stroke.velocity))
    return tuple(notes)
