"""A convolution over time and many bands at once, for spectrograms of one channel."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

MOST_AT_ONCE = 8  # positions in frequency


class BandConvolution(keras.layers.Layer):
    """`relu(conv(x) + bias)`: padded in time, not in frequency, on (n, frames, bands).

    It computes what `keras.layers.Conv2D` does on one channel, with the same weights. Convolved one
    position after another, few filters leave the processor idle. Here the positions in frequency
    fall into blocks: a window of bands covers a block, its bands are taken for channels, and each
    filter stands in the kernel once for each position of the block, shifted.

    Parameters
    ----------
    filters : number of filters
    frames : length of the kernels
    bands : height of the kernels
    """

    def __init__(self, filters: int, frames: int, bands: int, **options: Any) -> None:
        super().__init__(**options)
        self.filters = filters
        self.frames = frames
        self.bands = bands

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights, as `keras.layers.Conv2D` would."""
        shape = (self.frames, self.bands, 1, self.filters)
        self.kernel = self.add_weight(shape=shape, initializer="glorot_uniform", name="kernel")
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def call(self, spectrogram: Any) -> Any:
        """Return the rectified features, shape (n, frames, positions, filters)."""
        _, frames, bands = spectrogram.shape
        positions = bands - self.bands + 1
        block = max(size for size in range(1, MOST_AT_ONCE + 1) if positions % size == 0)
        window = self.bands + block - 1
        windows = ops.stack(
            [spectrogram[:, :, start : start + window] for start in range(0, positions, block)],
            axis=2,
        )
        kernel = ops.stack(
            [
                ops.pad(self.kernel[:, :, 0], ((0, 0), (shift, block - 1 - shift), (0, 0)))
                for shift in range(block)
            ],
            axis=2,
        )
        kernel = ops.reshape(kernel, (self.frames, 1, window, block * self.filters))
        features = ops.conv(windows, kernel, padding="same") + ops.tile(self.bias, block)
        return ops.reshape(ops.relu(features), (-1, frames, positions, self.filters))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the features."""
        batch, frames, bands = input_shape
        return (batch, frames, bands and bands - self.bands + 1, self.filters)
