"""Dense layers on a vector of features."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers


def dense_branch(
    input_shape: Sequence[int], *, widths: Sequence[int], embedding: int
) -> keras.Model:
    """Build one branch of dense layers, each rectified but for the embedding.

    Parameters
    ----------
    input_shape : (features,)
    widths : number of units of each layer
    embedding : size of the embedding

    Returns
    -------
    keras.Model, (batch, features, 1) -> (batch, embedding)
    """
    vector = layers.Input((*input_shape, 1))
    features = layers.Flatten()(vector)
    for width in widths:
        features = layers.Dense(width, activation="relu")(features)
    return keras.Model(vector, layers.Dense(embedding)(features), name="branch")
