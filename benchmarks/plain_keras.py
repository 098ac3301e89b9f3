"""Model 1 as one would write it in Keras: the peer of our trainings and embeddings."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from stages.common.params import Model


def plain_branch(model: Model, shape: Sequence[int], *, dropout: float) -> keras.Model:
    """Build the branch of Table I from Keras' own layers."""
    image = features = layers.Input((*shape, 1))
    for count in model.filters:
        features = layers.Conv2D(count, 3, padding="same", activation="relu")(features)
        features = layers.MaxPooling2D(2)(features)
        features = layers.Dropout(dropout)(features)
    features = layers.Flatten()(features)
    return keras.Model(image, layers.Dense(model.embedding)(features))


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
        if layer.weights:
            places = np.prod(layer.output.shape[1:-1], dtype=int)
            operations += 2 * int(places) * int(np.prod(layer.kernel.shape))
    return operations / 1e9
