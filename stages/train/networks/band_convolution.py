"""A layer of Model 3: convolution over time and many bands at once, its maximum over frequency."""

from __future__ import annotations

from math import gcd
from typing import Any

from keras import layers, ops

from stages.train.backend import on_processor
from stages.train.networks.bands import Bands
from stages.train.networks.correlation import FILTERS
from stages.train.networks.normalisation import Normalisation

MOST_AT_ONCE = 8  # positions in frequency, where Keras' own operations work


class BandConvolution(layers.Layer):
    """`max(normalise(relu(conv(x) + bias)))` over all positions in frequency of a spectrogram.

    The convolution is padded in time, not in frequency. It is `keras.layers.Conv2D` on one channel,
    with the same weights; but convolved one position after another, few filters leave a processor
    idle. Here the positions fall into blocks: a window of bands covers a block, its bands are taken
    for channels, and each filter stands in the kernel once for each position of the block, shifted.
    Where TensorFlow runs on a processor, the compiled loops of `normalised_maximum` do the work,
    elsewhere Keras' own operations. The spectrogram is taken for the network's own input, whose
    gradient nobody needs.

    Parameters
    ----------
    filters : int
    frames, bands : length and height of the kernels
    """

    def __init__(self, filters: int, frames: int, bands: int, **options: Any) -> None:
        super().__init__(**options)
        self.filters = filters
        self.frames = frames
        self.bands = bands
        self.normalisation = Normalisation()

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights, as `keras.layers.Conv2D` and `BatchNormalization` would."""
        shape = (self.frames, self.bands, 1, self.filters)
        self.kernel = self.add_weight(shape=shape, initializer="glorot_uniform", name="kernel")
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")
        self.normalisation.build((None, None, None, self.filters))

    def call(self, spectrograms: Any, training: bool = False) -> Any:
        """Return the maxima, shape (n, frames, filters), of spectrograms (n, bands, frames)."""
        _, bands, frames = spectrograms.shape
        if on_processor():
            block = FILTERS // gcd(FILTERS, self.filters)  # whole tiles of filters
            size = Bands(bands, frames, self.frames, self.bands, self.filters, block)
            weights = (self._kernel_of(block), self.bias)
            maxima = self.normalisation.of_maxima(size, spectrograms, *weights, training=training)
            return ops.transpose(maxima, (0, 2, 1))
        by_time = ops.transpose(spectrograms, (0, 2, 1))
        positions = bands - self.bands + 1
        block = max(size for size in range(1, MOST_AT_ONCE + 1) if positions % size == 0)
        window = self.bands + block - 1
        windows = ops.stack(
            [by_time[:, :, start : start + window] for start in range(0, positions, block)], axis=2
        )
        kernel = ops.expand_dims(self._kernel_of(block), 1)
        features = ops.conv(windows, kernel, padding="same") + ops.tile(self.bias, block)
        features = ops.reshape(ops.relu(features), (-1, frames, positions, self.filters))
        maxima = ops.max_pool(self.normalisation(features, training=training), (1, positions))
        return ops.reshape(maxima, (-1, frames, self.filters))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the maxima."""
        return (input_shape[0], input_shape[2], self.filters)

    def _kernel_of(self, block: int) -> Any:
        """Return the kernel of a block's window, shape (frames, window, block * filters)."""
        shifted = [
            ops.pad(self.kernel[:, :, 0], ((0, 0), (shift, block - 1 - shift), (0, 0)))
            for shift in range(block)
        ]
        window = self.bands + block - 1
        return ops.reshape(ops.stack(shifted, axis=2), (self.frames, window, block * self.filters))
