"""The branches of the siamese networks: Models 1, 2 and 3 of the paper, and a dense network.

A branch takes one input, a spectrogram, a waveform or a vector of features with an axis of one
channel behind it, and returns its embedding: (batch, *input_shape, 1) -> (batch, embedding). All
layers are Keras' own.

References
----------
Sheng and Fazekas (2019), Tables I, II, VIII, IX and X, Fig. 2.
Pons et al. (2017), End-to-end learning for music audio tagging at scale.
Lee et al. (2017), Sample-level deep convolutional neural networks for music auto-tagging using
raw waveforms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import keras
from keras import layers, ops

from siamese_drc.core.errors import InputError

STRIDE = 3  # Model 2: of the first convolution, and of every pooling
BACK_END_KERNEL = 7  # steps of time


def cnn_branch(
    input_shape: Sequence[int],
    *,
    filters: Sequence[int],
    embedding: int,
    time_only: int = 0,
    dropout: float = 0.0,
) -> keras.Model:
    """Return a branch of Model 1 (Table I): convolutions on (bands, frames), each pooled by 2 x 2.

    The paper has 10, 15, 15, 20, 20 `filters`, and a `dropout` of 0.1 after each pooling. Kernels
    are 3 x 3, those of the last `time_only` convolutions one band by three frames (Table VIII).
    InputError if the image is too small: each of its sides is halved once per convolution.

    Examples
    --------
    >>> branch = cnn_branch((128, 690), filters=[10, 15, 15, 20, 20], embedding=50)
    >>> branch.output_shape, branch.count_params()
    ((None, 50), 93895)
    """
    if min(input_shape) < 2 ** len(filters):
        raise InputError(
            f"network input: {' x '.join(map(str, input_shape))} bands and frames, must be at least"
            f" {2 ** len(filters)} of each for {len(filters)} convolutions; use other frames or"
            " longer clips"
        )
    image = features = layers.Input((*input_shape, 1))
    for number, count in enumerate(filters):
        height = 1 if number >= len(filters) - time_only else 3
        features = layers.Conv2D(count, (height, 3), padding="same")(features)
        # max(relu(x)) = relu(max(x)): this is the order of Table I, and has 1/4 of the values.
        features = layers.ReLU()(layers.MaxPooling2D(2)(features))
        if dropout:
            features = layers.Dropout(dropout)(features)
    return keras.Model(image, _embedding(layers.Flatten()(features), embedding), name="branch")


def sample_level_branch(
    input_shape: Sequence[int],
    *,
    filters: Sequence[int],
    kernel: int,
    back_end: int,
    embedding: int,
) -> keras.Model:
    """Return a branch of Model 2 (Table II): convolutions along the samples, residual back end.

    The first convolution takes every third sample; each of the others is pooled by three. All are
    padded, so that the number of steps that remain does not depend on the kernel. The paper has
    64, 64, 64, 128, 128, 256, 256 `filters`, and kernels of length 3, or 9 in Table IX.
    InputError if the input, (samples,), is too short: 7 steps of 3 ** len(filters) samples.
    """
    (samples,) = input_shape
    _require_steps(ceil(samples / STRIDE) // STRIDE ** (len(filters) - 1))
    waveform = layers.Input((samples, 1))
    first, *others = filters
    features = _normalised_convolution(waveform, first, kernel, strides=STRIDE)
    for count in others:
        features = _normalised_convolution(features, count, kernel)
        features = layers.MaxPooling1D(STRIDE)(features)
    output = residual_back_end(features, filters=back_end, embedding=embedding)
    return keras.Model(waveform, output, name="branch")


def multi_kernel_branch(
    input_shape: Sequence[int],
    *,
    timbre: Mapping[str, Sequence[Any]],
    temporal: Mapping[str, Sequence[int]],
    back_end: int,
    embedding: int,
) -> keras.Model:
    """Return a branch of Model 3 (Fig. 2): kernels of many shapes in parallel, residual back end.

    `timbre` are kernels over time and frequency, `{"bands": ..., "frames": ..., "filters": ...}`:
    each length in `frames`, with its number of `filters`, is combined with each share of all bands
    (rounded down); the maximum over all positions in frequency is kept. The paper's are 7, 3 and 1
    frames over 0.9 and 0.4 of the bands. `temporal` are kernels over time on the mean of the bands,
    `{"frames": ..., "filters": ...}`; the paper's are 165, 128, 64 and 32 frames long.
    InputError if the input has fewer than 7 frames, or a share of its bands is less than one.
    """
    bands, _ = input_shape
    if (share := min(timbre["bands"])) * bands < 1:
        raise InputError(f"timbre.bands {share}: must be at least one of the {bands} bands")
    image = layers.Input((*input_shape, 1))
    mean = ops.mean(image, axis=1)
    features = [
        _timbre_features(image, filters, int(share * bands), frames)
        for share in timbre["bands"]
        for frames, filters in zip(timbre["frames"], timbre["filters"], strict=True)
    ]
    features += [
        _normalised_convolution(mean, filters, frames)
        for frames, filters in zip(temporal["frames"], temporal["filters"], strict=True)
    ]
    joined = layers.Concatenate()(features)
    output = residual_back_end(joined, filters=back_end, embedding=embedding)
    return keras.Model(image, output, name="branch")


def _timbre_features(image: Any, filters: int, height: int, length: int) -> Any:
    """(batch, bands, frames, 1) -> (batch, frames, filters): padded in time, not in frequency."""
    _, bands, frames, _ = image.shape
    padded = layers.ZeroPadding2D(((0, 0), ((length - 1) // 2, length // 2)))(image)
    features = layers.Conv2D(filters, (height, length), activation="relu")(padded)
    features = layers.BatchNormalization()(features)
    features = layers.MaxPooling2D((bands - height + 1, 1))(features)
    return layers.Reshape((frames, filters))(features)


def dense_branch(
    input_shape: Sequence[int], *, layers: Sequence[int], embedding: int, noise: float = 0.0
) -> keras.Model:
    """Return a branch of dense layers on (features,), each rectified except the embedding.

    `noise` is the standard deviation of the Gaussian noise added to the standardised input in
    training, so that smaller differences between loops are not learnt.
    """
    vector = keras.layers.Input((*input_shape, 1))
    features = keras.layers.Flatten()(vector)
    if noise:
        features = keras.layers.GaussianNoise(noise)(features)
    for units in layers:
        features = keras.layers.Dense(units, activation="relu")(features)
    return keras.Model(vector, _embedding(features, embedding), name="branch")


def residual_back_end(features: Any, *, filters: int, embedding: int) -> Any:
    """Return the embedding of features (batch, time, channels): the lower half of Table II.

    A convolution without padding brings the features to `filters` channels; two more, padded in
    time, are each added to their own input. A dense layer reads the maximum and the mean over time.
    The paper's Conv2D of 7 x channels on an image one channel deep spans all channels and moves
    along time only: it is a Conv1D of length 7. The paper has 512 `filters`.
    """
    _require_steps(features.shape[1])
    features = _normalised_convolution(features, filters, BACK_END_KERNEL, padding="valid")
    for _ in range(2):
        residual = _normalised_convolution(features, filters, BACK_END_KERNEL)
        features = layers.Add()([features, residual])
    pooled = [layers.GlobalMaxPooling1D()(features), layers.GlobalAveragePooling1D()(features)]
    return _embedding(layers.Concatenate()(pooled), embedding)


def _require_steps(steps: int) -> None:
    if steps < BACK_END_KERNEL:
        raise InputError(
            f"the network's input is too short: its front end leaves {steps} steps of time and its"
            f" back end needs at least {BACK_END_KERNEL}; is scales.<scale>.clip_seconds too short?"
        )


def _normalised_convolution(
    features: Any, filters: int, kernel: int, *, strides: int = 1, padding: str = "same"
) -> Any:
    """(batch, time, channels) -> (batch, time, filters): convolution, ReLU, batch normalisation."""
    convolution = layers.Conv1D(filters, kernel, strides, padding, activation="relu")
    return layers.BatchNormalization()(convolution(features))


def _embedding(features: Any, size: int) -> Any:
    # In float32 at every precision: what is learnt from is the small difference of two embeddings.
    return layers.Dense(size, dtype="float32")(features)
