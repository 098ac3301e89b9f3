"""Convolution 3 x 3, max pooling 2 x 2, rectification and dropout in one pass.

A framework computes them one after the other over whole images. Here a window is convolved and
pooled while it is in registers, one filter per vector lane.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numba import njit

from stages.train.networks.lanes import LANES, copy_lanes, padded

# A fused multiply-add instead of two roundings; the order of summation stays as written.
compiled = njit(fastmath={"contract"}, nogil=True, cache=True)


def conv_pool(
    images: np.ndarray, kernel: np.ndarray, bias: np.ndarray, rate: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return dropout(relu(max_pool_2x2(conv_3x3_same(images) + bias))), and where the maxima lie.

    Parameters
    ----------
    images : ndarray, shape (n, height, width, channels), float32
    kernel : ndarray, shape (3, 3, channels, filters), float32
    bias : ndarray, shape (filters,), float32
    rate : share of the values that is set to zero; the others are divided by 1 - rate
    seed : of the dropout, unsigned, 32 bits

    Returns
    -------
    pooled : ndarray, shape (n, height // 2, width // 2, filters), float32
    position : ndarray, the same shape, uint8
        2 * row + column of the maximum in its window; the first of equal ones.
    """
    n, height, width, channels = images.shape
    filters = kernel.shape[3]
    lanes = padded(filters)
    weights = np.zeros((channels, 9, lanes), np.float32)
    weights[:, :, :filters] = kernel.reshape(9, channels, filters).transpose(1, 0, 2)
    offsets = np.zeros(lanes, np.float32)
    offsets[:filters] = bias
    shape = (n, height // 2, width // 2, filters)
    size = int(np.prod(shape))
    # Whole vectors are stored: what the last lanes leave, the next window overwrites.
    pooled = np.empty(size + lanes, np.float32)
    position = np.empty(size + lanes, np.uint8)
    _forward(channels, filters)(
        images,
        weights,
        offsets,
        np.uint32(rate * 2**32),
        np.float32(1 / (1 - rate)),
        np.uint32(seed),
        pooled,
        position,
    )
    return pooled[:size].reshape(shape), position[:size].reshape(shape)


@cache
def _forward(channels: int, filters: int) -> Callable[..., None]:
    """Compile for these numbers of channels and filters: as constants they unroll the loops."""
    lanes = padded(filters)

    @compiled
    def forward(images, kernel, bias, dropped_below, scale, seed, pooled, position):
        n, height, width = images.shape[:3]
        rows, columns = height // 2, width // 2
        image = np.zeros((height + 2, width + 2, channels), np.float32)
        sums = np.empty((4, lanes), np.float32)
        best = np.empty(lanes, np.float32)
        best_at = np.empty(lanes, np.uint8)
        for m in range(n):
            image[1:-1, 1:-1] = images[m]
            for y in range(rows):
                for x in range(columns):
                    sums[:] = np.float32(0)
                    for i in range(channels):
                        a0, a1, a2, a3 = _four(image, 2 * y, 2 * x, i)
                        b0, b1, b2, b3 = _four(image, 2 * y + 1, 2 * x, i)
                        c0, c1, c2, c3 = _four(image, 2 * y + 2, 2 * x, i)
                        d0, d1, d2, d3 = _four(image, 2 * y + 3, 2 * x, i)
                        for f in range(lanes):
                            k0, k1, k2 = kernel[i, 0, f], kernel[i, 1, f], kernel[i, 2, f]
                            k3, k4, k5 = kernel[i, 3, f], kernel[i, 4, f], kernel[i, 5, f]
                            k6, k7, k8 = kernel[i, 6, f], kernel[i, 7, f], kernel[i, 8, f]
                            sums[0, f] += (
                                (a0 * k0 + a1 * k1 + a2 * k2)
                                + (b0 * k3 + b1 * k4 + b2 * k5)
                                + (c0 * k6 + c1 * k7 + c2 * k8)
                            )
                            sums[1, f] += (
                                (a1 * k0 + a2 * k1 + a3 * k2)
                                + (b1 * k3 + b2 * k4 + b3 * k5)
                                + (c1 * k6 + c2 * k7 + c3 * k8)
                            )
                            sums[2, f] += (
                                (b0 * k0 + b1 * k1 + b2 * k2)
                                + (c0 * k3 + c1 * k4 + c2 * k5)
                                + (d0 * k6 + d1 * k7 + d2 * k8)
                            )
                            sums[3, f] += (
                                (b1 * k0 + b2 * k1 + b3 * k2)
                                + (c1 * k3 + c2 * k4 + c3 * k5)
                                + (d1 * k6 + d2 * k7 + d3 * k8)
                            )
                    start = ((m * rows + y) * columns + x) * filters
                    for f in range(lanes):
                        s0, s1, s2, s3 = sums[0, f], sums[1, f], sums[2, f], sums[3, f]
                        left = max(s0, s1)
                        right = max(s2, s3)
                        first = np.uint8(1) if s1 > s0 else np.uint8(0)
                        second = np.uint8(3) if s3 > s2 else np.uint8(2)
                        value = max(max(left, right) + bias[f], np.float32(0)) * scale
                        kept = _hash(np.uint32(start + f) ^ seed) >= dropped_below
                        best[f] = value if kept else np.float32(0)
                        best_at[f] = second if right > left else first
                    for f in range(0, lanes, LANES):
                        copy_lanes(pooled, start + f, best, f)
                        copy_lanes(position, start + f, best_at, f)

    return forward


@njit(inline="always")
def _four(image, y, x, channel):
    return (
        image[y, x, channel],
        image[y, x + 1, channel],
        image[y, x + 2, channel],
        image[y, x + 3, channel],
    )


@njit(inline="always")
def _hash(key):
    """Mix 32 bits so that neighbouring keys share nothing (two multiply-xorshift rounds)."""
    key = np.uint32(key ^ (key >> np.uint32(16)))
    key = np.uint32(key * np.uint32(0x7FEB352D))
    key = np.uint32(key ^ (key >> np.uint32(15)))
    key = np.uint32(key * np.uint32(0x846CA68B))
    return np.uint32(key ^ (key >> np.uint32(16)))
