"""Model 1 of the paper (Table I): five small convolutions, each pooled, and a dense embedding."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from stages.train.networks.conv_pool import ConvPool


def cnn_branch(
    input_shape: Sequence[int],
    *,
    filters: Sequence[int],
    time_only: int,
    dropout: float,
    embedding: int,
) -> keras.Model:
    """Build one branch of Model 1.

    Parameters
    ----------
    input_shape : (bands, frames)
    filters : number of filters of each convolution; the paper's are 10, 15, 15, 20, 20
    time_only : how many of the convolutions, the last ones, span one band and three frames; the
        others span three bands and three frames
    dropout : share of the values dropped after each pooling
    embedding : size of the embedding

    Returns
    -------
    keras.Model, (batch, bands, frames, 1) -> (batch, embedding)

    References
    ----------
    Sheng and Fazekas (2019), Tables I and VIII.
    """
    image = features = layers.Input((*input_shape, 1))
    for layer, count in enumerate(filters):
        bands = 1 if layer >= len(filters) - time_only else 3
        features = ConvPool(count, dropout, bands=bands)(features)
    features = layers.Flatten()(features)
    return keras.Model(image, layers.Dense(embedding)(features), name="branch")
