"""Room, sound of a stem and description of a clip against closed forms, and a clip as a whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from siamese_drc.core.errors import InputError
from siamese_drc.loops.composers import compose
from siamese_drc.loops.rendering import describe, impulse_response, render, shape
from siamese_drc.loops.score import Note, Resonance, Room, Score, Stem

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


def test_a_sine():
    sine = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    numbers = describe(sine, sample_rate=RATE)
    assert numbers["rms_db"] == pytest.approx(-3.01, abs=0.01)
    assert numbers["crest_factor_db"] == pytest.approx(3.01, abs=0.01)
    assert numbers["spectral_centroid_hz"] == pytest.approx(1000, rel=0.04)


def test_a_quiet_square():
    square = np.where(np.arange(RATE) % 100 < 50, 0.5, -0.5)
    numbers = describe(square, sample_rate=RATE)
    assert numbers["rms_db"] == pytest.approx(-6.02, abs=0.01)
    assert numbers["crest_factor_db"] == pytest.approx(0, abs=0.01)


def test_white_noise_is_centred_in_its_band():
    noise = np.random.default_rng(0).standard_normal(4 * RATE)
    assert describe(noise, sample_rate=RATE)["spectral_centroid_hz"] == pytest.approx(
        RATE / 4, rel=0.02
    )


def test_a_clip_has_its_length_and_peak():
    clip = render(compose("guitar", 0, seed=1), samples=RATE // 2, sample_rate=RATE)
    assert clip.shape == (RATE // 2,)
    assert clip.dtype == np.float32
    assert np.abs(clip).max() == 1.0


def test_a_short_clip_is_the_start_of_a_long_one():
    score = compose("guitar", 1, seed=1)
    short, long = (render(score, samples=n, sample_rate=RATE) for n in (RATE // 2, 7 * RATE))
    gain = np.max(np.abs(long[: RATE // 2]))
    np.testing.assert_allclose(long[: RATE // 2], gain * short, atol=2**-21)


def test_a_score_without_a_sound_is_named():
    flute = Stem("flute", 0, 73, (Note(0.0, 0.5, 69, 0),))
    silent = Score("rest 000", "rest", 120.0, "flute", 2.0, (flute,), ROOM)
    with pytest.raises(InputError, match=r"soundfont .*: loop 'rest 000' is silent"):
        render(silent, samples=RATE, sample_rate=RATE)
