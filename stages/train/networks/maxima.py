"""Model 3 in compiled loops: what is done to a spectrogram around a convolution.

The compiler may take sums in any order, which is the same on every run: so it can use vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from stages.train.networks.correlation import correlate, correlate_by_weights


def compiled_sums(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function whose sums may be taken in any order."""
    return njit(function, fastmath={"contract", "reassoc", "nsz"}, nogil=True, cache=True)


@compiled_sums
def forward_images(
    spectrograms, before, rows, offsets, weights, start, scale, features, moments, extremes
):
    """Write the rectified features, the moments of their rows, and their extremes.

    Parameters
    ----------
    spectrograms : ndarray, shape (n, bands, frames), float32
    before, rows, offsets : as `Bands` has them
    weights, start : as those of `correlate`
    scale : ndarray, shape (filters,), float32
    features : ndarray, shape (n, blocks * block, filters, whole vectors of frames), float32
    moments : ndarray, shape (2, n, positions, filters), float64
        Mean of each row, and sum of squares around it.
    extremes : ndarray, shape (n, filters, frames), float32
        What is largest over the positions when scaled.
    """
    _, bands, frames = spectrograms.shape
    blocks = len(offsets)
    _, all_positions, filters, steps = features.shape
    positions = moments.shape[2]
    for m in range(len(spectrograms)):
        rows[:bands, before : before + frames] = spectrograms[m]
        sums = features[m].reshape(blocks, all_positions // blocks * filters, steps)
        correlate(rows.ravel(), offsets, weights, start, sums)
        used = features[m, :positions]
        row_moments(used, frames, moments[0, m], moments[1, m])
        row_extremes(used, scale, extremes[m])


@compiled_sums
def backward_images(
    spectrograms,
    before,
    rows,
    offsets,
    positions,
    features,
    extremes,
    upstream,
    factors,
    gradient,
    by_weights,
    by_bias,
):
    """Add up the gradients by weights and bias.

    Parameters
    ----------
    spectrograms, before, rows, offsets, features, extremes : as those of `forward_images`
    positions : of the kernels among the bands
    upstream : ndarray, the shape of the extremes, float32
    factors : ndarray, shape (3, filters), float32
        As those of `rectified_gradient`.
    gradient : ndarray, shape (blocks * block, filters, width of the rows), float32
        Zeros, to work in.
    by_weights : ndarray, shape (block * filters, taps), float32
    by_bias : ndarray, shape (filters,), float64
    """
    _, bands, frames = spectrograms.shape
    block = len(gradient) // len(offsets)
    _, filters, width = gradient.shape
    starts = np.arange(len(offsets)) * block * filters * width
    for m in range(len(spectrograms)):
        rows[:bands, before : before + frames] = spectrograms[m]
        used = features[m, :positions]
        rectified_gradient(used, extremes[m], upstream[m], factors, gradient, by_bias)
        correlate_by_weights(
            rows.ravel(), offsets, gradient.ravel(), starts, frames, width, by_weights
        )


@compiled_sums
def row_moments(features, frames, mean, squares):
    """Write mean, and sum of squares around it, of each row of (positions, filters, frames)."""
    for p in range(features.shape[0]):
        for f in range(features.shape[1]):
            row = features[p, f]
            total = np.float32(0)
            for i in range(frames):
                total += row[i]
            middle = total / np.float32(frames)
            around = np.float32(0)
            for i in range(frames):
                around += (row[i] - middle) * (row[i] - middle)
            mean[p, f] = middle
            squares[p, f] = around


@compiled_sums
def row_extremes(features, scale, extremes):
    """Write what is largest over the positions when scaled: by a negative scale, the smallest."""
    filters, frames = extremes.shape
    for f in range(filters):
        found = extremes[f]
        found[:] = features[0, f, :frames]
        for p in range(1, len(features)):
            row = features[p, f]
            if scale[f] > 0:
                for i in range(frames):
                    found[i] = max(found[i], row[i])
            else:
                for i in range(frames):
                    found[i] = min(found[i], row[i])


@compiled_sums
def scale_images(values, scale, offset, outputs):
    """Write `scale * values + offset`, filter by filter of (n, filters, frames)."""
    for m in range(len(outputs)):
        for f in range(len(scale)):
            row, output, slope, start = values[m, f], outputs[m, f], scale[f], offset[f]
            for i in range(len(output)):
                output[i] = slope * row[i] + start


@compiled_sums
def add_upstream(upstream, extremes, mean, sums):
    """Add to `sums` by filter a gradient (n, filters, frames), and its `extremes - mean`."""
    for m in range(len(upstream)):
        for f in range(len(mean)):
            row, extreme, middle = upstream[m, f], extremes[m, f], mean[f]
            plain, weighted = np.float32(0), np.float32(0)
            for i in range(len(row)):
                plain += row[i]
                weighted += row[i] * (extreme[i] - middle)
            sums[0, f] += plain
            sums[1, f] += weighted


@compiled_sums
def rectified_gradient(features, extremes, upstream, factors, gradient, by_bias):
    """Write the gradient before the rectifier, and add each filter's sum to `by_bias`.

    Of `factors` (at_extreme, slope, constant), each (filters,), the gradient of a feature is
    `slope * feature + constant`, and `at_extreme * upstream` more where it is the first extreme;
    it is zero where the rectifier is.
    """
    filters, frames = upstream.shape
    left = np.empty(frames, np.float32)
    for f in range(filters):
        extreme = extremes[f]
        at_extreme, slope, constant = factors[0, f], factors[1, f], factors[2, f]
        left[:] = upstream[f]
        total = np.float32(0)
        for p in range(len(features)):
            row, output = features[p, f], gradient[p, f]
            for i in range(frames):
                here = left[i] if row[i] == extreme[i] else np.float32(0)
                left[i] -= here
                value = slope * row[i] + constant + at_extreme * here
                value = value if row[i] > 0 else np.float32(0)
                output[i] = value
                total += value
        by_bias[f] += total
