"""How many weights a network has, counted without Keras, whose import takes seconds.

A normalised filter has one bias, and four values of the batch normalisation beside its kernel:
scale and offset, which are trained, and the moving mean and variance, which are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from stages.common.params import Cnn, Dense, Model, MultiKernel, SampleLevel

BACK_END_KERNEL = 7
BESIDE_NORMALISED_KERNEL = 1 + 4


def count_weights(model: Model, shape: Sequence[int], outputs: int) -> int:
    """Count the weights of a siamese network, trained and kept.

    Parameters
    ----------
    model : Model
    shape : shape of one network input
    outputs : number of compressor parameters to predict
    """
    match model:
        case Cnn():
            branch = _cnn(model, shape)
        case SampleLevel():
            branch = _sample_level(model)
        case MultiKernel():
            branch = _multi_kernel(model, shape)
        case Dense():
            branch = _dense(model, shape)
    return branch + (model.embedding + 1) * outputs


def _cnn(model: Cnn, shape: Sequence[int]) -> int:
    weights, channels, (bands, frames) = 0, 1, shape
    for left, filters in zip(range(len(model.filters), 0, -1), model.filters, strict=True):
        kernel = 3 if left <= model.time_only else 9
        weights += (kernel * channels + 1) * filters
        channels, bands, frames = filters, bands // 2, frames // 2
    return weights + (bands * frames * channels + 1) * model.embedding


def _sample_level(model: SampleLevel) -> int:
    weights, channels = 0, 1
    for filters in model.filters:
        weights += _normalised(model.kernel * channels, filters)
        channels = filters
    return weights + _back_end(channels, model.back_end, model.embedding)


def _multi_kernel(model: MultiKernel, shape: Sequence[int]) -> int:
    kernels = [
        (frames * int(share * shape[0]), filters)
        for share in model.timbre.bands
        for frames, filters in zip(model.timbre.frames, model.timbre.filters, strict=True)
    ]
    kernels += zip(model.temporal.frames, model.temporal.filters, strict=True)
    weights = sum(_normalised(kernel, filters) for kernel, filters in kernels)
    channels = sum(filters for _, filters in kernels)
    return weights + _back_end(channels, model.back_end, model.embedding)


def _dense(model: Dense, shape: Sequence[int]) -> int:
    widths = [*shape, *model.layers, model.embedding]
    return sum((inputs + 1) * units for inputs, units in pairwise(widths))


def _back_end(channels: int, filters: int, embedding: int) -> int:
    weights = _normalised(BACK_END_KERNEL * channels, filters)
    weights += 2 * _normalised(BACK_END_KERNEL * filters, filters)
    return weights + (2 * filters + 1) * embedding


def _normalised(kernel: int, filters: int) -> int:
    return (kernel + BESIDE_NORMALISED_KERNEL) * filters
