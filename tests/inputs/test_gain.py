"""Gain profiles of clips whose settings and delays are known."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from siamese_drc.compressor.compressor import compress
from siamese_drc.compressor.settings import Settings
from siamese_drc.inputs.changes import delayed
from siamese_drc.inputs.gain import (
    GainBank,
    GainProfiler,
    find_delays,
    hop_levels,
    profile_of_no_gain,
    project,
)

RATE = 44100
SETTINGS = Settings([-10, -30, -45, -45], [2, 4, 20, 20], [1, 20, 5, 80], [10, 200, 900, 60])
BANK = GainBank(
    threshold_db=(-40.0, -30.0, -20.0, -10.0),
    attack_ms=(1.0, 8.0, 64.0),
    release_ms=(10.0, 80.0, 640.0),
)
ENTRY = 1 * 9 + 2 * 3 + 1  # threshold -30 dB, attack 64 ms, release 80 ms
RATIOS = np.array([1.5, 4.0, 20.0])


def hits() -> np.ndarray:
    """Return decaying hits of bass and noise: where gain moves most, and tones are long."""
    generator = np.random.default_rng(0)
    signal = np.zeros(RATE, np.float32)
    for start in range(2000, RATE, 9000):
        time = np.arange(RATE - start) / RATE
        signal[start:] += 0.6 * np.exp(-time / 0.1) * np.sin(2 * np.pi * 60 * time)
        signal[start:] += 0.2 * np.exp(-time / 0.02) * generator.standard_normal(time.size)
    return signal / np.abs(signal).max()


@pytest.mark.parametrize("delay", [0, 1, 100, 441, -300, 882])
def test_delays_are_found_to_the_sample(delay):
    dry = hits()
    clips = delayed(compress(dry, SETTINGS, sample_rate=RATE), delay)
    assert find_delays(dry, clips, furthest=882).tolist() == [delay] * len(SETTINGS)


@pytest.mark.parametrize("samples", [1000, 8192, 20000])
def test_blocks_add_up_to_one_correlation(samples):
    """The best of NumPy's plain correlation of the differences, for noise without a clear best."""
    generator = np.random.default_rng(samples)
    dry, clip = generator.standard_normal((2, samples)).astype(np.float32)
    furthest = 50
    plain = np.correlate(
        np.pad(np.diff(clip.astype(float)), furthest), np.diff(dry.astype(float)), "valid"
    )
    expected = int(np.argmax(plain)) - furthest
    assert find_delays(dry, clip[None], furthest=furthest).tolist() == [expected]


def test_silence_has_no_delay():
    assert find_delays(hits(), np.zeros((1, RATE), np.float32), furthest=100).tolist() == [0]


def clips_of_the_entry(dry: np.ndarray) -> np.ndarray:
    of_bank = BANK.settings()
    same = [np.full(3, getattr(of_bank, name)[ENTRY]) for name in ("attack_ms", "release_ms")]
    threshold = np.full(3, of_bank.threshold_db[ENTRY])
    return compress(dry, Settings(threshold, RATIOS, *same), sample_rate=RATE)


@pytest.fixture(scope="module")
def dry() -> np.ndarray:
    return hits()


@pytest.fixture(scope="module")
def profiler(dry) -> GainProfiler:
    return GainProfiler(dry, BANK, sample_rate=RATE)


def test_the_bank_is_every_combination():
    settings = BANK.settings()
    assert len(settings) == 4 * 3 * 3
    place = settings.threshold_db[ENTRY], settings.attack_ms[ENTRY], settings.release_ms[ENTRY]
    assert place == pytest.approx((-30, 64, 80))
    assert set(settings.ratio) == {8.0}


def test_the_level_of_a_tone_is_its_mean_square():
    tone = np.tile(0.5 * np.sin(2 * np.pi * np.arange(64) / 16), 10).astype(np.float32)
    np.testing.assert_allclose(hop_levels(tone, 64), 10 * np.log10(0.125), atol=1e-4)
    np.testing.assert_allclose(hop_levels(np.zeros(128, np.float32), 64), -100, atol=1e-4)


def test_a_scaled_curve_of_the_bank_is_recognised():
    curves = np.random.default_rng(0).uniform(0, 20, (36, 500)).astype(np.float32)
    scales = np.array([0.3, 0.9], np.float32)
    scale, residual, power = project(scales[:, None] * curves[ENTRY], np.ones((2, 500)), curves)
    np.testing.assert_allclose(scale[:, ENTRY], scales, rtol=1e-5)
    np.testing.assert_allclose(residual[:, ENTRY], 0, atol=1e-5)
    assert (np.delete(residual, ENTRY, axis=1) > 0.01).all()
    np.testing.assert_allclose(power, scales**2 * np.square(curves[ENTRY]).mean(), rtol=1e-4)


