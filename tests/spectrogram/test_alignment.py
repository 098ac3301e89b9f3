"""A clip that was moved is found, to the sample, whatever the compressor made of it."""

import numpy as np
import pytest

from stages.compress.compressor import compress
from stages.compress.settings import Settings
from stages.spectrogram.alignment import delayed, find_delays

RATE = 44100
SETTINGS = Settings([-10, -30, -45, -45], [2, 4, 20, 20], [1, 20, 5, 80], [10, 200, 900, 60])


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
def test_blocks_are_one_correlation(samples):
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


def test_what_moves_in_is_silence():
    clip = np.arange(1.0, 6.0)
    assert delayed(clip, 2).tolist() == [0, 0, 1, 2, 3]
    assert delayed(clip, -2).tolist() == [3, 4, 5, 0, 0]
    assert delayed(clip, 0).tolist() == clip.tolist()
