"""RMS curves against librosa's; the gain of clips whose gain is known."""

import librosa
import numpy as np
import pytest

from stages.handcraft.rms_curve import FLOOR_DB, decibels, gain_reduction, rms_curve


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
