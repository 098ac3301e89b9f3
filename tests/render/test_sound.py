"""A stem's body, saturation and brightness against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from stages.render.score import Resonance, Stem
from stages.render.sound import shape

RATE = 44100


def shaped(signal: np.ndarray, **sound) -> np.ndarray:
    stem = Stem("test", 0, 0, (), **sound)
    return shape(signal, stem, reference=len(signal), sample_rate=RATE)


def impulse(samples: int = RATE) -> np.ndarray:
    return np.eye(1, samples)[0]


def gain_db(response: np.ndarray, frequency_hz: float) -> float:
    spectrum = np.fft.rfft(response)
    return 20 * np.log10(abs(spectrum[round(frequency_hz * len(response) / RATE)]))


def test_the_level_is_the_peak_of_the_reference():
    signal = np.array([0.1, -0.2, 0.05, 0.4])
    stem = Stem("test", 0, 0, (), level_db=-6.0)
    quiet = shape(signal, stem, reference=3, sample_rate=RATE)
    np.testing.assert_allclose(quiet, signal / 0.2 * 10 ** (-6 / 20))


@pytest.mark.parametrize("tilt_db", [-6.0, 4.0])
def test_tilt_turns_about_its_pivot(tilt_db):
    response = shaped(impulse(), tilt_db=tilt_db)
    pivot = gain_db(response, 1000)
    assert gain_db(response, 1) - pivot == pytest.approx(-tilt_db, abs=0.01)
    assert gain_db(response, RATE / 2) - pivot == pytest.approx(tilt_db, abs=0.01)


def test_a_resonance_rings_at_its_frequency_and_dies_away_in_its_time():
    mode = Resonance(frequency_hz=200.0, decay_s=0.3, level_db=-6.0)
    body = shaped(impulse(), resonances=(mode,))[1:]
    assert np.max(np.abs(body)) == pytest.approx(10 ** (-6 / 20), rel=0.01)
    assert np.argmax(np.abs(np.fft.rfft(body))) == pytest.approx(200, abs=1)
    early, late = body[: RATE // 20], body[3 * RATE // 10 : 7 * RATE // 20]
    fall_db = 20 * np.log10(np.max(np.abs(early)) / np.max(np.abs(late)))
    assert fall_db == pytest.approx(60, abs=1)


def test_drive_saturates():
    sine = np.sin(2 * np.pi * 100 * np.arange(RATE) / RATE)
    driven = shaped(sine, drive_db=20.0)
    np.testing.assert_allclose(driven, np.tanh(10 * sine) / np.tanh(10), atol=1e-5)


def test_a_silent_stem_stays_silent():
    assert not shaped(np.zeros(100), resonances=(Resonance(100, 0.1, 0),), drive_db=6.0).any()
