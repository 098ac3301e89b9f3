"""Statistics of a clip's input beside the dry loop's, of clips whose gain is known."""

import numpy as np
import pytest

from siamese_drc.inputs.spectrogram import represent
from siamese_drc.inputs.statistics import FRAME, difference_statistics


def test_they_are_the_mean_and_the_deviation_over_time_of_each_band():
    generator = np.random.default_rng(0)
    dry, clips = generator.normal(-40, 10, (5, 30)), generator.normal(-45, 10, (3, 5, 30))
    found = difference_statistics(dry.astype(np.float16), clips.astype(np.float16))
    assert found.shape == (3, 10)
    assert found.dtype == np.float32
    for row, clip in zip(found, clips, strict=True):
        for band in range(5):
            difference = dry[band] - clip[band]
            assert row[band] == pytest.approx(difference.mean(), abs=0.02)
            assert row[5 + band] == pytest.approx(difference.std(), abs=0.02)


@pytest.mark.parametrize("kind", [{"n_fft": 128}, {"samples": 22050}])
def test_a_constant_gain_is_the_mean_and_has_no_deviation(kind):
    dry = np.random.default_rng(0).normal(0, 0.1, 22050).astype(np.float32)
    gains_db = np.array([0.0, -6.0, -12.0])
    clips = dry * 10 ** (gains_db[:, None] / 20).astype(np.float32)
    inputs = [represent(signal, sample_rate=44100, **kind) for signal in (dry, clips)]
    mean, deviation = np.split(difference_statistics(*inputs), 2, axis=1)
    np.testing.assert_allclose(mean, np.broadcast_to(-gains_db[:, None], mean.shape), atol=0.02)
    assert deviation.max() < 0.05


def test_levels_of_a_waveform_are_those_of_its_frames():
    """Half of the frames 12.04 dB lower, a part of a frame at the end left out."""
    dry = np.ones(8 * FRAME + FRAME // 2, np.float16)
    clip = np.repeat(np.array([1.0, 0.25], np.float16), [4 * FRAME, 4 * FRAME + FRAME // 2])
    (found,) = difference_statistics(dry, clip[None])
    np.testing.assert_allclose(found, [6.0206, 6.0206], rtol=1e-4)


def test_silence_has_finite_statistics():
    found = difference_statistics(np.zeros(4 * FRAME), np.zeros((2, 4 * FRAME)))
    np.testing.assert_array_equal(found, np.zeros((2, 2)))
