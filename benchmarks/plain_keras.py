"""The three models as one would write them in Keras: the peers of our trainings and embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from stages.common.params import Cnn, Model, MultiKernel, SampleLevel


def plain_branch(model: Model, shape: Sequence[int], *, dropout: float) -> keras.Model:
    """Build a model's branch from Keras' own layers; dropout is Model 1's."""
    inputs = layers.Input((*shape, 1))
    match model:
        case Cnn():
            output = _cnn(model, inputs, dropout)
        case SampleLevel():
            output = _sample_level(model, inputs)
        case MultiKernel():
            output = _multi_kernel(model, inputs)
    return keras.Model(inputs, output)


def _cnn(model: Cnn, features: Any, dropout: float) -> Any:
    """Table I, without the kernels of Table VIII."""
    for count in model.filters:
        features = layers.Conv2D(count, 3, padding="same", activation="relu")(features)
        features = layers.MaxPooling2D(2)(features)
        features = layers.Dropout(dropout)(features)
    return layers.Dense(model.embedding)(layers.Flatten()(features))


def _sample_level(model: SampleLevel, features: Any) -> Any:
    """Table II."""
    first, *others = model.filters
    features = _convolved(features, first, model.kernel, strides=3)
    for count in others:
        features = layers.MaxPooling1D(3)(_convolved(features, count, model.kernel))
    return _back_end(features, model.back_end, model.embedding)


def _multi_kernel(model: MultiKernel, image: Any) -> Any:
    """Figure 2."""
    bands = image.shape[1]
    by_time = layers.Permute((2, 1, 3))(image)
    features = []
    for share in model.timbre.bands:
        for frames, count in zip(model.timbre.frames, model.timbre.filters, strict=True):
            padded = layers.ZeroPadding2D((frames // 2, 0))(by_time)
            convolution = layers.Conv2D(count, (frames, int(share * bands)), activation="relu")
            normalised = layers.BatchNormalization()(convolution(padded))
            features.append(ops.max(normalised, axis=2))
    for frames, count in zip(model.temporal.frames, model.temporal.filters, strict=True):
        features.append(_convolved(ops.mean(by_time, axis=2), count, frames))
    return _back_end(layers.Concatenate()(features), model.back_end, model.embedding)


def _back_end(features: Any, filters: int, embedding: int) -> Any:
    features = _convolved(features, filters, 7, padding="valid")
    for _ in range(2):
        features = layers.Add()([features, _convolved(features, filters, 7)])
    pooled = [layers.GlobalMaxPooling1D()(features), layers.GlobalAveragePooling1D()(features)]
    return layers.Dense(embedding)(layers.Concatenate()(pooled))


def _convolved(features: Any, filters: int, kernel: int, **options: Any) -> Any:
    options = {"padding": "same", **options}
    convolution = layers.Conv1D(filters, kernel, activation="relu", **options)
    return layers.BatchNormalization()(convolution(features))


def plain_siamese(
    model: Model, shape: Sequence[int], outputs: int, *, dropout: float
) -> keras.Model:
    """Build the network of two inputs, dry and compressed, each through the branch."""
    branch = plain_branch(model, shape, dropout=dropout)
    dry, compressed = layers.Input((*shape, 1)), layers.Input((*shape, 1))
    difference = layers.Subtract()([branch(dry), branch(compressed)])
    return keras.Model([dry, compressed], layers.Dense(outputs)(difference))


def branch_gflop(branch: keras.Model) -> float:
    """Return the arithmetic of one pass: two operations per weight and place of its use."""
    operations = 0
    for layer in branch.layers:
        if hasattr(layer, "kernel"):
            places = np.prod(layer.output.shape[1:-1], dtype=int)
            operations += 2 * int(places) * int(np.prod(layer.kernel.shape))
    return operations / 1e9
