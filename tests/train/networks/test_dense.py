"""Dense layers, as NumPy has them."""

import numpy as np
import pytest

from stages.common.params import Dense
from stages.train.networks.siamese import build_siamese
from tests.train.networks.textbook import randomise


def test_a_branch_is_rectified_products():
    network = build_siamese(Dense(layers=[7, 5], embedding=3), (11,), 2)
    randomise(network)
    first, at_first, second, at_second, last, at_last = network.branch.get_weights()
    inputs = np.random.default_rng(0).standard_normal((4, 11, 1)).astype(np.float32)
    hidden = np.maximum(inputs[..., 0] @ first + at_first, 0)
    hidden = np.maximum(hidden @ second + at_second, 0)
    expected = hidden @ last + at_last
    np.testing.assert_allclose(np.asarray(network.branch(inputs)), expected, rtol=1e-4, atol=1e-5)


def test_noise_of_the_stated_deviation_is_added_in_training_alone():
    network = build_siamese(Dense(layers=[1], noise=0.1, embedding=1), (1,), 2)
    network.branch.set_weights(2 * [np.ones((1, 1)), np.zeros(1)])
    inputs = np.full((10_000, 1, 1), 3.0, np.float32)
    trained = np.asarray(network.branch(inputs, training=True))
    assert np.std(trained) == pytest.approx(0.1, rel=0.05)
    np.testing.assert_array_equal(np.asarray(network.branch(inputs)), inputs[:, 0])
