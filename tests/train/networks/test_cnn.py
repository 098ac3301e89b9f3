"""Model 1 is Table I: its layers, its size, and the arithmetic of the siamese merge."""

import numpy as np
import pytest

from stages.common.params import load_params
from stages.train.networks.siamese import build_siamese

MODEL = load_params().models["cnn"]


@pytest.mark.parametrize(
    ("shape", "size"),
    [((128, 690), 94_099), ((257, 690), 178_099), ((65, 2757), 182_099)],
    ids=["mel512", "stft512", "stft128"],
)
def test_size_with_four_outputs(shape, size):
    assert build_siamese(MODEL, shape, 4).count_params() == size


def test_layers_are_those_of_table_1():
    branch = build_siamese(MODEL, (128, 690), 4, dropout=0.1).branch
    kinds = [type(layer).__name__ for layer in branch.layers[1:]]
    assert kinds == ["ConvPool"] * 5 + ["Flatten", "Dense"]
    assert [layer.filters for layer in branch.layers[1:6]] == [10, 15, 15, 20, 20]
    assert {layer.dropout for layer in branch.layers[1:6]} == {0.1}
    assert branch.output_shape == (None, 50)


def test_output_is_a_linear_reading_of_the_difference_of_the_branches():
    network = build_siamese(MODEL, (64, 64), 2)
    generator = np.random.default_rng(0)
    dry = generator.normal(size=(2, 64, 64, 1)).astype(np.float32)
    compressed = generator.normal(size=(3, 64, 64, 1)).astype(np.float32)
    loop = np.array([0, 0, 1])
    difference = np.asarray(network.branch(dry))[loop] - np.asarray(network.branch(compressed))
    kernel, bias = network.regression.get_weights()
    output = np.asarray(network((np.concatenate([dry, compressed]), loop)))
    np.testing.assert_allclose(output, difference @ kernel + bias, rtol=1e-4, atol=1e-5)


def test_no_difference_gives_a_zero_embedding():
    network = build_siamese(MODEL, (64, 64), 2)
    same = np.random.default_rng(0).normal(size=(1, 64, 64, 1)).astype(np.float32)
    embedding = np.asarray(network.embed((np.concatenate([same, same]), np.array([0]))))
    assert np.abs(embedding).max() == 0
