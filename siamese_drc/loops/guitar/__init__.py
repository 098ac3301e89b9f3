"""Composer of guitar loops: two bars of one technique on one of several guitars."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from siamese_drc.loops.guitar.techniques import TECHNIQUES
from siamese_drc.loops.harmony import Harmony, write_harmony
from siamese_drc.loops.humanise import Player, Pulse, choose
from siamese_drc.loops.score import Resonance, Stem, Style, read_table

_BODY = (Resonance(105, 0.15, -16), Resonance(210, 0.1, -18))  # air and top of an acoustic


@dataclass(frozen=True)
class Guitar:
    """One instrument and amplifier: see `score.Stem`."""

    programme: int
    resonances: tuple[Resonance, ...] = ()
    drive_db: float = 0.0
    tilt_db: float = 0.0


GUITARS: dict[str, Guitar] = {
    "nylon": Guitar(24, _BODY),
    "steel": Guitar(25, _BODY, tilt_db=1.0),
    "jazz": Guitar(26, tilt_db=-2.0),
    "clean": Guitar(27, tilt_db=1.0),
    "muted": Guitar(28),
    "crunch": Guitar(27, drive_db=12.0, tilt_db=-1.0),
    "overdriven": Guitar(29, drive_db=3.0),
    "distorted": Guitar(30),
}


@dataclass(frozen=True)
class GuitarStyle(Style):
    """A family of guitar loops; patterns and chords are texts with alternatives."""

    guitars: list[str]
    technique: str
    patterns: str
    chords: str = "pop"
    scale: str = "minor pentatonic"
    frets: list[int] = field(default_factory=lambda: [0, 2, 5])


STYLES = {name: GuitarStyle(**entry) for name, entry in read_table("guitar/styles.toml").items()}


def play(
    style: GuitarStyle, pulse: Pulse, random: np.random.Generator
) -> tuple[str, tuple[Stem, ...]]:
    """Return the name of a guitar, and what is played on it."""
    harmony = write_harmony(style.chords, style.scale, beats=pulse.beats, random=random)
    guitar = choose(style.guitars, random)
    return guitar, (guitar_stem(style, guitar, harmony, pulse, random),)


def guitar_stem(
    style: GuitarStyle,
    name: str,
    harmony: Harmony,
    pulse: Pulse,
    random: np.random.Generator,
    *,
    level_db: float = 0.0,
) -> Stem:
    """Play one pattern of a style over a harmony, on the guitar `name` of `GUITARS`."""
    player = Player(pulse, random, late_ms=float(random.uniform(-3, 6)))
    pattern, fret = choose(style.patterns.split(), random), choose(style.frets, random)
    guitar = GUITARS[name]
    return Stem(
        name="guitar",
        bank=0,
        programme=guitar.programme,
        notes=tuple(TECHNIQUES[style.technique](harmony, pattern, fret, player)),
        level_db=level_db,
        resonances=guitar.resonances,
        drive_db=guitar.drive_db,
        tilt_db=guitar.tilt_db + float(random.uniform(-3, 3)),
    )
