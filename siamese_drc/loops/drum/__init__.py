"""Composer of drum loops: two bars of a style's groove with a fill, on one of several kits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siamese_drc.loops.drum.kits import KITS, PIECES
from siamese_drc.loops.drum.styles import FILLS, REPLACED, STYLES, Style
from siamese_drc.loops.humanise import (
    BARS,
    Player,
    Pulse,
    choose,
    draw_pulse,
    draw_room,
    take_turns,
)
from siamese_drc.loops.score import (
    BEATS_PER_BAR,
    PERCUSSION,
    Note,
    Score,
    Stem,
    read_steps,
    steps_per_bar,
)

_VELOCITY = {"X": 116.0, "x": 96.0, "?": 88.0}
_GHOST = (36.0, 46.0)
_CHANCE = 0.5  # of a stroke that may be left out
_RING_BEATS = 8.0  # a drum is never damped: it rings until it is struck again
_HABIT_MS = {"snare": 6.0, "clap": 3.0, "closed": -4.0, "open": -4.0, "shaker": -2.0}


@dataclass(frozen=True)
class Stroke:
    """A written stroke: time in beats, voice and velocity."""

    beat: float
    voice: str
    velocity: float


def compose(loop: int, random: np.random.Generator) -> Score:
    """Compose one drum loop; styles alternate with its number. See `loops.compose`."""
    name, share = take_turns(loop, list(STYLES))
    style = STYLES[name]
    pulse = draw_pulse(style.tempo_bpm, share, style.swing, random)
    kit = choose(style.kits, random)
    return Score(
        name=f"{name} {loop:03d}",
        style=name,
        tempo_bpm=pulse.tempo_bpm,
        programme=kit,
        seconds=pulse.seconds,
        stems=drum_stems(write_groove(style, random), kit, pulse, random),
        room=draw_room(random),
    )


def write_groove(style: Style, random: np.random.Generator) -> list[Stroke]:
    """Return the strokes of two bars: a pattern for each voice, and a fill at the end of a bar."""
    strokes: list[Stroke] = []
    for voice, patterns in style.groove.items():
        pattern = choose(patterns, random)
        strokes += _read_strokes(pattern, voice, BARS * BEATS_PER_BAR, random)
    fill = choose(FILLS[choose(style.fills, random)], random)
    steps = steps_per_bar(pattern)
    bar = BEATS_PER_BAR * int(random.integers(BARS))
    begin = bar + BEATS_PER_BAR * (1 - max(map(len, fill.values())) / steps)
    strokes = [
        stroke
        for stroke in strokes
        if stroke.voice not in REPLACED or not begin <= stroke.beat < bar + BEATS_PER_BAR
    ]
    for voice, pattern in fill.items():
        strokes += _read_strokes(pattern.rjust(steps, "."), voice, BEATS_PER_BAR, random, start=bar)
    return sorted(strokes, key=lambda stroke: (stroke.beat, stroke.voice))


def _read_strokes(
    pattern: str, voice: str, beats: int, random: np.random.Generator, *, start: float = 0
) -> list[Stroke]:
    """Read a voice's pattern from the beat `start` on, with the random strokes drawn."""
    strokes = []
    for beat, _, mark in read_steps(pattern, beats):
        if mark in "?," and random.random() > _CHANCE:
            continue
        velocity = _VELOCITY.get(mark) or random.uniform(*_GHOST)
        strokes.append(Stroke(start + beat, voice, velocity))
    return strokes


def drum_stems(
    strokes: list[Stroke], kit: str, pulse: Pulse, random: np.random.Generator
) -> tuple[Stem, ...]:
    """Play written strokes on a kit, with random changes of its tuning, levels and brightness."""
    brightness_db = float(random.uniform(-6, 6))
    stems = []
    for name, piece in KITS[kit].items():
        notes = _strike(strokes, {**PIECES[name], **piece.keys}, pulse, random)
        transpose = int(random.integers(-3, 4))
        level_db = float(random.uniform(-2, 2))
        if notes:
            stems.append(
                Stem(
                    name=name,
                    bank=PERCUSSION,
                    programme=piece.preset,
                    notes=notes,
                    level_db=piece.level_db + level_db,
                    resonances=piece.resonances,
                    drive_db=piece.drive_db,
                    tilt_db=piece.tilt_db + brightness_db,
                    room_send=piece.room_send,
                    transpose=transpose,
                )
            )
    return tuple(stems)


def _strike(
    strokes: list[Stroke], keys: dict[str, int], pulse: Pulse, random: np.random.Generator
) -> tuple[Note, ...]:
    """Play the strokes whose voices are among the keys of one piece of the kit."""
    notes = []
    for stroke in strokes:
        if stroke.voice in keys:
            player = Player(pulse, random, late_ms=_HABIT_MS.get(stroke.voice, 0.0))
            notes.append(player.note(stroke.beat, _RING_BEATS, keys[stroke.voice], stroke.velocity))
    return tuple(notes)
