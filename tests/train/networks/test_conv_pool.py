"""The fused layer computes what Keras' separate layers compute, and so do its gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from stages.train.networks import conv_pool as conv_pool_module
from stages.train.networks.conv_pool import ConvPool
from stages.train.networks.conv_pool_kernels import conv_pool

SHAPES = [((9, 13, 1), 10), ((8, 12, 10), 15), ((7, 6, 15), 20), ((4, 5, 20), 3)]
IDS = ["one-channel", "even", "odd", "two-vectors-deep"]


def arrays(shape, filters, bands=3):
    generator = np.random.default_rng(3)
    images = generator.normal(size=(3, *shape)).astype(np.float32)
    kernel = generator.normal(size=(bands, 3, shape[-1], filters)).astype(np.float32) / 3
    bias = generator.normal(size=filters).astype(np.float32) / 3
    return images, kernel, bias


def separate(images, kernel, bias):
    """The same three steps by TensorFlow's own operations, in the order of Table I."""
    features = tf.nn.relu(tf.nn.conv2d(images, kernel, 1, "SAME") + bias)
    return tf.nn.max_pool2d(features, 2, 2, "VALID")


@pytest.mark.parametrize("bands", [3, 1])
@pytest.mark.parametrize(("shape", "filters"), SHAPES, ids=IDS)
def test_output_and_gradients_are_those_of_separate_layers(shape, filters, bands):
    images, kernel, bias = arrays(shape, filters, bands)
    layer = ConvPool(filters, bands=bands)
    layer.build((None, *shape))
    layer.set_weights([kernel, bias])
    inputs = tf.constant(images)
    known = [inputs, tf.constant(kernel), tf.constant(bias)]
    weights = [layer.kernel.value, layer.bias.value]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(known)
        ours, theirs = layer(inputs), separate(*known)
        upstream = tf.constant(np.random.default_rng(4).normal(size=ours.shape), tf.float32)
        our_loss, their_loss = (tf.reduce_sum(values * upstream) for values in (ours, theirs))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    expected = tape.gradient(their_loss, known)
    found = tape.gradient(our_loss, [inputs, *weights])
    if shape[-1] == 1:  # the network's own input
        expected[0] = tf.zeros_like(inputs)
    for ours_by, theirs_by in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours_by, theirs_by, atol=2e-4)


@pytest.mark.parametrize(("shape", "filters"), SHAPES, ids=IDS)
def test_other_backends_compute_the_same(shape, filters, monkeypatch):
    images, _, _ = arrays(shape, filters)
    layer = ConvPool(filters)
    compiled = np.asarray(layer(images))
    monkeypatch.setattr(conv_pool_module, "on_processor", lambda: False)
    np.testing.assert_allclose(compiled, np.asarray(layer(images)), atol=1e-5)


def test_dropout_takes_its_share_and_keeps_the_mean():
    images = np.ones((20, 40, 40, 1), np.float32)
    kernel, bias = np.zeros((3, 3, 1, 10), np.float32), np.ones(10, np.float32)
    dropped, _ = conv_pool(images, kernel, bias, 0.1, 7)
    assert np.unique(dropped).tolist() == [0.0, pytest.approx(1 / 0.9)]
    assert (dropped == 0).mean() == pytest.approx(0.1, abs=0.004)  # 80,000 values, 4 deviations
    # No image, row, column or filter loses much more than another, and no two seeds agree.
    for axis in range(4):
        others = tuple({0, 1, 2, 3} - {axis})
        assert (dropped == 0).mean(axis=others).std() < 0.01
    other, _ = conv_pool(images, kernel, bias, 0.1, 8)
    assert ((dropped == 0) & (other == 0)).mean() == pytest.approx(0.01, abs=0.002)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "graph"])
def test_every_step_drops_other_values(compiled):
    layer = ConvPool(10, dropout=0.5)
    layer.build((None, 16, 16, 1))
    layer.set_weights([np.zeros((3, 3, 1, 10)), np.ones(10)])

    def step():
        return layer(tf.ones((2, 16, 16, 1)), training=True)

    step = tf.function(step) if compiled else step
    dropped = np.stack([step().numpy() == 0 for _ in range(5)])
    both = [(dropped[i] & dropped[j]).mean() for i in range(5) for j in range(i)]
    np.testing.assert_allclose(both, 0.25, atol=0.06)  # 1,280 values, 5 deviations


def test_gradient_under_dropout_is_that_of_the_values_that_stayed():
    images, kernel, bias = arrays((8, 12, 10), 15)
    layer = ConvPool(15, dropout=0.4)
    layer.build((None, 8, 12, 10))
    layer.set_weights([kernel, bias])
    inputs = tf.constant(images)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(inputs)
        ours = layer(inputs, training=True)
        kept = tf.cast(ours != 0, tf.float32) / 0.6
        theirs = separate(inputs, kernel, bias) * kept
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    np.testing.assert_allclose(
        tape.gradient(ours, inputs), tape.gradient(theirs, inputs), atol=1e-4
    )


def test_an_image_does_not_depend_on_its_neighbours_in_the_batch():
    images, kernel, bias = arrays((8, 12, 10), 15)
    together, _ = conv_pool(images, kernel, bias, 0.0, 0)
    alone = [conv_pool(image[None], kernel, bias, 0.0, 0)[0][0] for image in images]
    assert np.array_equal(together, np.stack(alone))


def test_a_trained_layer_fits_where_the_separate_layers_do():
    images, kernel, bias = arrays((16, 16, 1), 4)
    targets = separate(images, kernel, bias).numpy().mean(axis=(1, 2))
    network = keras.Sequential([ConvPool(4), layers.GlobalAveragePooling2D()])
    network.compile(keras.optimizers.Adam(0.01), "mse", jit_compile=False)
    before = network.evaluate(images, targets, verbose=0)
    network.fit(images, targets, epochs=60, verbose=0)
    assert network.evaluate(images, targets, verbose=0) < before / 10
