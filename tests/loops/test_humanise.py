"""How far players stray from the written grid."""

from __future__ import annotations

import numpy as np
import pytest

from siamese_drc.loops.humanise import Player, Pulse, take_turns

STEADY = Pulse(tempo_bpm=120.0, beats=8, swing=0.0, drift_ms=0.0, drift_phase=0.0)


def test_a_steady_pulse_is_the_metronome():
    assert [STEADY.time(beat) for beat in (0, 0.25, 1, 7.5)] == [0, 0.125, 0.5, 3.75]
    assert STEADY.seconds == 4.0


def test_swing_delays_every_second_sixteenth():
    swung = Pulse(120.0, 8, swing=0.2, drift_ms=0.0, drift_phase=0.0)
    late = [swung.time(step / 4) - STEADY.time(step / 4) for step in range(8)]
    np.testing.assert_allclose(late, [0, 0.025] * 4, atol=1e-12)  # 0.2 of 125 ms


def test_swing_leaves_triplets_alone():
    swung = Pulse(120.0, 8, swing=0.2, drift_ms=0.0, drift_phase=0.0)
    for step in range(12):
        assert swung.time(step / 3) == STEADY.time(step / 3)


def test_drift_wanders_and_closes():
    drifting = Pulse(120.0, 8, swing=0.0, drift_ms=5.0, drift_phase=1.0)
    away = [drifting.time(beat) - STEADY.time(beat) for beat in np.arange(0, 8.5, 0.5)]
    assert away[0] == 0
    assert away[-1] == pytest.approx(0)
    assert 0.002 < np.max(np.abs(away)) <= 0.010


def test_players_have_habits_and_jitter():
    player = Player(STEADY, np.random.default_rng(0), late_ms=6.0, jitter_ms=5.0, touch=4.0)
    notes = [player.note(2, 1, 60, 90) for _ in range(2000)]
    late_ms = 1000 * (np.array([note.start for note in notes]) - 1.0)
    assert np.mean(late_ms) == pytest.approx(6, abs=0.5)
    assert np.std(late_ms) == pytest.approx(5, abs=0.7)
    assert np.max(np.abs(late_ms - 6)) <= 10 + 1e-9
    assert np.std([note.velocity for note in notes]) == pytest.approx(4, abs=0.5)
    assert {note.duration for note in notes} == {0.5}


def test_nothing_sounds_before_the_loop_begins():
    eager = Player(STEADY, np.random.default_rng(0), late_ms=-30.0)
    assert eager.note(0, 1, 60, 90).start == 0


def test_velocities_are_those_of_midi():
    player = Player(STEADY, np.random.default_rng(0), touch=0.0)
    assert player.note(0, 1, 60, 200).velocity == 127
    assert player.note(0, 1, 60, -5).velocity == 1


def test_the_turns_of_an_option_cover_its_range_evenly():
    options = ("rock", "funk", "house")
    turns = [take_turns(loop, options) for loop in range(90)]
    assert [option for option, _ in turns[:4]] == ["rock", "funk", "house", "rock"]
    for wanted in options:
        places = np.sort([place for option, place in turns if option == wanted])
        assert np.max(np.diff(places, prepend=0, append=1)) < 2 / 30 + 1e-9


def test_an_even_number_of_options_is_an_error():
    with pytest.raises(ValueError, match="2 options take turns, must be an odd number"):
        take_turns(0, ("rock", "funk"))
