"""Chords as they lie under a hand on a guitar in standard tuning."""

from __future__ import annotations

from stages.render.harmony import Chord

OPEN_STRINGS = (40, 45, 50, 55, 59, 64)  # E A D G B E
_FEWEST_STRINGS = 4
_REACH = 4  # frets from the first finger to the fourth


def voicing(chord: Chord, position: int) -> list[int]:
    """Return the pitches of a chord, low to high, fretted from `position` up.

    Each string takes the lowest fret within reach that holds a note of the chord; strings below
    the lowest root stay silent. Where fewer than four strings would sound, the hand moves up. At
    position 0 this gives the common open chords.
    """
    pitches: list[int] = []
    while len(pitches) < _FEWEST_STRINGS:
        pitches = _fretted(chord, position)
        position += 1
    return pitches


def _fretted(chord: Chord, position: int) -> list[int]:
    pitches: list[int] = []
    for string in OPEN_STRINGS:
        wanted = chord.pitch_classes if pitches else chord.pitch_classes[:1]
        within_reach = range(string + position, string + position + _REACH)
        found = [pitch for pitch in within_reach if pitch % 12 in wanted]
        pitches += found[:1]
    return pitches


def power_chord(chord: Chord, lowest: int = OPEN_STRINGS[0]) -> list[int]:
    """Return root, fifth and octave, the root as low as the guitar goes."""
    root = lowest + (chord.root - lowest) % 12
    return [root, root + 7, root + 12]
