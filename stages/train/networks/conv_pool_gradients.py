"""The gradients of `conv_pool_kernels.conv_pool`.

Pooling lets one of four positions through, and rectifier and dropout stop many of those: only
the positions that passed are visited, a fraction of what the convolution's gradient costs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numba import njit

from stages.train.networks.conv_pool_kernels import compiled
from stages.train.networks.lanes import LANES, add_scaled, padded


def conv_pool_gradient(
    images: np.ndarray,
    kernel: np.ndarray,
    pooled: np.ndarray,
    position: np.ndarray,
    rate: float,
    gradient: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients by images, kernel and bias.

    Parameters
    ----------
    images, kernel, rate : as given to `conv_pool`
    pooled, position : as it returned them
    gradient : ndarray, the shape of `pooled`, float32
        The gradient by `pooled`.
    """
    channels, filters = kernel.shape[2:]
    depth = padded(channels)
    weights = np.zeros((filters, 3, 3, depth), np.float32)
    weights[..., :channels] = kernel.transpose(3, 0, 1, 2)
    by_weight = np.zeros((filters, 3, padded(3 * channels)), np.float32)
    by_bias = np.zeros(filters, np.float32)
    by_image = np.empty_like(images)
    _gradient(channels, filters)(
        images,
        weights.ravel(),
        pooled.ravel(),
        position.ravel(),
        gradient.ravel(),
        np.float32(1 / (1 - rate)),
        by_image,
        by_weight.ravel(),
        by_bias,
    )
    by_tap = by_weight[:, :, : 3 * channels].reshape(filters, 3, 3, channels)
    return by_image, np.ascontiguousarray(by_tap.transpose(1, 2, 3, 0)), by_bias


def input_layer_gradient(
    images: np.ndarray,
    kernel: np.ndarray,
    pooled: np.ndarray,
    position: np.ndarray,
    rate: float,
    gradient: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients by kernel and bias where the images have one channel.

    Parameters
    ----------
    As those of `conv_pool_gradient`.
    """
    filters = kernel.shape[3]
    by_patch = np.zeros((filters, 2, 2, 4, 4), np.float32)
    by_bias = np.zeros(filters, np.float32)
    _input_layer_gradient(filters)(
        images,
        pooled.ravel(),
        position.ravel(),
        gradient.ravel(),
        np.float32(1 / (1 - rate)),
        by_patch.ravel(),
        by_bias,
    )
    # A window's maximum at (row, column) saw 3 x 3 pixels of the 4 x 4, from there on.
    by_kernel = np.sum(
        [
            by_patch[:, row, column, row : row + 3, column : column + 3]
            for row in (0, 1)
            for column in (0, 1)
        ],
        axis=0,
    )
    return np.ascontiguousarray(by_kernel.transpose(1, 2, 0)[:, :, None]), by_bias


@cache
def _gradient(channels: int, filters: int) -> Callable[..., None]:
    """Compile for these numbers of channels and filters."""
    depth = padded(channels)
    row_of_taps = padded(3 * channels)

    @compiled
    def backward(images, kernel, pooled, position, gradient, scale, by_image, by_weight, by_bias):
        n, height, width = images.shape[:3]
        rows, columns = height // 2, width // 2
        line = (width + 2) * channels
        flat_image = np.zeros((height + 2) * line + LANES, np.float32)
        image = flat_image[: (height + 2) * line].reshape(height + 2, width + 2, channels)
        # The gradient of the four lines under a row of windows, a pixel on whole vectors: what was
        # written is read back at once, and all of it stays in the nearest cache.
        stride = (width + 2) * depth
        lines = np.zeros((4, width + 2, depth), np.float32)
        flat_lines = lines.reshape(-1)
        passing = np.empty(filters, np.int64)
        for m in range(n):
            image[1:-1, 1:-1] = images[m]
            lines[:] = np.float32(0)
            for y in range(rows):
                for x in range(columns):
                    start = ((m * rows + y) * columns + x) * filters
                    count = _passing(pooled, start, passing)
                    for j in range(count):
                        f = passing[j]
                        at = position[start + f]
                        below, right = at >> 1, at & 1
                        passed = gradient[start + f] * scale
                        by_bias[f] += passed
                        for row in range(3):
                            pixel = (2 * y + below + row) * line + (2 * x + right) * channels
                            tap = (3 * f + row) * row_of_taps
                            for k in range(0, row_of_taps, LANES):
                                add_scaled(by_weight, tap + k, flat_image, pixel + k, passed)
                            pixel = (below + row) * stride + (2 * x + right) * depth
                            tap = (3 * f + row) * 3 * depth
                            for k in range(0, 3 * depth, LANES):
                                add_scaled(flat_lines, pixel + k, kernel, tap + k, passed)
                # The upper two lines are complete: image lines 2 y - 1 and 2 y.
                for row in range(2):
                    if 2 * y - 1 + row >= 0:
                        by_image[m, 2 * y - 1 + row] = lines[row, 1:-1, :channels]
                lines[:2] = lines[2:]
                lines[2:] = np.float32(0)
            by_image[m, 2 * rows - 1] = lines[0, 1:-1, :channels]
            if height > 2 * rows:
                by_image[m, 2 * rows] = lines[1, 1:-1, :channels]

    return backward


@njit(inline="always")
def _passing(pooled, start, passing):
    """List the filters whose maximum passed rectifier and dropout, without branching."""
    count = 0
    for f in range(len(passing)):
        passing[count] = f
        count += pooled[start + f] > 0
    return count


@cache
def _input_layer_gradient(filters: int) -> Callable[..., None]:
    """Compile for this number of filters.

    The 4 x 4 pixels under a window fill the lanes: they are gathered once for all filters.
    """

    @compiled
    def backward(images, pooled, position, gradient, scale, by_patch, by_bias):
        n, height, width = images.shape[:3]
        rows, columns = height // 2, width // 2
        image = np.zeros((height + 2, width + 2), np.float32)
        patch = np.empty(16, np.float32)
        passing = np.empty(filters, np.int64)
        for m in range(n):
            image[1:-1, 1:-1] = images[m, :, :, 0]
            for y in range(rows):
                for x in range(columns):
                    for row in range(4):
                        for column in range(4):
                            patch[4 * row + column] = image[2 * y + row, 2 * x + column]
                    start = ((m * rows + y) * columns + x) * filters
                    count = _passing(pooled, start, passing)
                    for j in range(count):
                        f = passing[j]
                        passed = gradient[start + f] * scale
                        by_bias[f] += passed
                        add_scaled(by_patch, (4 * f + position[start + f]) * 16, patch, 0, passed)

    return backward
