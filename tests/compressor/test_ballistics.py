import numpy as np
import pytest

from siamese_drc.compressor.ballistics import RunningLevel, level_db
from tests.compressor.textbook import drum_loop


def test_peak_level_is_the_magnitude_in_db_down_to_a_floor():
    signal = np.array([1.0, -0.5, 0.1, 1e-6, 1e-7, 0.0], np.float32)
    expected = [0, 20 * np.log10(0.5), -20, -120, -120, -120]
    np.testing.assert_allclose(level_db(signal), expected, atol=1e-6)


def test_rms_level_is_the_held_mean_square_of_the_last_4096_samples():
    loop = drum_loop(9050)
    expected = np.empty(len(loop))
    for n in range(len(loop)):
        last = n // 100 * 100
        window = loop[max(0, last - 4095) : last + 1].astype(np.float64)
        expected[n] = 10 * np.log10(np.sum(window**2) / 4096)
    np.testing.assert_allclose(level_db(loop, "rms"), expected, atol=1e-6)


def test_rms_level_of_a_full_scale_sine_is_3_db_below_its_peak():
    sine = np.sin(2 * np.pi * 64 / 4096 * np.arange(10000)).astype(np.float32)
    assert level_db(sine, "rms")[-1] == pytest.approx(-10 * np.log10(2), abs=1e-5)
    assert level_db(sine, "rms").max() <= 0


@pytest.mark.parametrize("detector", ["peak", "rms"])
def test_the_level_of_blocks_is_bit_identical_to_that_of_the_whole(detector):
    loop = drum_loop(30001)
    running = RunningLevel(detector)
    blocks = np.split(loop, [1, 8, 4103, 8199, 8200, 20000])
    found = np.concatenate([running.of(block) for block in blocks])
    np.testing.assert_array_equal(found, level_db(loop, detector))
