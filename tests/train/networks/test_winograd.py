"""The four sums of a window are those of the convolution as it is defined."""

import numpy as np
import pytest
from numba import njit

from stages.train.networks.lanes import aligned_zeros, padded
from stages.train.networks.winograd import convolve_window, transform_kernel, transform_tile


@njit
def window(image, start, line, channels, weights, tile, sums):
    transform_tile(image, start, line, channels, tile)
    convolve_window(tile, weights, channels, sums)


@pytest.mark.parametrize(("channels", "filters"), [(2, 3), (16, 16), (20, 17)])
def test_a_window_is_convolved(channels, filters):
    generator = np.random.default_rng(0)
    image = generator.normal(size=(6, 7, channels)).astype(np.float32)
    kernel = generator.normal(size=(3, 3, channels, filters)).astype(np.float32)
    y, x = 1, 2
    lanes = padded(filters)
    weights = np.zeros((channels, 16, lanes), np.float32)
    weights[:, :, :filters] = (
        transform_kernel(kernel).reshape(16, channels, filters).transpose(1, 0, 2)
    )
    flat = np.append(image.ravel(), np.zeros(padded(channels), np.float32))
    tile, sums = aligned_zeros(16 * padded(channels)), aligned_zeros(4 * lanes)
    window(flat, (y * 7 + x) * channels, 7 * channels, channels, weights.ravel(), tile, sums)
    expected = [
        np.einsum("ijc,ijcf->f", image[y + row : y + row + 3, x + right : x + right + 3], kernel)
        for row in (0, 1)
        for right in (0, 1)
    ]
    np.testing.assert_allclose(sums.reshape(4, lanes)[:, :filters], expected, atol=2e-5)
