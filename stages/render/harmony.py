"""Chords and scales: what all the pitched instruments of a loop agree on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Semitones above the root.
QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "9": (0, 4, 7, 10, 14),
    "m9": (0, 3, 7, 10, 14),
    "5": (0, 7),
}

SCALES: dict[str, tuple[int, ...]] = {
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
}

_DEGREES = {"I": 0, "II": 2, "bIII": 3, "III": 4, "IV": 5, "V": 7, "bVI": 8, "VI": 9, "bVII": 10}


@dataclass(frozen=True)
class Chord:
    """`root` is a pitch class (0 is C); it sounds from `beat` on for `beats`."""

    root: int
    quality: str
    beat: float
    beats: float

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """Its notes, the root first, each 0 to 11."""
        return tuple((self.root + interval) % 12 for interval in QUALITIES[self.quality])

    def near(self, pitch: int) -> list[int]:
        """Return its notes in close position, each as near above `pitch` as it can be."""
        return sorted(pitch + (note - pitch) % 12 for note in self.pitch_classes)


@dataclass(frozen=True)
class Harmony:
    """A chord progression in a key, with the scale that melodies take their notes from."""

    key: int
    scale: tuple[int, ...]
    chords: tuple[Chord, ...]

    def at(self, beat: float) -> Chord:
        """Return the chord that sounds at a beat."""
        return [chord for chord in self.chords if chord.beat <= beat][-1]

    def melody_pitch(self, degree: int, lowest: int) -> int:
        """Return note `degree` of the scale, counted from the first key note above `lowest`."""
        octave, step = divmod(degree, len(self.scale))
        return lowest + (self.key - lowest) % 12 + 12 * octave + self.scale[step]


def write_harmony(
    progression: str, scale: str, *, beats: int, random: np.random.Generator
) -> Harmony:
    """Set a progression in a drawn key, its chords spread evenly over the loop.

    Parameters
    ----------
    progression : str
        Degrees with qualities, such as ``"I:maj7 VI:m7 II:m7 V:7"``.
    scale : str
        Name in `SCALES`.
    beats : int
        Length of the loop.
    random : numpy Generator
    """
    key = int(random.integers(12))
    symbols = progression.split()
    each = beats / len(symbols)
    chords = []
    for place, symbol in enumerate(symbols):
        degree, _, quality = symbol.partition(":")
        chords.append(Chord((key + _DEGREES[degree]) % 12, quality, place * each, each))
    return Harmony(key, SCALES[scale], tuple(chords))
