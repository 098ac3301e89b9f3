"""Convolution 3 x 3, max pooling 2 x 2, rectification and dropout in one pass.

A framework computes them one after the other over whole images. Here a window is convolved and
pooled while it is in registers, one filter per vector lane.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from numba import njit

from stages.train.networks.lanes import (
    LANES,
    add_scaled,
    aligned_zeros,
    compiled,
    copy_lanes,
    load,
    padded,
    store,
    zero,
)
from stages.train.networks.side_by_side import side_by_side
from stages.train.networks.winograd import convolve_window, transform_kernel, transform_tile


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
    seed : of the dropout; its lowest 32 bits count

    Returns
    -------
    pooled : ndarray, shape (n, height // 2, width // 2, filters), float32
    position : ndarray, the same shape, uint8
        2 * row + column of the maximum in its window; the first of equal ones.
    """
    n, height, width, channels = images.shape
    filters = kernel.shape[3]
    lanes = padded(filters)
    of_windows = _of_one_channel if channels == 1 else _of_many_channels
    taps = kernel if channels == 1 else transform_kernel(kernel)
    weights = aligned_zeros(taps.size // filters * lanes).reshape(channels, -1, lanes)
    weights[:, :, :filters] = taps.reshape(-1, channels, filters).transpose(1, 0, 2)
    offsets = np.zeros(lanes, np.float32)
    offsets[:filters] = bias
    shape = (n, height // 2, width // 2, filters)
    pooled, position = np.empty(shape, np.float32), np.empty(shape, np.uint8)
    forward = partial(
        of_windows(channels, filters),
        images,
        weights.ravel(),
        offsets,
        np.uint32(rate * 2**32),
        np.float32(1 / (1 - rate)),
        np.uint32(int(seed) & 0xFFFFFFFF),
        pooled.ravel(),
        position.ravel(),
    )
    side_by_side(partial(forward, 0, n // 2), partial(forward, n // 2, n))
    return pooled, position


@cache
def _of_one_channel(_channels: int, filters: int) -> Callable[..., None]:
    """Compile the network's first layer for this number of filters."""
    lanes = padded(filters)

    @compiled
    def forward(images, kernel, bias, dropped_below, scale, seed, pooled, position, first, last):
        height, width = images.shape[1:3]
        rows, columns = height // 2, width // 2
        image = np.zeros((height + 2, width + 2), np.float32)
        sums, best = aligned_zeros(4 * lanes), aligned_zeros(lanes)
        best_at = np.empty(lanes, np.uint8)
        end = last * rows * columns * filters
        for m in range(first, last):
            image[1:-1, 1:-1] = images[m, :, :, 0]
            for y in range(rows):
                for x in range(columns):
                    for f in range(0, lanes, LANES):
                        s0 = s1 = s2 = s3 = zero()
                        for row in range(3):
                            at = 3 * row * lanes + f
                            k0, k1, k2 = _three(kernel, at, lanes)
                            a0, a1, a2, a3 = _four(image, 2 * y + row, 2 * x)
                            b0, b1, b2, b3 = _four(image, 2 * y + row + 1, 2 * x)
                            s0 = _add_row(s0, a0, k0, a1, k1, a2, k2)
                            s1 = _add_row(s1, a1, k0, a2, k1, a3, k2)
                            s2 = _add_row(s2, b0, k0, b1, k1, b2, k2)
                            s3 = _add_row(s3, b1, k0, b2, k1, b3, k2)
                        store(sums, f, s0)
                        store(sums, f + lanes, s1)
                        store(sums, f + 2 * lanes, s2)
                        store(sums, f + 3 * lanes, s3)
                    start = ((m * rows + y) * columns + x) * filters
                    _pool(sums, bias, dropped_below, scale, seed, start, best, best_at)
                    _copy_window(pooled, start, best, filters, end)
                    _copy_window(position, start, best_at, filters, end)

    return forward


@cache
def _of_many_channels(channels: int, filters: int) -> Callable[..., None]:
    """Compile a further layer for these numbers of channels and filters."""
    lanes, depth = padded(filters), padded(channels)

    @compiled
    def forward(images, kernel, bias, dropped_below, scale, seed, pooled, position, first, last):
        height, width = images.shape[1:3]
        rows, columns = height // 2, width // 2
        line = (width + 2) * channels
        flat_image = aligned_zeros((height + 2) * line + depth)
        image = flat_image[: (height + 2) * line].reshape(height + 2, line)
        tile = aligned_zeros(16 * depth)
        sums, best = aligned_zeros(4 * lanes), aligned_zeros(lanes)
        best_at = np.empty(lanes, np.uint8)
        end = last * rows * columns * filters
        for m in range(first, last):
            for y in range(height):
                image[y + 1, channels : line - channels] = images[m, y].reshape(width * channels)
            for y in range(rows):
                for x in range(columns):
                    transform_tile(
                        flat_image, 2 * y * line + 2 * x * channels, line, channels, tile
                    )
                    convolve_window(tile, kernel, channels, sums)
                    start = ((m * rows + y) * columns + x) * filters
                    _pool(sums, bias, dropped_below, scale, seed, start, best, best_at)
                    _copy_window(pooled, start, best, filters, end)
                    _copy_window(position, start, best_at, filters, end)

    return forward


@njit(inline="always")
def _three(kernel, at, lanes):
    return load(kernel, at), load(kernel, at + lanes), load(kernel, at + 2 * lanes)


@njit(inline="always")
def _four(image, y, x):
    return image[y, x], image[y, x + 1], image[y, x + 2], image[y, x + 3]


@njit(inline="always")
def _add_row(total, a, j, b, k, c, m):
    return add_scaled(add_scaled(add_scaled(total, j, a), k, b), m, c)


@njit(inline="always")
def _pool(sums, bias, dropped_below, scale, seed, start, best, best_at):
    """Reduce the four sums of a window to their maximum, rectify and drop."""
    lanes = len(best)
    for f in range(lanes):
        s0, s1, s2, s3 = sums[f], sums[f + lanes], sums[f + 2 * lanes], sums[f + 3 * lanes]
        above = max(s0, s1)
        below = max(s2, s3)
        first = np.uint8(1) if s1 > s0 else np.uint8(0)
        second = np.uint8(3) if s3 > s2 else np.uint8(2)
        value = max(max(above, below) + bias[f], np.float32(0)) * scale
        kept = _hash(np.uint32(start + f) ^ seed) >= dropped_below
        best[f] = value if kept else np.float32(0)
        best_at[f] = second if below > above else first


@njit(inline="always")
def _copy_window(target, start, window, filters, end):
    """Store whole vectors: what the last lanes leave, the next window overwrites."""
    if start + len(window) <= end:
        for f in range(0, len(window), LANES):
            copy_lanes(target, start + f, window, f)
    else:
        for f in range(filters):
            target[start + f] = window[f]


@njit(inline="always")
def _hash(key):
    """Mix 32 bits so that neighbouring keys share nothing (two multiply-xorshift rounds)."""
    key = np.uint32(key ^ (key >> np.uint32(16)))
    key = np.uint32(key * np.uint32(0x7FEB352D))
    key = np.uint32(key ^ (key >> np.uint32(15)))
    key = np.uint32(key * np.uint32(0x846CA68B))
    return np.uint32(key ^ (key >> np.uint32(16)))
