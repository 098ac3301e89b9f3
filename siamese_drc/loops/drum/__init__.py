"""Composer of drum loops: two bars of a style's groove with a fill, on one of several kits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from siamese_drc.loops.humanise import BARS, Player, Pulse, choose
from siamese_drc.loops.score import (
    BEATS_PER_BAR,
    PERCUSSION,
    Note,
    Resonance,
    Stem,
    Style,
    read_steps,
    read_table,
    steps_per_bar,
)

# The voices that a groove can write, by the piece that they are played on: General MIDI keys.
PIECES: dict[str, dict[str, int]] = {
    "kick": {"kick": 36},
    "snare": {"snare": 38, "rim": 37, "clap": 39},
    "hats": {"closed": 42, "pedal": 44, "open": 46},
    "cymbals": {"crash": 49, "ride": 51, "bell": 53},
    "toms": {"high": 48, "mid": 45, "low": 41},
    "percussion": {
        **{"tambourine": 54, "cowbell": 56, "bongo": 60, "conga": 63, "tumba": 64},
        **{"cabasa": 69, "shaker": 70, "clave": 75},
    },
}

# The usual level, ring and room send of each piece; kits.toml says where a kit differs. `keys`
# replaces General MIDI's.
_USUAL: dict[str, dict[str, Any]] = {
    "kick": {"level_db": 0.0, "resonances": [(62, 0.35, -3)], "room_send": 0.4},
    "snare": {"level_db": -2.0, "resonances": [(190, 0.3, -9), (335, 0.2, -14)]},
    "hats": {"level_db": -13.0, "room_send": 0.6},
    "cymbals": {"level_db": -9.0},
    "toms": {"level_db": -4.0, "resonances": [(95, 0.5, -12)]},
    "percussion": {"level_db": -8.0},
}
KITS = read_table("drum/kits.toml")

# Voices that are silent during a fill; the others continue.
_REPLACED = {
    *("kick", "snare", "rim", "clap", "closed", "open", "ride"),
    *("high", "mid", "low", "bongo", "conga", "tumba"),
}
_VELOCITY = {"X": 116.0, "x": 96.0, "?": 88.0}
_GHOST = (36.0, 46.0)
_CHANCE = 0.5  # of a stroke that may be left out
_RING_BEATS = 8.0  # a drum is never damped: it rings until it is struck again
_HABIT_MS = {"snare": 6.0, "clap": 3.0, "closed": -4.0, "open": -4.0, "shaker": -2.0}


@dataclass(frozen=True)
class DrumStyle(Style):
    """A family of grooves: kits, fills, and for each voice its alternative patterns as one text."""

    kits: list[str]
    groove: dict[str, str]
    fills: list[str]


STYLES = {name: DrumStyle(**entry) for name, entry in read_table("drum/styles.toml").items()}
FILLS: dict[str, list[dict[str, str]]] = read_table("drum/fills.toml")


@dataclass(frozen=True)
class Stroke:
    """A written stroke: time in beats, voice and velocity."""

    beat: float
    voice: str
    velocity: float


def play(
    style: DrumStyle, pulse: Pulse, random: np.random.Generator
) -> tuple[str, tuple[Stem, ...]]:
    """Return the name of a kit, and what is played on it."""
    kit = choose(style.kits, random)
    return kit, drum_stems(write_groove(style, random), kit, pulse, random)


def write_groove(style: DrumStyle, random: np.random.Generator) -> list[Stroke]:
    """Return the strokes of two bars: a pattern for each voice, and a fill at the end of a bar."""
    strokes: list[Stroke] = []
    for voice, patterns in style.groove.items():
        pattern = choose(patterns.split(), random)
        strokes += _read_strokes(pattern, voice, BARS * BEATS_PER_BAR, random)
    fill = choose(FILLS[choose(style.fills, random)], random)
    steps = steps_per_bar(pattern)
    bar = BEATS_PER_BAR * int(random.integers(BARS))
    begin = bar + BEATS_PER_BAR * (1 - max(map(len, fill.values())) / steps)
    strokes = [
        stroke
        for stroke in strokes
        if stroke.voice not in _REPLACED or not begin <= stroke.beat < bar + BEATS_PER_BAR
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
    for name, usual in _USUAL.items():
        piece = {"preset": KITS[kit]["preset"], **usual, **KITS[kit].get(name, {})}
        keys = PIECES[name] | piece.get("keys", {})
        stem = Stem(
            name=name,
            bank=PERCUSSION,
            programme=piece["preset"],
            notes=_strike(strokes, keys, pulse, random),
            transpose=int(random.integers(-3, 4)),
            level_db=piece["level_db"] + float(random.uniform(-2, 2)),
            resonances=tuple(Resonance(*each) for each in piece.get("resonances", [])),
            drive_db=piece.get("drive_db", 0.0),
            tilt_db=piece.get("tilt_db", 0.0) + brightness_db,
            room_send=piece.get("room_send", 1.0),
        )
        if stem.notes:
            stems.append(stem)
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
