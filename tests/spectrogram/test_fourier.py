"""The compiled FFT against NumPy's, for every length, in single precision."""

import numpy as np
import pytest

from stages.spectrogram.fourier import LANES, plan, write_power


def power_of(padded, n_fft, frames):
    power = np.full((n_fft // 2 + 1, frames), np.nan, np.float32)
    write_power(padded, 0, plan(n_fft), power)
    return power


def numpys(padded, n_fft):
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    frames = np.lib.stride_tricks.sliding_window_view(padded.astype(float), n_fft)
    return np.abs(np.fft.rfft(frames[:: n_fft // 2] * window).T) ** 2


@pytest.mark.parametrize("n_fft", [8, 16, 32, 64, 128, 256, 512, 1024, 2048])
def test_power_is_numpys_to_single_precision(n_fft):
    frames = 2 * LANES
    generator = np.random.default_rng(n_fft)
    padded = generator.standard_normal((frames + 1) * n_fft // 2).astype(np.float32)
    expected = numpys(padded, n_fft)
    found = power_of(padded, n_fft, frames)
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=2e-6 * expected.max())


@pytest.mark.parametrize("amplitude", [1e-6, 1.0, 1e4])
def test_a_quiet_frame_beside_a_loud_one_keeps_its_precision(amplitude):
    n_fft = 64
    noise = np.random.default_rng(0).standard_normal(n_fft).astype(np.float32)
    padded = np.zeros((LANES + 1) * n_fft // 2, np.float32)
    padded[:n_fft] = noise * np.float32(amplitude)  # frame 0, and halves of its neighbours
    padded[4 * n_fft : 5 * n_fft] = 1e4 * noise
    found = power_of(padded, n_fft, LANES)[:, 0]
    expected = numpys(padded, n_fft)[:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6 * expected.max())


def test_a_block_of_frames_begins_where_it_is_told():
    n_fft = 32
    padded = np.random.default_rng(0).standard_normal((3 * LANES + 1) * n_fft // 2)
    padded = padded.astype(np.float32)
    all_frames = power_of(padded, n_fft, 3 * LANES)
    later = np.full((n_fft // 2 + 1, 4 * LANES), np.nan, np.float32)
    write_power(padded, LANES, plan(n_fft), later)
    np.testing.assert_array_equal(later[:, : 2 * LANES], all_frames[:, LANES:])
    assert np.isnan(later[:, 2 * LANES :]).all()
