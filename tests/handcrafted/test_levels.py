"""RMS curves against librosa's; levels compressed by a known gain or the static curve."""

import librosa
import numpy as np
import pytest

from siamese_drc.handcrafted.levels import (
    FLOOR_DB,
    decibels,
    gain_reduction,
    ratio_features,
    rms_curve,
    threshold_features,
)
from tests.handcrafted.signals import RATE, tone

SIZES = {"frame": 1024, "hop": 256}


def statically_compressed(level: np.ndarray, threshold: float, ratio: float) -> np.ndarray:
    return np.minimum(level, threshold + (level - threshold) / ratio)


@pytest.mark.parametrize("samples", [1000, 4096, 22051])
def test_rms_curve_is_librosas(samples):
    noise = np.random.default_rng(0).standard_normal((2, samples)).astype(np.float32)
    expected = librosa.feature.rms(y=noise, frame_length=1024, hop_length=256, pad_mode="constant")[
        :, 0
    ]
    np.testing.assert_allclose(rms_curve(noise, frame=1024, hop=256), expected, rtol=1e-5)


def test_decibels_have_a_floor():
    np.testing.assert_allclose(decibels(np.array([1.0, 0.1, 0.0])), [0.0, -20.0, FLOOR_DB])


def test_gain_reduction_is_held_where_the_dry_loop_is_silent():
    dry = np.array([-160.0, -20.0, -30.0, -100.0, -160.0, -40.0])
    clips = np.array([[-160.0, -26.0, -33.0, -101.0, -160.0, -41.0], [-160.0, *dry[1:]]])
    np.testing.assert_allclose(gain_reduction(dry, clips), [[0, 6, 3, 3, 3, 1], [0] * 6])


@pytest.mark.parametrize("ratio", [1.5, 4.0, 20.0])
def test_the_slope_of_loud_frames_is_one_over_the_ratio(ratio):
    dry = np.linspace(-60, 0, 121)
    found = ratio_features(dry, statically_compressed(dry, -35, ratio)[None])
    np.testing.assert_allclose(found["ratio.slope"], 1 / ratio)


def test_the_variance_ratio_is_one_over_the_ratio_squared_where_all_is_compressed():
    dry = np.linspace(-60, 0, 121)
    found = ratio_features(dry, statically_compressed(dry, -70, 4.0)[None])
    np.testing.assert_allclose(found["ratio.variance_ratio"], 1 / 16)


@pytest.mark.parametrize("threshold", [-40.0, -20.0])
def test_the_lowest_reduced_level_lies_half_a_decibel_of_gain_above_the_threshold(threshold):
    dry = np.linspace(-60, 0, 6001)
    reduction = dry - statically_compressed(dry, threshold, 2.0)
    found = threshold_features(dry, reduction[None])
    np.testing.assert_allclose(found["threshold.lowest_reduced_level"], threshold + 1.0, atol=0.02)


def test_percentiles_of_the_reduction():
    dry, reduction = np.full(101, -20.0), np.linspace(0, 10, 101)
    found = threshold_features(dry, reduction[None])
    expected = {"5": 0.5, "25": 2.5, "50": 5.0, "75": 7.5, "95": 9.5}
    for percentile, value in expected.items():
        np.testing.assert_allclose(found[f"threshold.reduction_p{percentile}"], value)


def test_a_step_compressed_tone():
    """Steps of 6 dB, each of 0.2 s, above -30 dB (of RMS) reduced by 3:1."""
    steps = np.repeat(np.arange(-45.0, 0.0, 6.0), RATE // 5)
    dry = tone(1000, np.sqrt(2) * 10 ** (steps / 20))
    gain = 10 ** ((statically_compressed(steps, -30, 3.0) - steps) / 20)
    x, y = decibels(rms_curve(np.stack([dry, (gain * dry).astype(np.float32)]), **SIZES))
    np.testing.assert_allclose(ratio_features(x, y[None])["ratio.slope"], 1 / 3, atol=0.01)
    found = threshold_features(x, gain_reduction(x, y[None]))
    np.testing.assert_allclose(found["threshold.reduction_p5"], 0.0, atol=0.01)
    np.testing.assert_allclose(found["threshold.reduction_p95"], 2 / 3 * 27, atol=0.1)
    # Frames in which -33 dB and -27 dB meet lie in between.
    assert -33 < found["threshold.lowest_reduced_level"][0] <= -26.9


def test_nothing_reduced_and_nothing_audible():
    for level in (np.linspace(-60, 0, 50), np.full(50, -160.0)):
        threshold, ratio = (
            threshold_features(level, np.zeros((2, 50))),
            ratio_features(level, np.stack([level, level])),
        )
        np.testing.assert_array_equal(threshold["threshold.lowest_reduced_level"], 0)
        np.testing.assert_array_equal(threshold["threshold.reduction_p95"], 0)
        np.testing.assert_allclose(ratio["ratio.slope"], 1)
        np.testing.assert_allclose(ratio["ratio.variance_ratio"], 1)
