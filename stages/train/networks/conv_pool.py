"""A layer of Model 1: convolution, rectification, max pooling 2 x 2 and dropout."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from stages.train.backend import on_processor


class ConvPool(keras.layers.Layer):
    """`dropout(relu(max_pool_2x2(conv_same(x) + bias)))` on channels-last images.

    max(relu(x)) equals relu(max(x)), so this is the order of Table I. Where TensorFlow runs on a
    processor, the compiled `conv_pool_kernels` do the work; elsewhere Keras' own operations. An
    input of one channel is taken for the network's own, whose gradient nobody needs.

    Parameters
    ----------
    filters : number of filters
    dropout : share of the values that is set to zero in training
    bands : height of the kernels, 1 or 3; their width is 3
    """

    def __init__(
        self, filters: int, dropout: float = 0.0, *, bands: int = 3, **options: Any
    ) -> None:
        super().__init__(**options)
        self.filters = filters
        self.dropout = dropout
        self.bands = bands
        self.seed_generator = keras.random.SeedGenerator()

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights, as `keras.layers.Conv2D` would."""
        self.kernel = self.add_weight(
            shape=(self.bands, 3, input_shape[-1], self.filters),
            initializer="glorot_uniform",
            name="kernel",
        )
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def call(self, images: Any, training: bool = False) -> Any:
        """Return the pooled features, shape (n, height // 2, width // 2, filters)."""
        rate = self.dropout if training else 0.0
        # A kernel of one band is one of three whose outer bands are zero.
        margin = (3 - self.bands) // 2
        kernel = ops.pad(self.kernel, ((margin, margin), (0, 0), (0, 0), (0, 0)))
        if on_processor():
            from stages.train.networks.conv_pool_tensorflow import differentiable_conv_pool

            seed = _mixed(self.seed_generator.next()) if rate else 0
            return differentiable_conv_pool(images, kernel, self.bias, rate, seed)
        features = ops.conv(images, kernel, padding="same") + self.bias
        features = ops.relu(ops.max_pool(features, 2))
        return keras.random.dropout(features, rate, seed=self.seed_generator) if rate else features

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the pooled features."""
        batch, height, width, _ = input_shape
        return (batch, height and height // 2, width and width // 2, self.filters)


def _mixed(state: Any) -> Any:
    """Make one seed of a generator's two numbers: the second one alone changes from call to call.

    The multiplier is 2^32 over the golden ratio: seeds that follow each other lie far apart.
    """
    return state[0] + state[1] * 0x9E3779B9
