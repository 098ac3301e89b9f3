"""The maxima of normalised convolutions as operations of TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import tensorflow as tf

from stages.train.networks.bands import Bands
from stages.train.networks.normalised_maximum import gradients, maxima_by_moments, maxima_of_batch


def differentiable_maxima(
    bands: Bands, epsilon: float, spectrograms: Any, *weights: Any
) -> tuple[Any, Any, Any]:
    """Return the maxima of `maxima_of_batch`, and mean and variance, which have no gradient.

    Nor have the spectrograms, which are the network's own input.

    Parameters
    ----------
    bands, epsilon, spectrograms : as those of `maxima_of_batch`
    weights : kernel, bias, scale, offset
    """

    @tf.custom_gradient
    def operation(*weights: Any) -> tuple[Any, Callable[..., list[Any]]]:
        kernel, bias, scale, _ = weights
        forward = partial(maxima_of_batch, bands, epsilon)
        maxima, *found = tf.numpy_function(
            forward, [spectrograms, *weights], [tf.float32] * 5, stateful=False
        )
        moments = found[-2:]
        for moment in moments:
            moment.set_shape(bias.shape)

        def gradient(upstream: Any, *_: Any) -> list[Any]:
            backward = partial(gradients, bands, epsilon)
            kept = [spectrograms, kernel, scale, *found, upstream]
            by = tf.numpy_function(backward, kept, [tf.float32] * 4, stateful=False)
            for of, tensor in zip(by, weights, strict=True):
                of.set_shape(tensor.shape)
            return by

        return (_shaped(maxima, bands, spectrograms), *moments), gradient

    return operation(*(tf.convert_to_tensor(weight) for weight in weights))


def maxima(bands: Bands, epsilon: float, spectrograms: Any, *weights: Any) -> Any:
    """Return what `maxima_by_moments` does, without a gradient.

    Parameters
    ----------
    bands, epsilon, spectrograms : as those of `maxima_by_moments`
    weights : kernel, bias, scale, offset, mean, variance
    """
    known = [spectrograms, *(tf.convert_to_tensor(weight) for weight in weights)]
    forward = partial(maxima_by_moments, bands, epsilon)
    found = tf.numpy_function(forward, known, tf.float32, stateful=False)
    return _shaped(found, bands, spectrograms)


def _shaped(found: Any, bands: Bands, spectrograms: Any) -> Any:
    found.set_shape((spectrograms.shape[0], bands.filters, bands.frames))
    return found
