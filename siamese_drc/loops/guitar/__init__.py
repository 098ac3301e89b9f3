"""Composer of guitar loops: two bars of one technique on one of several guitars.

The marks of the patterns (see `siamese_drc.loops.score`), where . lets the strings ring:

    strum   D, d  down, hard and soft     U, u  up     x  damped scratch
    pick    1-6  that string of the chord, from the lowest one that sounds
    muted   the same, damped with the palm
    chug    M  open power chord     m  palm-muted
    riff    as in `siamese_drc.loops.harmony.play_melody`
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from siamese_drc.loops.harmony import Chord, Harmony, play_melody, write_harmony
from siamese_drc.loops.humanise import Player, Pulse, choose
from siamese_drc.loops.score import Note, Resonance, Stem, Style, read_steps, read_table

OPEN_STRINGS = (40, 45, 50, 55, 59, 64)  # E A D G B E
_FEWEST_STRINGS = 4
_REACH = 4  # frets from the first finger to the fourth
_VELOCITY = {"D": 112, "d": 88, "U": 102, "u": 78, "x": 60, "M": 114, "m": 92}
_DAMPED_BEATS, _MUTED_BEATS = 0.06, 0.2

_BODY = (Resonance(105, 0.15, -16), Resonance(210, 0.1, -18))  # air and top of an acoustic


# Instruments with their amplifiers, by name: stems without notes.
GUITARS: dict[str, Stem] = {
    "nylon": Stem("guitar", 0, 24, (), resonances=_BODY),
    "steel": Stem("guitar", 0, 25, (), resonances=_BODY, tilt_db=1.0),
    "jazz": Stem("guitar", 0, 26, (), tilt_db=-2.0),
    "clean": Stem("guitar", 0, 27, (), tilt_db=1.0),
    "muted": Stem("guitar", 0, 28, ()),
    "crunch": Stem("guitar", 0, 27, (), drive_db=12.0, tilt_db=-1.0),
    "overdriven": Stem("guitar", 0, 29, (), drive_db=3.0),
    "distorted": Stem("guitar", 0, 30, ()),
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
    return replace(
        guitar,
        notes=tuple(TECHNIQUES[style.technique](harmony, pattern, fret, player)),
        level_db=level_db,
        tilt_db=guitar.tilt_db + float(random.uniform(-3, 3)),
    )


def voicing(chord: Chord, fret: int) -> list[int]:
    """Return the pitches of a chord, low to high, fretted from `fret` up.

    Each string takes the lowest fret within reach that holds a note of the chord; strings below
    the lowest root stay silent. Where fewer than four strings would sound, the hand moves up. At
    fret 0 this gives the common open chords.
    """
    pitches: list[int] = []
    for string in OPEN_STRINGS:
        wanted = chord.pitch_classes if pitches else chord.pitch_classes[:1]
        within_reach = range(string + fret, string + fret + _REACH)
        pitches += [pitch for pitch in within_reach if pitch % 12 in wanted][:1]
    return pitches if len(pitches) >= _FEWEST_STRINGS else voicing(chord, fret + 1)


def power_chord(chord: Chord) -> list[int]:
    """Return root, fifth and octave, the root as low as the guitar goes."""
    root = OPEN_STRINGS[0] + (chord.root - OPEN_STRINGS[0]) % 12
    return [root, root + 7, root + 12]


def strum(harmony: Harmony, pattern: str, fret: int, player: Player) -> list[Note]:
    """Strum chords: up to six strings, one after another."""
    per_string_ms = player.random.uniform(8, 16)
    notes = []
    for beat, beats, mark in read_steps(pattern, player.pulse.beats):
        strings = voicing(harmony.at(beat), fret)
        if mark in "Uu":
            strings = strings[:1:-1]  # an upstroke misses the bass strings
        # A hard stroke is a fast one.
        spread_ms = per_string_ms * (0.6 if mark in "DUx" else 1.0)
        for order, pitch in enumerate(strings):
            sounding = _DAMPED_BEATS if mark == "x" else beats
            notes.append(
                player.note(beat, sounding, pitch, _VELOCITY[mark], late_ms=order * spread_ms)
            )
    return notes


def pick(harmony: Harmony, pattern: str, fret: int, player: Player) -> list[Note]:
    """Pick the strings of a chord one by one; each rings until the chord changes."""
    notes = []
    for beat, _, mark in read_steps(pattern, player.pulse.beats):
        chord = harmony.at(beat)
        strings = voicing(chord, fret)
        pitch = strings[min(int(mark) - 1, len(strings) - 1)]
        velocity = 104 if mark == "1" else 90
        notes.append(player.note(beat, chord.beat + chord.beats - beat, pitch, velocity))
    return notes


def pick_muted(harmony: Harmony, pattern: str, fret: int, player: Player) -> list[Note]:
    """Pick as in `pick`, but with the palm on the strings: nothing rings."""
    damped_s = 60 / player.pulse.tempo_bpm * _MUTED_BEATS
    return [replace(note, duration=damped_s) for note in pick(harmony, pattern, fret, player)]


def chug(harmony: Harmony, pattern: str, fret: int, player: Player) -> list[Note]:
    """Power chords, open or damped with the palm."""
    notes = []
    for beat, beats, mark in read_steps(pattern, player.pulse.beats):
        sounding = min(_MUTED_BEATS, beats) if mark == "m" else beats
        pitches = power_chord(harmony.at(beat))
        for order, pitch in enumerate(pitches if mark == "M" else pitches[:2]):
            notes.append(player.note(beat, sounding, pitch, _VELOCITY[mark], late_ms=2 * order))
    return notes


def riff(harmony: Harmony, pattern: str, fret: int, player: Player) -> list[Note]:
    """Play a riff of single notes."""
    return play_melody(harmony, pattern, OPEN_STRINGS[0] + fret, player)


TECHNIQUES = {"strum": strum, "pick": pick, "muted": pick_muted, "chug": chug, "riff": riff}
