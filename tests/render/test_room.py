"""A room has the energy, the length and the colour that are asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from stages.render.room import impulse_response, reverberate
from stages.render.score import Room

RATE = 44100
ROOM = Room(decay_s=1.0, size_m=4.0, damping=0.0, level_db=-10.0, seed=3)


def band(response: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    edges = butter(2, [low_hz, high_hz], "bandpass", fs=RATE, output="sos")
    return sosfilt(edges, response)


def decay_s(response: np.ndarray) -> float:
    """Reverberation time from the slope of the backward-integrated energy, -5 to -25 dB."""
    remaining = np.cumsum(response[::-1] ** 2)[::-1]
    level = 10 * np.log10(remaining / remaining[0] + 1e-30)
    return 3 * (np.argmax(level < -25) - np.argmax(level < -5)) / RATE


def test_energy_is_the_level():
    response = impulse_response(ROOM, sample_rate=RATE)
    assert 10 * np.log10(np.sum(response**2)) == pytest.approx(-10.0)


@pytest.mark.parametrize("asked_s", [0.5, 1.0, 1.5])
def test_it_decays_in_its_time(asked_s):
    response = impulse_response(replace(ROOM, decay_s=asked_s, size_m=1.0), sample_rate=RATE)
    # Without the early reflections, which stand above the tail.
    assert decay_s(response[RATE // 10 :]) == pytest.approx(asked_s, rel=0.15)


def test_damping_shortens_the_treble():
    response = impulse_response(replace(ROOM, damping=1.0), sample_rate=RATE)[RATE // 10 :]
    assert decay_s(band(response, 8000, 16000)) < 0.5 * decay_s(band(response, 50, 500))


def test_rooms_of_one_kind_differ_by_their_seed():
    first = impulse_response(ROOM, sample_rate=RATE)
    again = impulse_response(ROOM, sample_rate=RATE)
    other = impulse_response(replace(ROOM, seed=4), sample_rate=RATE)
    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.1


def test_reverberation_is_the_response_to_each_sample():
    response = np.array([0.0, 0.5, 0.25])
    heard = reverberate(np.array([1.0, 0.0, 2.0, 0.0]), response)
    np.testing.assert_allclose(heard, [0.0, 0.5, 0.25, 1.0], atol=1e-12)
