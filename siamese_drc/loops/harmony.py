"""Chords, scales and single lines: the pitches of all instruments of a loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from siamese_drc.loops.humanise import Player, choose
from siamese_drc.loops.score import BEATS_PER_BAR, Note, read_steps

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

PROGRESSIONS: dict[str, list[str]] = {
    "pop": ["I V VI:m IV", "I VI:m IV V", "VI:m IV I V", "I IV"],
    "rock": ["I:5 bVII:5 IV:5 I:5", "I:5 bIII:5 IV:5 bVI:5", "I:5 bVI:5 bVII:5 I:5"],
    "soul": ["I:m7 IV:7", "I:9 IV:9", "I:m9 I:m9", "II:m7 V:7"],
    "jazz": ["II:m7 V:7 I:maj7 VI:7", "I:maj7 VI:m7 II:m7 V:7", "I:m7 IV:7 bVII:maj7 bIII:maj7"],
}

_DEGREES = {"I": 0, "II": 2, "bIII": 3, "III": 4, "IV": 5, "V": 7, "bVI": 8, "VI": 9, "bVII": 10}

# Of a melody.
_VELOCITY = {"X": 114, "x": 94}
_UNCHANGED = 0.6  # share of the phrase that every second bar repeats
_HIGHEST = 8  # steps of the scale
_LEGATO = 0.95
_PHRASE_NOTES = 16


@dataclass(frozen=True)
class Chord:
    """A chord from `beat` on for `beats`; `root` is a pitch class (0 is C)."""

    root: int
    quality: str
    beat: float
    beats: float

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """Its notes, the root first, each 0 to 11."""
        return tuple((self.root + interval) % 12 for interval in QUALITIES[self.quality])

    def near(self, pitch: int) -> list[int]:
        """Return its notes in close position: each at the lowest octave that is not below `pitch`.

        Examples
        --------
        >>> Chord(0, "maj7", 0, 4).near(60)
        [60, 64, 67, 71]
        """
        return sorted(pitch + (note - pitch) % 12 for note in self.pitch_classes)


@dataclass(frozen=True)
class Harmony:
    """A chord progression in a key, with the scale of its melodies."""

    key: int
    scale: tuple[int, ...]
    chords: tuple[Chord, ...]

    def at(self, beat: float) -> Chord:
        """Return the chord at a beat."""
        return [chord for chord in self.chords if chord.beat <= beat][-1]

    def melody_pitch(self, degree: int, lowest: int) -> int:
        """Return note `degree` of the scale, counted from the first key note above `lowest`."""
        octave, step = divmod(degree, len(self.scale))
        return lowest + (self.key - lowest) % 12 + 12 * octave + self.scale[step]


def write_harmony(chords: str, scale: str, *, beats: int, random: np.random.Generator) -> Harmony:
    """Return a progression in a random key, its chords spread evenly over the loop.

    `chords` is a name in `PROGRESSIONS`, or alternatives with commas between them: degrees with
    qualities, such as ``"I:maj7 VI:m7 II:m7 V:7"``; `scale` is a name in `SCALES`.
    """
    symbols = choose(PROGRESSIONS.get(chords) or chords.split(", "), random).split()
    key = int(random.integers(12))
    each = beats / len(symbols)
    written = []
    for place, symbol in enumerate(symbols):
        degree, _, quality = symbol.partition(":")
        written.append(Chord((key + _DEGREES[degree]) % 12, quality, place * each, each))
    return Harmony(key, SCALES[scale], tuple(written))


# How an instrument plays: harmony, pattern, its lowest pitch or (a guitar) fret, player.
Technique = Callable[[Harmony, str, int, Player], list[Note]]


def play_melody(harmony: Harmony, pattern: str, lowest: int, player: Player) -> list[Note]:
    """Return a phrase in the rhythm of a pattern, repeated in each bar with another ending.

    The phrase is drawn from the scale of the harmony. X, x  its next note, accented or not;  -  the
    note ends.
    """
    phrase, ending = _phrase(player.random), _phrase(player.random)
    per_bar = max(1, sum(mark in _VELOCITY for mark in pattern))
    notes = []
    place = {bar: 0 for bar in range(player.pulse.beats // BEATS_PER_BAR)}
    for beat, beats, mark in read_steps(pattern, player.pulse.beats):
        if mark not in _VELOCITY:
            continue
        bar = int(beat // BEATS_PER_BAR)
        changed = bar % 2 == 1 and place[bar] >= _UNCHANGED * per_bar
        degree = (ending if changed else phrase)[place[bar] % _PHRASE_NOTES]
        pitch = harmony.melody_pitch(degree, lowest)
        notes.append(player.note(beat, _LEGATO * beats, pitch, _VELOCITY[mark]))
        place[bar] += 1
    return notes


def _phrase(random: np.random.Generator) -> list[int]:
    """Return a random walk on the degrees of the scale from its key note, mostly by step."""
    degrees = [0]
    for step in random.choice([-2, -1, -1, 0, 1, 1, 2, 4], _PHRASE_NOTES - 1):
        degrees.append(int(np.clip(degrees[-1] + step, 0, _HIGHEST)))
    return degrees
