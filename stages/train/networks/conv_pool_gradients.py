"""The gradients of `conv_pool_kernels.conv_pool`.

Pooling lets one of four positions through, and rectifier and dropout stop some of those: only the
positions that passed are visited, a fraction of what the convolution's gradient costs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from numba import njit

from stages.train.networks.lanes import (
    LANES,
    add,
    add_scaled,
    aligned_zeros,
    compiled,
    load,
    load_first,
    padded,
    store,
    where_code,
    where_positive,
)
from stages.train.networks.side_by_side import side_by_side

BLOCK = 32  # windows of a row whose lines stay in the nearest cache


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
    depth, row_of_taps = padded(channels), padded(3 * channels)
    scale = np.float32(1 / (1 - rate))
    weights = aligned_zeros(filters * 9 * depth).reshape(filters, 3, 3, depth)
    weights[..., :channels] = scale * kernel.transpose(3, 0, 1, 2)
    by_weight = aligned_zeros(filters * 3 * row_of_taps).reshape(filters, 3, row_of_taps)
    by_bias = aligned_zeros(padded(filters))
    # Whole vectors are stored: what the last lanes leave, the next pixel overwrites.
    by_image = np.empty(images.size + depth, np.float32)
    passed = (pooled.ravel(), position.ravel(), gradient.ravel())
    side_by_side(
        partial(_by_image(channels, filters), weights.ravel(), *passed, by_image, images.shape),
        partial(_by_weight(channels, filters), images, *passed, by_weight.ravel(), by_bias),
    )
    by_kernel = by_weight[:, :, : 3 * channels].reshape(filters, 3, 3, channels)
    return (
        by_image[: images.size].reshape(images.shape),
        scale * by_kernel.transpose(1, 2, 3, 0),
        scale * by_bias[:filters],
    )


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
    scale = np.float32(1 / (1 - rate))
    by_kernel = aligned_zeros(9 * padded(filters)).reshape(9, -1)
    by_bias = aligned_zeros(padded(filters))
    _of_one_channel(filters)(
        images, pooled.ravel(), position.ravel(), gradient.ravel(), by_kernel.ravel(), by_bias
    )
    return scale * by_kernel[:, :filters].reshape(kernel.shape), scale * by_bias[:filters]


@cache
def _by_weight(channels: int, filters: int) -> Callable[..., None]:
    """Compile the gradients by kernel and bias for these numbers of channels and filters."""
    row_of_taps = padded(3 * channels)

    @compiled
    def backward(images, pooled, position, gradient, by_weight, by_bias):
        n, height, width = images.shape[:3]
        rows, columns = height // 2, width // 2
        line = (width + 2) * channels
        image = aligned_zeros((height + 2) * line + LANES)
        image_lines = image[: (height + 2) * line].reshape(height + 2, line)
        pixels = np.empty(BLOCK, np.int64)
        passed = np.empty(BLOCK, np.float32)
        for m in range(n):
            for y in range(height):
                of_line = images[m, y].reshape(width * channels)
                image_lines[y + 1, channels : line - channels] = of_line
            for y in range(rows):
                row = (m * rows + y) * columns
                for f in range(0, filters, LANES):
                    total = load(by_bias, f)
                    for x in range(columns):
                        at = (row + x) * filters + f
                        total = add(total, _passing(gradient, pooled, at, filters - f))
                    store(by_bias, f, total)
                for first in range(0, columns, BLOCK):
                    last = min(columns, first + BLOCK)
                    for f in range(filters):
                        at = (row + first) * filters + f
                        count = _passed_windows(
                            pooled,
                            position,
                            gradient,
                            at,
                            filters,
                            first,
                            last,
                            width,
                            pixels,
                            passed,
                        )
                        for k in range(0, row_of_taps, LANES):
                            tap = 3 * f * row_of_taps + k
                            s0, s1, s2 = _three(by_weight, tap, row_of_taps)
                            for j in range(count):
                                place = 2 * y * line + pixels[j] * channels + k
                                p0, p1, p2 = _three(image, place, line)
                                s0 = add_scaled(s0, p0, passed[j])
                                s1 = add_scaled(s1, p1, passed[j])
                                s2 = add_scaled(s2, p2, passed[j])
                            _store_three(by_weight, tap, row_of_taps, s0, s1, s2)

    return backward


@cache
def _by_image(channels: int, filters: int) -> Callable[..., None]:
    """Compile the gradient by the images for these numbers of channels and filters."""
    depth = padded(channels)

    @compiled
    def backward(kernel, pooled, position, gradient, by_image, shape):
        n, height, width = shape[:3]
        rows, columns = height // 2, width // 2
        # The gradient of the four lines under a row of windows, a pixel on whole vectors.
        stride = (width + 2) * depth
        lines = aligned_zeros(4 * stride)
        pixels = np.empty(BLOCK, np.int64)
        passed = np.empty(BLOCK, np.float32)
        for m in range(n):
            lines[:] = np.float32(0)
            for y in range(rows):
                row = (m * rows + y) * columns
                for first in range(0, columns, BLOCK):
                    last = min(columns, first + BLOCK)
                    for f in range(filters):
                        at = (row + first) * filters + f
                        count = _passed_windows(
                            pooled,
                            position,
                            gradient,
                            at,
                            filters,
                            first,
                            last,
                            width,
                            pixels,
                            passed,
                        )
                        for k in range(0, 3 * depth, LANES):
                            w0, w1, w2 = _three(kernel, 9 * f * depth + k, 3 * depth)
                            for j in range(count):
                                place = pixels[j] * depth + k
                                p0, p1, p2 = _three(lines, place, stride)
                                p0 = add_scaled(p0, w0, passed[j])
                                p1 = add_scaled(p1, w1, passed[j])
                                p2 = add_scaled(p2, w2, passed[j])
                                _store_three(lines, place, stride, p0, p1, p2)
                # The upper two lines are complete: image lines 2 y - 1 and 2 y.
                if y > 0:
                    _copy_line(lines, 0, by_image, m * height + 2 * y - 1, width, channels, depth)
                _copy_line(lines, stride, by_image, m * height + 2 * y, width, channels, depth)
                lines[: 2 * stride] = lines[2 * stride :]
                lines[2 * stride :] = np.float32(0)
            _copy_line(lines, 0, by_image, m * height + 2 * rows - 1, width, channels, depth)
            if height > 2 * rows:
                _copy_line(lines, stride, by_image, m * height + 2 * rows, width, channels, depth)

    return backward


@cache
def _of_one_channel(filters: int) -> Callable[..., None]:
    """Compile for this number of filters."""
    lanes = padded(filters)

    @compiled
    def backward(images, pooled, position, gradient, by_kernel, by_bias):
        n, height, width = images.shape[:3]
        rows, columns = height // 2, width // 2
        image = np.zeros((height + 2, width + 2), np.float32)
        for m in range(n):
            image[1:-1, 1:-1] = images[m, :, :, 0]
            for y in range(rows):
                for f in range(0, lanes, LANES):
                    total = load(by_bias, f)
                    k0, k1, k2 = _three(by_kernel, f, lanes)
                    k3, k4, k5 = _three(by_kernel, f + 3 * lanes, lanes)
                    k6, k7, k8 = _three(by_kernel, f + 6 * lanes, lanes)
                    for x in range(columns):
                        at = ((m * rows + y) * columns + x) * filters + f
                        g = _passing(gradient, pooled, at, filters - f)
                        total = add(total, g)
                        maximum = load_first(position, at, filters - f)
                        g0, g1 = where_code(g, maximum, 0), where_code(g, maximum, 1)
                        g2, g3 = where_code(g, maximum, 2), where_code(g, maximum, 3)
                        a0, a1, a2, a3 = _four(image, 2 * y, 2 * x)
                        b0, b1, b2, b3 = _four(image, 2 * y + 1, 2 * x)
                        c0, c1, c2, c3 = _four(image, 2 * y + 2, 2 * x)
                        d0, d1, d2, d3 = _four(image, 2 * y + 3, 2 * x)
                        k0 = _add_window(k0, g0, a0, g1, a1, g2, b0, g3, b1)
                        k1 = _add_window(k1, g0, a1, g1, a2, g2, b1, g3, b2)
                        k2 = _add_window(k2, g0, a2, g1, a3, g2, b2, g3, b3)
                        k3 = _add_window(k3, g0, b0, g1, b1, g2, c0, g3, c1)
                        k4 = _add_window(k4, g0, b1, g1, b2, g2, c1, g3, c2)
                        k5 = _add_window(k5, g0, b2, g1, b3, g2, c2, g3, c3)
                        k6 = _add_window(k6, g0, c0, g1, c1, g2, d0, g3, d1)
                        k7 = _add_window(k7, g0, c1, g1, c2, g2, d1, g3, d2)
                        k8 = _add_window(k8, g0, c2, g1, c3, g2, d2, g3, d3)
                    store(by_bias, f, total)
                    _store_three(by_kernel, f, lanes, k0, k1, k2)
                    _store_three(by_kernel, f + 3 * lanes, lanes, k3, k4, k5)
                    _store_three(by_kernel, f + 6 * lanes, lanes, k6, k7, k8)

    return backward


@njit(inline="always")
def _passed_windows(pooled, position, gradient, at, filters, first, last, width, pixels, passed):
    """List the windows of a block that let one filter through: where, and how much."""
    count = 0
    for x in range(first, last):
        below, right = np.int64(position[at] >> 1), np.int64(position[at] & 1)
        pixels[count] = below * (width + 2) + 2 * x + right
        passed[count] = gradient[at]
        count += pooled[at] > 0
        at += filters
    return count


@njit(inline="always")
def _passing(gradient, pooled, at, count):
    """Return the gradients of the filters whose maximum passed rectifier and dropout."""
    return where_positive(load_first(gradient, at, count), load_first(pooled, at, count))


@njit(inline="always")
def _three(array, at, stride):
    return load(array, at), load(array, at + stride), load(array, at + 2 * stride)


@njit(inline="always")
def _store_three(array, at, stride, a, b, c):
    store(array, at, a)
    store(array, at + stride, b)
    store(array, at + 2 * stride, c)


@njit(inline="always")
def _four(image, y, x):
    return image[y, x], image[y, x + 1], image[y, x + 2], image[y, x + 3]


@njit(inline="always")
def _add_window(total, g0, a, g1, b, g2, c, g3, d):
    return add_scaled(add_scaled(add_scaled(add_scaled(total, g0, a), g1, b), g2, c), g3, d)


@njit(inline="always")
def _copy_line(lines, start, by_image, line, width, channels, depth):
    """Copy a finished line, without its margins and its lanes beyond the channels."""
    for x in range(width):
        for k in range(0, depth, LANES):
            at = (line * width + x) * channels + k
            store(by_image, at, load(lines, start + (x + 1) * depth + k))
