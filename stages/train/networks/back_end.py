"""The residual back end that Models 2 and 3 share (Table II, lower half)."""

from __future__ import annotations

from typing import Any

from keras import layers, ops

from stages.common.errors import InputError
from stages.train.networks.normalisation import Normalisation

KERNEL = 7  # steps of time


def residual_back_end(features: Any, *, filters: int, embedding: int) -> Any:
    """Turn a sequence of features into the embedding.

    A convolution, without padding, brings the features to `filters` channels; two more, padded in
    time, are each added to what they start from. Maximum and mean over time are joined and read
    by a dense layer. The paper's Conv2D of 7 x channels on an image one channel deep spans all of
    the channels and moves along time alone: it is a Conv1D of length 7.

    Parameters
    ----------
    features : KerasTensor, (batch, time, channels)
    filters : number of filters of each convolution; the paper's is 512
    embedding : size of the embedding

    Returns
    -------
    KerasTensor, (batch, embedding)

    Raises
    ------
    InputError
        If there are fewer steps of time than the first convolution spans.

    References
    ----------
    Sheng and Fazekas (2019), Table II; Pons et al. (2017), End-to-end learning for music audio
    tagging at scale.
    """
    require_steps(features.shape[1])
    first = normalised_convolution(features, filters, KERNEL, padding="valid")
    second = layers.Add()([first, normalised_convolution(first, filters, KERNEL)])
    third = layers.Add()([second, normalised_convolution(second, filters, KERNEL)])
    # Not `ops.mean`: TensorFlow divides its gradient by a length that it knows only in some of the
    # graphs that it makes, so that a resumed training would be rounded otherwise.
    mean = ops.sum(third, axis=1) / third.shape[1]
    return layers.Dense(embedding)(layers.Concatenate()([ops.max(third, axis=1), mean]))


def require_steps(steps: int) -> None:
    """Raise InputError where the back end's first convolution spans more than `steps` of time."""
    if steps < KERNEL:
        raise InputError(
            f"the network's input is too short: its front end leaves {steps} steps of time and its"
            f" back end needs at least {KERNEL}; is scales.<scale>.clip_seconds too short?"
        )


def normalised_convolution(
    features: Any, filters: int, kernel: int, *, strides: int = 1, padding: str = "same"
) -> Any:
    """Convolve along time, rectify, then normalise over the batch.

    Parameters
    ----------
    features : KerasTensor, (batch, time, channels)
    filters, kernel, strides, padding : as those of `keras.layers.Conv1D`

    Returns
    -------
    KerasTensor, (batch, time, filters)
    """
    convolution = layers.Conv1D(filters, kernel, strides, padding, activation="relu")
    return Normalisation()(convolution(features))
