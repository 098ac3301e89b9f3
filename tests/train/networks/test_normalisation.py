"""The normalisation is Keras' own: values, gradients and moving averages."""

import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from stages.train.networks.normalisation import Normalisation


@pytest.mark.parametrize("shape", [(6, 50, 4), (6, 9, 7, 3)], ids=["sequence", "image"])
def test_it_computes_what_keras_does(shape):
    generator = np.random.default_rng(0)
    features = tf.constant(generator.normal(2, 3, size=shape), tf.float32)
    upstream = tf.constant(generator.normal(size=shape), tf.float32)
    found = []
    for layer in (Normalisation(), layers.BatchNormalization()):
        layer.build(shape)
        layer.gamma.assign(np.linspace(-1, 2, shape[-1]))
        layer.beta.assign(np.linspace(3, 1, shape[-1]))
        with tf.GradientTape() as tape:
            tape.watch(features)
            output = layer(features, training=True)
            loss = tf.reduce_sum(output * upstream)
        known = [features, layer.gamma.value, layer.beta.value]
        moving = [layer.moving_mean, layer.moving_variance]
        found.append([output, layer(features), *tape.gradient(loss, known), *moving])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-3)
