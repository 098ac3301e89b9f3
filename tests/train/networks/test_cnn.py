"""Model 1 is Table I: its layers, its size, and the arithmetic of the siamese merge."""

import numpy as np
import pytest

from stages.common.params import load_params
from stages.train.networks.siamese import build_siamese

MODELS = load_params().models
MODEL = MODELS["cnn"]


@pytest.mark.parametrize(
    ("name", "shape", "size"),
    [
        ("cnn", (128, 690), 94_099),  # mel512
        ("cnn", (257, 690), 178_099),  # stft512
        ("cnn", (65, 2757), 182_099),  # stft128
        ("cnn-time1", (65, 2757), 179_699),
        ("cnn-time2", (65, 2757), 177_899),
    ],
)
def test_size_with_four_outputs(name, shape, size):
    assert build_siamese(MODELS[name], shape, 4).count_params() == size


def test_layers_are_those_of_table_1():
    branch = build_siamese(MODEL, (128, 690), 4, dropout=0.1).branch
    kinds = [type(layer).__name__ for layer in branch.layers[1:]]
    assert kinds == ["ConvPool"] * 5 + ["Flatten", "Dense"]
    assert [layer.filters for layer in branch.layers[1:6]] == [10, 15, 15, 20, 20]
    assert {layer.dropout for layer in branch.layers[1:6]} == {0.1}
    assert branch.output_shape == (None, 50)


@pytest.mark.parametrize(("name", "time_only"), [("cnn", 0), ("cnn-time1", 1), ("cnn-time2", 2)])
def test_the_last_kernels_of_table_8_span_one_band_and_three_frames(name, time_only):
    branch = build_siamese(MODELS[name], (65, 690), 4).branch
    sizes = [layer.kernel.shape[:2] for layer in branch.layers[1:6]]
    assert sizes == (5 - time_only) * [(3, 3)] + time_only * [(1, 3)]
    pools = [layer.output.shape[1:3] for layer in branch.layers[1:6]]
    assert pools == [(32, 345), (16, 172), (8, 86), (4, 43), (2, 21)]


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
