"""The siamese network: branch(dry) - branch(compressed), then a dense layer to the parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import keras
import numpy as np
from keras import layers, ops

from siamese_drc.core.errors import InputError
from siamese_drc.networks.batches import DataSet
from siamese_drc.networks.branches import (
    cnn_branch,
    dense_branch,
    multi_kernel_branch,
    sample_level_branch,
)

BRANCHES: dict[str, Callable[..., keras.Model]] = {
    "cnn": cnn_branch,
    "sample_level": sample_level_branch,
    "multi_kernel": multi_kernel_branch,
    "dense": dense_branch,
}
ROWS_AT_ONCE = 32

Precision = Literal["float32", "mixed_bfloat16"]


class Siamese(keras.Model):
    """Two branches with shared weights, merged by subtraction (Sheng and Fazekas 2019, Fig. 1).

    Called with `(inputs, loop)`: `inputs`, (loops + rows, *shape), are the dry inputs of some loops
    and then the compressed inputs of the rows; `loop`, (rows,), is the index of each row's dry
    input. So the branch computes a dry input once, however many rows share it.
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
    kind: str,
    input_shape: Sequence[int],
    outputs: int,
    *,
    precision: Precision = "float32",
    **options: Any,
) -> Siamese:
    """Return a siamese network with fresh weights.

    Parameters
    ----------
    kind : {"cnn", "sample_level", "multi_kernel", "dense"}
        Model 1, 2 or 3 of the paper, or dense layers; `options` are those of its branch.
    input_shape : shape of one input: (bands, frames), (samples,) or (features,)
    outputs : number of compressor parameters to predict
    precision : {"float32", "mixed_bfloat16"}
        Of the branch, except its last layer. `mixed_bfloat16` is for training: its weights are
        float32 and fit a network of either precision.

    Raises
    ------
    InputError
        If the input is too short for the model, or the processor lacks bfloat16.

    Examples
    --------
    >>> network = build_siamese("cnn", (128, 690), 4, filters=[10, 15, 15, 20, 20], embedding=50)
    >>> network.count_params()
    94099
    """
    if precision == "mixed_bfloat16":
        require_bfloat16()
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        branch = BRANCHES[kind](input_shape, **options)
    finally:
        keras.config.set_dtype_policy(policy)
    network = Siamese(branch, outputs)
    network.regression.build(branch.output_shape)
    network.built = True
    return network


def require_bfloat16() -> None:
    """Raise InputError where the backend has no bfloat16: TensorFlow needs AVX-512 on a CPU."""
    image, kernel = (ops.ones(shape, "bfloat16") for shape in ((1, 4, 4, 1), (3, 3, 1, 1)))
    try:
        ops.conv(image, kernel)
    except Exception as error:  # each backend has its own
        raise InputError(
            f"precision mixed_bfloat16: {keras.backend.backend()} has no convolution in bfloat16 on"
            " this processor; use float32"
        ) from error


def embed_rows(network: Siamese, data: DataSet, rows: np.ndarray) -> np.ndarray:
    """Return the embeddings of rows, shape (len(rows), embedding), float32.

    Rows are best given loop by loop: then a dry input is computed once per block of rows.
    """
    blocks = []
    for start in range(0, len(rows), ROWS_AT_ONCE):
        inputs, loop = data.batch(rows[start : start + ROWS_AT_ONCE])
        features = np.asarray(network.branch.predict_on_batch(inputs))
        dry = len(inputs) - len(loop)
        blocks.append(features[:dry][loop] - features[dry:])
    return np.concatenate(blocks)


def regress(network: Siamese, embeddings: np.ndarray) -> np.ndarray:
    """Return the network's output for embeddings, scaled to [0, 1], float32, (rows, outputs)."""
    kernel, bias = network.regression.get_weights()
    return embeddings @ kernel + bias


def take_batch_statistics(network: Siamese, data: DataSet, rows: np.ndarray) -> None:
    """Set the moving averages of the normalisation layers to their means over one pass of rows.

    For a network of random weights that is to be used as it is: its layers would else divide by a
    variance of 1. A network without such layers stays as it is.
    """
    kind = layers.BatchNormalization
    normalising = {layer: layer.momentum for layer in network.branch.layers if type(layer) is kind}
    if not normalising:
        return
    for number, start in enumerate(range(0, len(rows), ROWS_AT_ONCE)):
        inputs, _ = data.batch(rows[start : start + ROWS_AT_ONCE])
        for layer in normalising:
            layer.momentum = number / (number + 1)  # the mean of all batches so far
        network.branch(inputs, training=True)
    for layer, momentum in normalising.items():
        layer.momentum = momentum
