"""Chords on the fretboard against the ones in the book."""

from __future__ import annotations

import pytest

from siamese_drc.loops.guitar import power_chord, voicing
from siamese_drc.loops.harmony import Chord

C, D, E, G, A = 0, 2, 4, 7, 9


@pytest.mark.parametrize(
    ("root", "quality", "frets"),
    [
        (C, "", [None, 3, 2, 0, 1, 0]),
        (G, "", [3, 2, 0, 0, 0, 3]),
        (D, "", [None, None, 0, 2, 3, 2]),
        (E, "m", [0, 2, 2, 0, 0, 0]),
        (A, "m", [None, 0, 2, 2, 1, 0]),
    ],
)
def test_open_chords_are_the_ones_in_the_book(root, quality, frets):
    book = [
        string + fret
        for string, fret in zip((40, 45, 50, 55, 59, 64), frets, strict=True)
        if fret is not None
    ]
    assert voicing(Chord(root, quality, 0, 4), fret=0)[-len(book) :] == book


def test_every_chord_at_every_fret_has_its_root_lowest_and_no_foreign_note():
    for root in range(12):
        for quality in ("", "m", "7", "maj7", "m7", "9", "m9"):
            chord = Chord(root, quality, 0, 4)
            for fret in range(11):
                pitches = voicing(chord, fret)
                assert len(pitches) >= 4
                assert pitches[0] % 12 == root
                assert {pitch % 12 for pitch in pitches} <= set(chord.pitch_classes)
                assert pitches == sorted(set(pitches))


def test_a_power_chord_is_root_fifth_octave():
    assert power_chord(Chord(A, "5", 0, 4)) == [45, 52, 57]
