"""Dense layers on a vector of features."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers


def dense_branch(
    input_shape: Sequence[int], *, widths: Sequence[int], noise: float, embedding: int
) -> keras.Model:
    """Build one branch of dense layers, each rectified but for the embedding.

    Parameters
    ----------
    input_shape : (features,)
    widths : number of units of each layer
    noise : deviation of what is added to the standardised input in training: what differs by less
        from loop to loop says nothing
    embedding : size of the embedding

    Returns
    -------
    keras.Model, (batch, features, 1) -> (batch, embedding)
    """
    vector = layers.Input((*input_shape, 1))
    features = layers.Flatten()(vector)
    if noise:
        features = layers.GaussianNoise(noise)(features)
    for width in widths:
        features = layers.Dense(width, activation="relu")(features)
    return keras.Model(vector, layers.Dense(embedding)(features), name="branch")
