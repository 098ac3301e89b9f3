"""Step notation, chords and fretboard against what a musician would write down."""

from __future__ import annotations

import numpy as np
import pytest

from stages.render.drum.fills import FILLS
from stages.render.drum.styles import STYLES as DRUM_STYLES
from stages.render.guitar.fretboard import power_chord, voicing
from stages.render.guitar.styles import STYLES as GUITAR_STYLES
from stages.render.harmony import Chord, write_harmony
from stages.render.mix.genres import GENRES
from stages.render.steps import read_steps

C, D, E, G, A = 0, 2, 4, 7, 9


def test_steps_of_a_bar_are_sixteenths_or_triplets():
    assert read_steps("x...x...X.....x.", 4) == [
        (0, 1, "x"),
        (1, 1, "x"),
        (2, 1.5, "X"),
        (3.5, 0.5, "x"),
    ]
    assert read_steps("x.xx.xx.xx.x", 4)[1] == pytest.approx((2 / 3, 1 / 3, "x"), abs=1e-9)


def test_a_pattern_repeats_until_the_beats_are_full():
    assert [step.beat for step in read_steps("x...............", 8)] == [0, 4]
    two_bars = "x...............|........y......."
    assert [(step.beat, step.mark) for step in read_steps(two_bars, 8)] == [(0, "x"), (6, "y")]
    assert read_steps("................", 8) == []


def all_patterns() -> list[str]:
    drums = [p for s in DRUM_STYLES.values() for ps in s.groove.values() for p in ps]
    guitars = [p for s in GUITAR_STYLES.values() for p in s.patterns]
    parts = [p for g in GENRES.values() for part in g.parts for p in part.patterns]
    return drums + guitars + parts


def test_every_bar_has_16_or_12_steps():
    wrong = [p for p in all_patterns() if {len(bar) for bar in p.split("|")} not in ({16}, {12})]
    assert wrong == []


def test_the_voices_of_a_style_share_a_grid():
    for style in DRUM_STYLES.values():
        lengths = {len(p.split("|")[0]) for ps in style.groove.values() for p in ps}
        assert len(lengths) == 1
        assert ("triplets" in style.fills) == (lengths == {12})


def test_the_voices_of_a_fill_are_equally_long():
    for fills in FILLS.values():
        for fill in fills:
            assert len({len(pattern) for pattern in fill.values()}) == 1


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
    assert voicing(Chord(root, quality, 0, 4), position=0)[-len(book) :] == book


def test_every_chord_in_every_position_has_its_root_lowest_and_no_foreign_note():
    for root in range(12):
        for quality in ("", "m", "7", "maj7", "m7", "9", "m9"):
            chord = Chord(root, quality, 0, 4)
            for position in range(11):
                pitches = voicing(chord, position)
                assert len(pitches) >= 4
                assert pitches[0] % 12 == root
                assert {pitch % 12 for pitch in pitches} <= set(chord.pitch_classes)
                assert pitches == sorted(set(pitches))


def test_a_power_chord_is_root_fifth_octave():
    assert power_chord(Chord(A, "5", 0, 4)) == [45, 52, 57]


def test_a_progression_is_spelt_in_its_key():
    harmony = write_harmony(
        "II:m7 V:7 I:maj7 VI:m", "dorian", beats=8, random=np.random.default_rng(1)
    )
    names = [
        tuple((note - harmony.key) % 12 for note in chord.pitch_classes) for chord in harmony.chords
    ]
    assert names == [(2, 5, 9, 0), (7, 11, 2, 5), (0, 4, 7, 11), (9, 0, 4)]
    assert [harmony.at(beat) for beat in (0, 1.9, 2, 7.9)] == [
        harmony.chords[i] for i in (0, 0, 1, 3)
    ]


def test_chords_lie_close_above_a_pitch():
    assert Chord(C, "", 0, 4).near(60) == [60, 64, 67]
    assert Chord(C, "", 0, 4).near(62) == [64, 67, 72]
