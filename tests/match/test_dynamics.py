"""Dynamics of signals whose dynamics are known."""

import numpy as np
import pytest

from siamese_drc.compressor.compressor import compress
from siamese_drc.compressor.settings import Settings
from siamese_drc.match import dynamics as module
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


def test_a_steady_rise_is_the_same_change_from_every_level():
    ramp = np.arange(-30.0, 20.0, 0.5)
    found = module._changes_by_level(ramp, ramp, 2)
    assert found == pytest.approx(np.ones(found.size))
    # No frame starts from the lower half of the levels: nothing is known of their changes
    upper = module._changes_by_level(ramp[60:], ramp[60:], 2)
    assert upper[: upper.size // 3] == pytest.approx(0)
    assert upper[-3:] == pytest.approx(1)


def test_a_compressor_shows_in_the_changes_by_level():
    signal = bursts(seconds=8.0)
    clip = compress(signal, Settings(-30.0, 8.0, 20.0, 50.0), sample_rate=RATE)[0]
    slow = [dynamics(each, sample_rate=RATE)[200 + 27 : 200 + 54] for each in (signal, clip)]
    assert np.abs(slow[1] - slow[0]).max() > 0.05


def test_bands_under_one_gain_change_together():
    level = 10 * np.sin(np.arange(400) / 9)
    found = module._together(level, np.tile(level, (5, 1)), 4)
    assert found[:10] == pytest.approx(1, abs=1e-3)
    rise = level[4:] - level[:-4]  # at most 4.4 dB
    assert found[10:15] == pytest.approx(0)
    assert found[15:] == pytest.approx(np.median(rise[rise < -3]) / 10)


def test_the_time_above_a_threshold():
    level = np.tile(np.repeat([-10.0, 4.0], [12, 4]), 20)
    found = module._above(level).reshape(5, 2)
    assert found[:4] == pytest.approx(np.tile([3 * 0.25, np.log(5) / 3], (4, 1)))
    assert found[4] == pytest.approx(0)


def test_bands_that_a_low_rate_lacks_are_silent():
    low = bursts()[::8]
    found = dynamics(low, sample_rate=RATE // 8)
    assert found.shape == dynamics(bursts(), sample_rate=RATE).shape
    assert np.isfinite(found).all()
