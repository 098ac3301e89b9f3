"""What the hands do: strumming, picking, chugging and single lines, from step notation.

The marks of the patterns (see `steps`), where '.' lets what sounds ring:

    strum   D, d  down, hard and soft     U, u  up     x  damped scratch
    pick    1-6  that string of the chord, from the lowest one that sounds
    chug    M  open power chord     m  palm-muted
    riff    as in `melody`
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from stages.render.guitar.fretboard import OPEN_STRINGS, power_chord, voicing
from stages.render.harmony import Harmony
from stages.render.humanise import Player
from stages.render.melody import play_line
from stages.render.score import Note
from stages.render.steps import read_steps

_VELOCITY = {"D": 112, "d": 88, "U": 102, "u": 78, "x": 60, "M": 114, "m": 92}
_DAMPED_BEATS, _MUTED_BEATS = 0.06, 0.2

Technique = Callable[[Harmony, str, int, Player, np.random.Generator], list[Note]]


def strum(
    harmony: Harmony, pattern: str, position: int, player: Player, random: np.random.Generator
) -> list[Note]:
    """Strum chords: up to six strings, one after another."""
    per_string_ms = random.uniform(8, 16)
    notes = []
    for beat, beats, mark in read_steps(pattern, player.pulse.beats):
        strings = voicing(harmony.at(beat), position)
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


def pick(
    harmony: Harmony, pattern: str, position: int, player: Player, random: np.random.Generator
) -> list[Note]:
    """Pick the strings of a chord one by one; each rings until the chord changes."""
    notes = []
    for beat, _, mark in read_steps(pattern, player.pulse.beats):
        chord = harmony.at(beat)
        strings = voicing(chord, position)
        pitch = strings[min(int(mark) - 1, len(strings) - 1)]
        velocity = 104 if mark == "1" else 90
        notes.append(player.note(beat, chord.beat + chord.beats - beat, pitch, velocity))
    return notes


def pick_muted(
    harmony: Harmony, pattern: str, position: int, player: Player, random: np.random.Generator
) -> list[Note]:
    """Pick as in `pick`, but with the palm on the strings: nothing rings."""
    damped_s = 60 / player.pulse.tempo_bpm * _MUTED_BEATS
    return [
        replace(note, duration=damped_s)
        for note in pick(harmony, pattern, position, player, random)
    ]


def chug(
    harmony: Harmony, pattern: str, position: int, player: Player, random: np.random.Generator
) -> list[Note]:
    """Power chords, open or damped with the palm."""
    notes = []
    for beat, beats, mark in read_steps(pattern, player.pulse.beats):
        sounding = min(_MUTED_BEATS, beats) if mark == "m" else beats
        pitches = power_chord(harmony.at(beat))
        for order, pitch in enumerate(pitches if mark == "M" else pitches[:2]):
            notes.append(player.note(beat, sounding, pitch, _VELOCITY[mark], late_ms=2 * order))
    return notes


def riff(
    harmony: Harmony, pattern: str, position: int, player: Player, random: np.random.Generator
) -> list[Note]:
    """Play a riff of single notes."""
    return play_line(harmony, pattern, OPEN_STRINGS[0] + position, player, random)
