"""The fused layer computes what Keras' separate layers compute, and so do its gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from stages.train.networks import band_convolution
from stages.train.networks.band_convolution import BandConvolution
from stages.train.networks.normalisation import Normalisation
from tests.train.networks.textbook import randomise

HEIGHT = 5  # of the kernels


def both(bands, frames, filters, length):
    """The fused layer and the separate ones, with the same weights; scales of both signs."""
    fused = BandConvolution(filters, length, HEIGHT)
    fused.build((None, bands, frames))
    randomise(fused)
    convolution = layers.Conv2D(filters, (length, HEIGHT), activation="relu")
    pooling = layers.MaxPooling2D((1, bands - HEIGHT + 1))
    separate = keras.Sequential([convolution, Normalisation(), pooling])
    separate.build((None, frames + length - 1, bands, 1))
    separate.set_weights(fused.get_weights())
    return fused, separate


def around(spectrogram, length):
    """(n, bands, frames) as a padded image (n, frames, bands, 1)."""
    before, after = (length - 1) // 2, length // 2
    by_time = tf.transpose(spectrogram, (0, 2, 1))
    return tf.pad(by_time, ((0, 0), (before, after), (0, 0)))[..., None]


def trained(layer, inputs, upstream):
    weights = [weight.value for weight in layer.trainable_weights]
    with tf.GradientTape() as tape:
        outputs = layer(inputs, training=True)
        loss = tf.reduce_sum(outputs * upstream)
    return outputs, *tape.gradient(loss, weights)


# 12, 13 and 14 positions in frequency: whole blocks of four or two, or not
@pytest.mark.parametrize("bands", [16, 17, 18])
@pytest.mark.parametrize(("filters", "length"), [(1, 7), (2, 3), (3, 4), (4, 1), (5, 3)])
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "graph"])
def test_outputs_and_gradients_are_those_of_separate_layers(bands, filters, length, compiled):
    frames = 70
    fused, separate = both(bands, frames, filters, length)
    generator = np.random.default_rng(0)
    spectrogram = tf.constant(generator.normal(size=(2, bands, frames)), tf.float32)
    upstream = tf.constant(generator.normal(size=(2, frames, filters)), tf.float32)
    step = tf.function(trained) if compiled else trained
    outputs, *by_weights = step(fused, spectrogram, upstream)
    theirs, *expected = trained(separate, around(spectrogram, length), upstream[:, :, None])
    np.testing.assert_allclose(outputs, theirs[:, :, 0], atol=2e-5)
    for ours, wanted in zip(by_weights, expected, strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=1e-4, atol=2e-4)
    for ours, wanted in zip(fused.weights, separate.weights, strict=True):  # moving averages too
        np.testing.assert_allclose(ours, wanted, rtol=1e-5)


def test_of_equal_maxima_the_first_has_the_gradient():
    """Silence: every position is the maximum."""
    fused, separate = both(16, 20, 2, 3)
    fused.bias.assign([0.5, 1.0])
    separate.set_weights(fused.get_weights())
    silence, upstream = tf.fill((2, 16, 22), -3.0), tf.ones((2, 22, 2))
    ours = trained(fused, silence, upstream)
    theirs = trained(separate, around(silence, 3), upstream[:, :, None])
    for mine, wanted in zip(ours[1:], theirs[1:], strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("bands", [16, 17, 18])
def test_other_backends_compute_the_same(bands, training, monkeypatch):
    fused, _ = both(bands, 30, 3, 4)
    spectrogram = np.random.default_rng(0).normal(size=(2, bands, 30)).astype(np.float32)
    compiled = np.asarray(fused(spectrogram, training=training))
    assert fused.compute_output_shape(spectrogram.shape) == compiled.shape
    monkeypatch.setattr(band_convolution, "on_processor", lambda: False)
    elsewhere = np.asarray(fused(spectrogram, training=training))
    np.testing.assert_allclose(elsewhere, compiled, atol=2e-5)


def test_a_spectrogram_does_not_depend_on_its_neighbours_in_the_batch():
    fused, _ = both(17, 30, 3, 4)
    spectrograms = np.random.default_rng(0).normal(size=(3, 17, 30)).astype(np.float32)
    together = np.asarray(fused(spectrograms))
    alone = [np.asarray(fused(one[None]))[0] for one in spectrograms]
    np.testing.assert_array_equal(together, np.stack(alone))


def test_a_step_is_repeated_to_the_bit():
    spectrogram = np.random.default_rng(0).normal(size=(2, 17, 30)).astype(np.float32)
    found = [trained(both(17, 30, 3, 4)[0], spectrogram, tf.ones((2, 30, 3))) for _ in range(2)]
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_fresh_weights_are_drawn_as_those_of_conv2d():
    ours, theirs = BandConvolution(64, 7, 51), layers.Conv2D(64, (7, 51))
    ours.build((None, 128, 100))
    theirs.build((None, 100, 128, 1))
    assert ours.kernel.shape == theirs.kernel.shape
    assert np.std(ours.kernel) == pytest.approx(np.std(theirs.kernel), rel=0.05)
