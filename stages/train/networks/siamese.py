"""The siamese network: branch(dry) - branch(compressed), then a dense layer to the parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from stages.common.params import Cnn, Dense, Model, MultiKernel, SampleLevel
from stages.train.networks.cnn import cnn_branch
from stages.train.networks.dense import dense_branch
from stages.train.networks.multi_kernel import multi_kernel_branch
from stages.train.networks.sample_level import sample_level_branch


class Siamese(keras.Model):
    """Two branches with shared weights, merged by subtraction (Sheng and Fazekas 2019, Fig. 1).

    Called with `(inputs, loop)`: the dry inputs of some loops, then the compressed ones of the
    rows, (loops + rows, *shape); and for each row the index of its dry input. A dry input that
    several rows share passes the branch once.
    """

    def __init__(self, branch: keras.Model, outputs: int) -> None:
        super().__init__(name="siamese")
        self.branch = branch
        self.regression = layers.Dense(outputs, name="regression")

    def embed(self, batch: tuple[Any, Any], training: bool = False) -> Any:
        """Return the embedding of each row, shape (rows, embedding)."""
        inputs, loop = batch
        features = self.branch(inputs, training=training)
        dry = ops.shape(features)[0] - ops.shape(loop)[0]
        return ops.take(features[:dry], loop, axis=0) - features[dry:]

    def call(self, batch: tuple[Any, Any], training: bool = False) -> Any:
        """Return the scaled parameters of each row, shape (rows, outputs)."""
        return self.regression(self.embed(batch, training=training))


def build_siamese(
    model: Model, input_shape: Sequence[int], outputs: int, *, dropout: float = 0.0
) -> Siamese:
    """Build the network of a `models` entry of params.yaml, with fresh weights.

    Parameters
    ----------
    model : Model
    input_shape : shape of one network input
    outputs : number of compressor parameters to predict
    dropout : share of the values dropped in training, in Model 1; it has no weights

    Raises
    ------
    InputError
        If the input is too short for the model.
    """
    network = Siamese(build_branch(model, input_shape, dropout=dropout), outputs)
    network.regression.build((None, model.embedding))
    network.built = True
    return network


def build_branch(model: Model, input_shape: Sequence[int], *, dropout: float = 0.0) -> keras.Model:
    """Build one branch: (batch, *input_shape, 1) -> (batch, embedding)."""
    match model:
        case Cnn():
            return cnn_branch(
                input_shape,
                filters=model.filters,
                time_only=model.time_only,
                dropout=dropout,
                embedding=model.embedding,
            )
        case SampleLevel():
            return sample_level_branch(
                input_shape,
                filters=model.filters,
                kernel=model.kernel,
                back_end=model.back_end,
                embedding=model.embedding,
            )
        case MultiKernel():
            return multi_kernel_branch(
                input_shape,
                timbre=model.timbre,
                temporal=model.temporal,
                back_end=model.back_end,
                embedding=model.embedding,
            )
        case Dense():
            return dense_branch(
                input_shape,
                widths=model.layers,
                noise=model.noise,
                embedding=model.embedding,
            )
