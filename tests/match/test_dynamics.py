"""Dynamics of signals whose dynamics are known."""

import numpy as np
import pytest

from siamese_drc.compressor.compressor import compress
from siamese_drc.compressor.settings import Settings
from siamese_drc.match.dynamics import dynamics, loudness_lufs

RATE = 44100


def bursts(seed=0, seconds=4.0):
    """Noise that decays from every hit, four a second."""
    time = np.arange(int(seconds * RATE)) / RATE
    noise = np.random.default_rng(seed).standard_normal(time.size)
    return (0.2 * noise * np.exp(-(time % 0.25) / 0.05)).astype(np.float32)


def test_no_gain_changes_the_dynamics():
    signal = bursts()
    for gain in (0.01, 0.5, 3.0):
        np.testing.assert_allclose(
            dynamics(gain * signal, sample_rate=RATE), dynamics(signal, sample_rate=RATE), atol=2e-4
        )


def test_more_compression_narrows_the_spread_of_levels():
    signal = bursts()
    clips = compress(
        signal, Settings([-30.0] * 3, [1.0, 3.0, 12.0], [1.0] * 3, [50.0] * 3), sample_rate=RATE
    )
    spreads = []
    for clip in clips:
        levels = 10 * dynamics(clip, sample_rate=RATE)[8:16]  # of windows of four frames
        spreads.append(levels[6] - levels[2])
    assert spreads[0] > spreads[1] + 3 > spreads[2] + 4


def test_a_steady_sine_has_one_level():
    sine = np.sin(2 * np.pi * 1000 * np.arange(2 * RATE) / RATE).astype(np.float32)
    levels = 10 * dynamics(sine, sample_rate=RATE)[24:32]  # of windows of 64 frames
    assert np.ptp(levels) < 0.1
    # BS.1770 gives a 0 dBFS sine of 997 Hz in one channel -3.01 LKFS: its power, K-weighted to 0 dB
    assert loudness_lufs(sine, sample_rate=RATE) == pytest.approx(-3.01, abs=0.05)
    assert levels == pytest.approx(0, abs=0.1)


def test_short_loops_are_heard_as_if_repeated():
    short = bursts(seconds=0.5)
    assert loudness_lufs(short, sample_rate=RATE) == pytest.approx(
        loudness_lufs(np.tile(short, 4), sample_rate=RATE), abs=0.3
    )
    assert np.isfinite(dynamics(short, sample_rate=RATE)).all()


def test_the_rate_hardly_matters():
    import soxr

    signal = bursts()
    other = soxr.resample(signal, RATE, 48000)
    difference = dynamics(other, sample_rate=48000) - dynamics(signal, sample_rate=RATE)
    assert np.median(np.abs(difference)) < 0.05