def test_hops_that_do_not_count_change_nothing():
    generator = np.random.default_rng(0)
    curves = generator.uniform(0, 20, (3, 100)).astype(np.float32)
    gain = generator.uniform(0, 20, (1, 100)).astype(np.float32)
    heard = (np.arange(100) < 40).astype(np.float32)[None]
    part = project(gain[:, :40], np.ones((1, 40), np.float32), curves[:, :40])
    for found, expected in zip(project(gain, heard, curves), part, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_settings_of_the_bank_are_found_for_any_ratio(dry, profiler):
    """Exact sample by sample; on levels of hops nearly so."""
    profile = profiler.profiles(clips_of_the_entry(dry)).astype(float)
    thresholds, attacks, releases = BANK.shape
    features = 2 * (thresholds + attacks + releases + attacks * releases) + 5
    assert profile.shape == (3, features)
    np.testing.assert_allclose(profile[:, -5:-2], np.tile([1 / 3, 1, 1 / 2], (3, 1)), atol=1e-3)
    np.testing.assert_allclose(profile[:, -2], 1 - 1 / RATIOS, atol=0.01)
    thresholds, attacks, pairs = profile[:, :4], profile[:, 8:11], profile[:, 20:29]
    assert (thresholds.argmin(axis=1) == 1).all()
    assert (attacks.argmin(axis=1) == 2).all()
    assert (pairs.argmin(axis=1) == 2 * 3 + 1).all()
    assert (thresholds.min(axis=1) < 1 - 3 / 2.5).all()  # a residual below a thousandth
    np.testing.assert_allclose(profile[:, 5], 1 - 1 / RATIOS, atol=0.01)  # scale at its threshold


def test_each_scale_belongs_to_its_residual(dry, profiler):
    """A slow search over the whole bank for every feature."""
    clips = clips_of_the_entry(dry)[1:2]
    gain = hop_levels(dry, BANK.hop) - hop_levels(clips, BANK.hop)
    heard = (hop_levels(dry, BANK.hop) > -70).astype(np.float32)[None]
    scale, residual, _ = project(gain, heard, BANK.curves(dry, sample_rate=RATE))
    scale, residual = np.clip(scale, 0, 2).reshape(4, 3, 3), residual.reshape(4, 3, 3)
    parts: list[list[Any]] = [
        [np.s_[t, :, :] for t in range(4)],
        [np.s_[:, a, :] for a in range(3)],
        [np.s_[:, :, r] for r in range(3)],
        [np.s_[:, a, r] for a in range(3) for r in range(3)],
    ]
    expected = []
    for kind in parts:
        best = [np.argmin(residual[part]) for part in kind]
        residuals = [residual[part].flat[i] for part, i in zip(kind, best, strict=True)]
        expected += list(1 + np.log10(np.maximum(residuals, 1e-5)) / 2.5)
        expected += [scale[part].flat[i] for part, i in zip(kind, best, strict=True)]
    found = profiler.profiles(clips)[0, :-5].astype(float)
    np.testing.assert_allclose(found, expected, atol=0.01)


@pytest.mark.parametrize("delay", [441, -200])
def test_a_late_clip_has_nearly_the_same_profile(dry, profiler, delay):
    clips = clips_of_the_entry(dry)
    in_time = profiler.profiles(clips).astype(float)
    late = profiler.profiles(delayed(clips, delay)).astype(float)
    np.testing.assert_allclose(late[:, -5:], in_time[:, -5:], atol=0.03)
    assert np.abs(late - in_time).mean() < 0.02


def test_a_change_of_level_moves_the_curve():
    """6 dB more is gain of -6 dB in every hop, which no compression explains."""
    dry = hits()
    bank = replace(BANK, threshold_db=(-2.0, -1.0))
    louder = GainProfiler(dry, bank, sample_rate=RATE).profiles(2 * dry[None])[0]
    assert louder[-1] == pytest.approx(2 * np.log10(20 * np.log10(2)) / 3, abs=1e-3)
    assert louder[-2] == 0  # a negative projection is no compression


def test_the_loop_itself_has_the_profile_of_no_gain(dry, profiler):
    np.testing.assert_array_equal(profiler.profiles(dry[None])[0], profile_of_no_gain(BANK))


def test_profiles_repeat_to_the_bit(dry, profiler):
    clips = clips_of_the_entry(dry)
    again = GainProfiler(dry, BANK, sample_rate=RATE)
    np.testing.assert_array_equal(profiler.profiles(clips), again.profiles(clips))
