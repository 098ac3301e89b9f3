"""A 2 x 2 window of a 3 x 3 convolution with 16 multiplications in the place of 36.

A window of the pooling is a tile of the minimal filtering algorithm F(2 x 2, 3 x 3): kernel and
4 x 4 image tile are transformed, multiplied and summed over channels, and transformed back.

References
----------
Lavin and Gray (2016), Fast Algorithms for Convolutional Neural Networks, section 4.1.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from stages.train.networks.lanes import LANES, add, add_scaled, load, store, subtract, zero

OF_KERNEL = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], np.float32)  # G


def transform_kernel(kernel: np.ndarray) -> np.ndarray:
    """Return G g G^T of every filter, (3, 3, channels, filters) -> (4, 4, channels, filters)."""
    rows = np.tensordot(OF_KERNEL, kernel, axes=(1, 0))
    return np.tensordot(OF_KERNEL, rows, axes=(1, 1)).swapaxes(0, 1)


@njit(inline="always")
def transform_tile(image, start, line, channels, tile):
    """Write B^T d B of the tile of a flat image from `start` on, a channel per lane.

    `tile`, 16 rows of whole vectors, takes it row by row.
    """
    depth = len(tile) // 16
    for k in range(0, depth, LANES):
        at = start + k
        a0, a1, a2, a3 = _four(image, at, channels)
        b0, b1, b2, b3 = _four(image, at + line, channels)
        c0, c1, c2, c3 = _four(image, at + 2 * line, channels)
        d0, d1, d2, d3 = _four(image, at + 3 * line, channels)
        _store_column(tile, k, depth, a0, b0, c0, d0)
        _store_column(tile, k + depth, depth, a1, b1, c1, d1)
        _store_column(tile, k + 2 * depth, depth, a2, b2, c2, d2)
        _store_column(tile, k + 3 * depth, depth, a3, b3, c3, d3)


@njit(inline="always")
def convolve_window(tile, kernel, channels, sums):
    """Write the four sums of a window, each of whole vectors of filters, in rows.

    `kernel` is flat, (channels, 16, vectors of filters).
    """
    lanes, depth = len(sums) // 4, len(tile) // 16
    for f in range(0, lanes, LANES):
        a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = zero()
        c0 = c1 = c2 = c3 = d0 = d1 = d2 = d3 = zero()
        for i in range(channels):
            at = 16 * i * lanes + f
            a0, a1, a2, a3 = _add_row(a0, a1, a2, a3, kernel, at, lanes, tile, i, depth)
            at += 4 * lanes
            b0, b1, b2, b3 = _add_row(b0, b1, b2, b3, kernel, at, lanes, tile, i + 4 * depth, depth)
            at += 4 * lanes
            c0, c1, c2, c3 = _add_row(c0, c1, c2, c3, kernel, at, lanes, tile, i + 8 * depth, depth)
            at += 4 * lanes
            d0, d1, d2, d3 = _add_row(
                d0, d1, d2, d3, kernel, at, lanes, tile, i + 12 * depth, depth
            )
        a0, a1 = _two(a0, a1, a2, a3)
        b0, b1 = _two(b0, b1, b2, b3)
        c0, c1 = _two(c0, c1, c2, c3)
        d0, d1 = _two(d0, d1, d2, d3)
        s0, s2 = _two(a0, b0, c0, d0)
        s1, s3 = _two(a1, b1, c1, d1)
        store(sums, f, s0)
        store(sums, f + lanes, s1)
        store(sums, f + 2 * lanes, s2)
        store(sums, f + 3 * lanes, s3)


@njit(inline="always")
def _four(image, at, channels):
    """Return d B of one line of a tile."""
    p0, p1 = load(image, at), load(image, at + channels)
    p2, p3 = load(image, at + 2 * channels), load(image, at + 3 * channels)
    return subtract(p0, p2), add(p1, p2), subtract(p2, p1), subtract(p1, p3)


@njit(inline="always")
def _store_column(tile, at, depth, a, b, c, d):
    """Store B^T times a column."""
    store(tile, at, subtract(a, c))
    store(tile, at + 4 * depth, add(b, c))
    store(tile, at + 8 * depth, subtract(c, b))
    store(tile, at + 12 * depth, subtract(b, d))


@njit(inline="always")
def _add_row(s0, s1, s2, s3, kernel, at, lanes, tile, i, depth):
    """Add the products of one channel in a row of the transformed tile."""
    s0 = add_scaled(s0, load(kernel, at), tile[i])
    s1 = add_scaled(s1, load(kernel, at + lanes), tile[i + depth])
    s2 = add_scaled(s2, load(kernel, at + 2 * lanes), tile[i + 2 * depth])
    s3 = add_scaled(s3, load(kernel, at + 3 * lanes), tile[i + 3 * depth])
    return s0, s1, s2, s3


@njit(inline="always")
def _two(p0, p1, p2, p3):
    """Return p A, the way back from four values to two."""
    return add(add(p0, p1), p2), subtract(subtract(p1, p2), p3)
