"""A convolution, rectified, normalised over the batch, its maximum over frequency; the gradient.

Spectrogram by spectrogram, so that what is made of one stays in the near caches.
"""

from __future__ import annotations

from math import prod

import numpy as np

from stages.train.networks.bands import Bands
from stages.train.networks.correlation import in_lanes, tiles
from stages.train.networks.lanes import LANES, padded
from stages.train.networks.maxima import (
    add_upstream,
    backward_images,
    forward_images,
    scale_images,
)


def maxima_of_batch(
    bands: Bands,
    epsilon: float,
    spectrograms: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    scale: np.ndarray,
    offset: np.ndarray,
) -> tuple[np.ndarray, ...]:
    """Return the maxima of `scale * (features - mean) / deviation + offset` over the positions.

    The features are `relu(conv(spectrograms) + bias)`, and the moments those of the whole batch.

    Parameters
    ----------
    bands : Bands
    epsilon : added to the variance
    spectrograms : ndarray, shape (n, bands, frames), float32
    kernel : ndarray, shape (length, bands spanned by a block, block * filters), float32
    bias, scale, offset : ndarray, shape (filters,), float32

    Returns
    -------
    maxima : ndarray, shape (n, filters, frames), float32
    features : ndarray, shape (n, positions, filters, whole vectors of frames), float32
        Of whole blocks of positions; what lies beyond positions and frames means nothing.
    extremes : ndarray, shape (n, filters, frames), float32
        The features that the maxima are made of.
    mean, variance : ndarray, shape (filters,), float32
    """
    features, extremes, (means, squares) = _features(bands, spectrograms, kernel, bias, scale)
    count = len(spectrograms) * bands.positions * bands.frames
    mean = bands.frames * means.sum(axis=(0, 1)) / count
    variance = (squares + bands.frames * (means - mean) ** 2).sum(axis=(0, 1)) / count
    moments = mean.astype(np.float32), variance.astype(np.float32)
    maxima = _normalised(epsilon, extremes, scale, offset, *moments)
    return maxima, features, extremes, *moments


def maxima_by_moments(
    bands: Bands,
    epsilon: float,
    spectrograms: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    *affine: np.ndarray,
) -> np.ndarray:
    """Return the maxima where `affine` gives scale, offset, mean and variance, each (filters,).

    The other parameters are those of `maxima_of_batch`.
    """
    _, extremes, _ = _features(bands, spectrograms, kernel, bias, affine[0])
    return _normalised(epsilon, extremes, *affine)


def _features(
    bands: Bands, spectrograms: np.ndarray, kernel: np.ndarray, bias: np.ndarray, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features, extremes, and mean and sum of squares around it of each row of features."""
    n, filters = len(spectrograms), bands.filters
    features = _aligned(n, bands.blocks * bands.block, filters, padded(bands.frames))
    extremes = _aligned(n, filters, bands.frames)
    moments = np.empty((2, n, bands.positions, filters))
    start = in_lanes(np.tile(bias, bands.block))
    forward_images(
        spectrograms,
        bands.before,
        bands.rows(),
        bands.offsets,
        tiles(kernel),
        start,
        scale,
        features,
        moments,
        extremes,
    )
    return features, extremes, moments


def _normalised(
    epsilon: float,
    extremes: np.ndarray,
    scale: np.ndarray,
    offset: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
) -> np.ndarray:
    slope = scale / np.sqrt(variance + epsilon)
    maxima = _aligned(*extremes.shape)
    scale_images(extremes, slope, offset - mean * slope, maxima)
    return maxima


def gradients(
    bands: Bands,
    epsilon: float,
    spectrograms: np.ndarray,
    kernel: np.ndarray,
    scale: np.ndarray,
    features: np.ndarray,
    extremes: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    upstream: np.ndarray,
) -> list[np.ndarray]:
    """Return the gradients by kernel, bias, scale and offset.

    Parameters
    ----------
    bands, epsilon, spectrograms, kernel, scale : as given to `maxima_of_batch`
    features, extremes, mean, variance : as it returned them
    upstream : ndarray, the shape of the maxima, float32
        The gradient by the maxima.
    """
    deviation = np.sqrt(variance + epsilon)
    totals = np.zeros((2, bands.filters))
    add_upstream(upstream, extremes, mean, totals)
    by_offset, by_scale = totals[0], totals[1] / deviation
    # Each feature moves the batch's mean and variance too, and by them all outputs.
    at_extreme, count = scale / deviation, len(spectrograms) * bands.positions * bands.frames
    slope = -at_extreme * by_scale / deviation / count
    constant = -at_extreme * by_offset / count - slope * mean
    by_weights = np.zeros((kernel.shape[2], bands.offsets.shape[1]), np.float32)
    by_bias = np.zeros(bands.filters)
    backward_images(
        spectrograms,
        bands.before,
        bands.rows(),
        bands.offsets,
        bands.positions,
        features,
        extremes,
        upstream,
        np.array([at_extreme, slope, constant], np.float32),
        np.zeros((bands.blocks * bands.block, bands.filters, bands.width), np.float32),
        by_weights,
        by_bias,
    )
    by_kernel = by_weights[:, : kernel.shape[0] * kernel.shape[1]].T.reshape(kernel.shape)
    return [by.astype(np.float32) for by in (by_kernel, by_bias, by_scale, by_offset)]


def _aligned(*shape: int) -> np.ndarray:
    """Return an empty float32 array that TensorFlow takes as it is: any other it copies."""
    size = prod(shape)
    flat = np.empty(size + LANES, np.float32)
    start = -(flat.ctypes.data // 4) % LANES
    return flat[start : start + size].reshape(shape)
