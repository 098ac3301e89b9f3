"""Chords, progressions and melodies against what a musician would write down."""

from __future__ import annotations

import numpy as np

from siamese_drc.loops.harmony import SCALES, Chord, play_melody, write_harmony
from siamese_drc.loops.humanise import Player, Pulse

C = 0


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


def test_a_melody_keeps_the_rhythm_and_the_scale():
    random = np.random.default_rng(3)
    harmony = write_harmony("I:m IV:m", "blues", beats=8, random=random)
    player = Player(Pulse(120.0, 8, 0.0, 0.0, 0.0), random, jitter_ms=0.0, touch=0.0)
    notes = play_melody(harmony, "X.x.x-..X.xx.x..", 60, player)
    assert [note.start for note in notes[:4]] == [0, 0.25, 0.5, 1.0]
    assert notes[2].duration == 0.95 * 0.125  # ended by the mark
    assert min(note.pitch for note in notes) >= 60
    assert {(note.pitch - harmony.key) % 12 for note in notes} <= set(SCALES["blues"])
    first, second = ([n.pitch for n in notes if n.start // 2 == bar] for bar in (0, 1))
    assert first[:4] == second[:4]
