"""A convolution by blocks of positions is Keras' Conv2D, and so are its gradients."""

import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from stages.train.networks.band_convolution import BandConvolution


# 12, 14 and 13 positions in frequency: blocks of 6, of 7, and of 1
@pytest.mark.parametrize("bands", [16, 18, 17])
@pytest.mark.parametrize("frames", [1, 3, 4, 7])
def test_it_computes_what_conv2d_does(bands, frames):
    generator = np.random.default_rng(0)
    spectrogram = tf.constant(generator.normal(size=(2, 10, bands)), tf.float32)
    before, after = (frames - 1) // 2, frames // 2
    padded = tf.pad(spectrogram, ((0, 0), (before, after), (0, 0)))[..., None]
    ours, theirs = BandConvolution(3, frames, 5), layers.Conv2D(3, (frames, 5), activation="relu")
    ours.build(spectrogram.shape)
    theirs.build(padded.shape)
    theirs.bias.assign([0.1, -0.2, 0.3])
    ours.set_weights(theirs.get_weights())
    found = []
    for layer, inputs in ((ours, spectrogram), (theirs, padded)):
        with tf.GradientTape() as tape:
            output = layer(inputs)
            upstream = np.random.default_rng(1).normal(size=output.shape)
            loss = tf.reduce_sum(output * upstream.astype(np.float32))
        found.append([output, *tape.gradient(loss, [layer.kernel.value, layer.bias.value])])
    for mine, keras_own in zip(*found, strict=True):
        np.testing.assert_allclose(mine, keras_own, rtol=1e-4, atol=1e-4)


def test_fresh_weights_are_drawn_as_those_of_conv2d():
    ours, theirs = BandConvolution(64, 7, 51), layers.Conv2D(64, (7, 51))
    ours.build((None, 100, 128))
    theirs.build((None, 100, 128, 1))
    assert ours.kernel.shape == theirs.kernel.shape
    assert np.std(ours.kernel) == pytest.approx(np.std(theirs.kernel), rel=0.05)
