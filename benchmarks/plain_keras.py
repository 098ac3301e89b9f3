"""A siamese network as one would write it in Keras, which ours is measured against.

Both inputs of a row pass through the branch. Model 1 is Table I layer by layer; the branches of
Models 2 and 3 are the library's, which consist of Keras' own layers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from siamese_drc.networks.siamese import BRANCHES


def plain_branch(model: Mapping[str, Any], shape: Sequence[int]) -> keras.Model:
    """Return the branch of a model, given as the arguments of `build_siamese`."""
    options = dict(model)
    kind = options.pop("kind")
    if kind != "cnn":
        library_branch: Any = BRANCHES[kind]
        return library_branch(shape, **options)
    inputs = features = layers.Input((*shape, 1))
    for count in options["filters"]:
        features = layers.Conv2D(count, 3, padding="same", activation="relu")(features)
        features = layers.MaxPooling2D(2)(features)
        if options.get("dropout"):
            features = layers.Dropout(options["dropout"])(features)
    return keras.Model(inputs, layers.Dense(options["embedding"])(layers.Flatten()(features)))


def plain_siamese(model: Mapping[str, Any], shape: Sequence[int], outputs: int) -> keras.Model:
    """Return the network of two inputs, dry and compressed."""
    branch = plain_branch(model, shape)
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
