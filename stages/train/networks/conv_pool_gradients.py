"""The gradients of `conv_pool_kernels.conv_pool`.

Pooling lets one of four positions through, and rectifier and dropout stop many of those: only
the positions that passed are visited, a fraction of what the convolution's gradient costs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

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
    # Rows of three pixels, each on whole vectors: what was written is then read back at once.
    weights = np.zeros((filters, 3, 3, depth), np.float32)
    weights[..., :channels] = kernel.transpose(3, 0, 1, 2)
    by_weight = np.zeros_like(weights)
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
    by_kernel = np.ascontiguousarray(by_weight[..., :channels].transpose(1, 2, 3, 0))
    return by_image, by_kernel, by_bias


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
    by_kernel = sum(
        by_patch[:, row, column, row : row + 3, column : column + 3]
        for row in (0, 1)
        for column in (0, 1)
    )
    return np.ascontiguousarray(by_kernel.transpose(1, 2, 0)[:, :, None]), by_bias


@cache
def _gradient(channels: int, filters: int) -> Callable[..., None]:
    """Compile for these numbers of channels and filters."""
    depth = padded(channels)
    run = 3 * depth

    @compiled
    def backward(  # type: ignore[no-untyped-def]
        images, kernel, pooled, position, gradient, scale, by_image, by_weight, by_bias
    ):
        n, height, width = images.shape[:3]
        rows, columns = height // 2, width // 2
        stride = (width + 2) * depth
        image = np.zeros((height + 2) * stride, np.float32)
        image_gradient = np.empty_like(image)
        for m in range(n):
            for y in range(height):
                for x in range(width):
                    for i in range(channels):
                        image[(y + 1) * stride + (x + 1) * depth + i] = images[m, y, x, i]
            image_gradient[:] = np.float32(0)
            for y in range(rows):
                for x in range(columns):
                    for f in range(filters):
                        at = ((m * rows + y) * columns + x) * filters + f
                        if pooled[at] == 0:
                            continue
                        passed = gradient[at] * scale
                        by_bias[f] += passed
                        corner = (2 * y + (position[at] >> 1)) * stride
                        corner += (2 * x + (position[at] & 1)) * depth
                        for row in range(3):
                            for k in range(0, run, LANES):
                                pixel = corner + row * stride + k
                                weight = (3 * f + row) * run + k
                                add_scaled(by_weight, weight, image, pixel, passed)
                                add_scaled(image_gradient, pixel, kernel, weight, passed)
            for y in range(height):
                for x in range(width):
                    for i in range(channels):
                        at = (y + 1) * stride + (x + 1) * depth + i
                        by_image[m, y, x, i] = image_gradient[at]

    return backward


@cache
def _input_layer_gradient(filters: int) -> Callable[..., None]:
    """Compile for this number of filters.

    The 4 x 4 pixels under a window fill the lanes: they are gathered once for all filters.
    """

    @compiled
    def backward(images, pooled, position, gradient, scale, by_patch, by_bias):  # type: ignore[no-untyped-def]
        n, height, width = images.shape[:3]
        rows, columns = height // 2, width // 2
        image = np.zeros((height + 2, width + 2), np.float32)
        patch = np.empty(16, np.float32)
        for m in range(n):
            image[1:-1, 1:-1] = images[m, :, :, 0]
            for y in range(rows):
                for x in range(columns):
                    for row in range(4):
                        for column in range(4):
                            patch[4 * row + column] = image[2 * y + row, 2 * x + column]
                    for f in range(filters):
                        at = ((m * rows + y) * columns + x) * filters + f
                        if pooled[at] == 0:
                            continue
                        passed = gradient[at] * scale
                        by_bias[f] += passed
                        add_scaled(by_patch, (4 * f + position[at]) * 16, patch, 0, passed)

    return backward
