"""The siamese merge, the precision of the branch, embeddings and outputs."""

from typing import Any

import keras
import numpy as np
import pytest

from siamese_drc.core.errors import InputError
from siamese_drc.networks import siamese
from siamese_drc.networks.siamese import (
    ROWS_AT_ONCE,
    build_siamese,
    embed_rows,
    regress,
    take_batch_statistics,
)
from tests.networks.conftest import BFLOAT16

CNN: dict[str, Any] = {"kind": "cnn", "filters": [10, 15, 15, 20, 20], "embedding": 50}


def test_output_is_a_linear_reading_of_the_difference_of_the_branches():
    network = build_siamese(input_shape=(64, 64), outputs=2, **CNN)
    generator = np.random.default_rng(0)
    dry = generator.normal(size=(2, 64, 64, 1)).astype(np.float32)
    compressed = generator.normal(size=(3, 64, 64, 1)).astype(np.float32)
    loop = np.array([0, 0, 1])
    difference = np.asarray(network.branch(dry))[loop] - np.asarray(network.branch(compressed))
    kernel, bias = network.regression.get_weights()
    output = np.asarray(network((np.concatenate([dry, compressed]), loop)))
    np.testing.assert_allclose(output, difference @ kernel + bias, rtol=1e-4, atol=1e-5)


def test_no_difference_gives_a_zero_embedding():
    network = build_siamese(input_shape=(64, 64), outputs=2, **CNN)
    same = np.random.default_rng(0).normal(size=(1, 64, 64, 1)).astype(np.float32)
    embedding = np.asarray(network.embed((np.concatenate([same, same]), np.array([0]))))
    np.testing.assert_allclose(embedding, 0, atol=1e-6)  # equal rows may be summed in other orders


def test_embedded_rows_are_those_of_the_network(data_set):
    network = build_siamese(input_shape=data_set.shape, outputs=2, **CNN)
    rows = np.arange(len(data_set))  # more than one block of them
    embeddings = embed_rows(network, data_set, rows)
    batch = data_set.batch(rows)
    np.testing.assert_allclose(embeddings, np.asarray(network.embed(batch)), atol=1e-5)
    np.testing.assert_allclose(
        regress(network, embeddings), np.asarray(network(batch)), rtol=1e-4, atol=1e-5
    )
    assert embeddings.dtype == np.float32


MODELS: list[tuple[dict[str, Any], Any]] = [
    (CNN, (40, 70)),
    ({"kind": "sample_level", "filters": [4, 4], "kernel": 3, "back_end": 8, "embedding": 50}, 200),
    (
        {
            "kind": "multi_kernel",
            "timbre": {"bands": [0.5], "frames": [3], "filters": [4]},
            "temporal": {"frames": [5], "filters": [4]},
            "back_end": 8,
            "embedding": 50,
        },
        (16, 30),
    ),
    ({"kind": "dense", "layers": [30], "embedding": 50}, 60),
]


@BFLOAT16
@pytest.mark.parametrize(("model", "shape"), MODELS, ids=[model["kind"] for model, _ in MODELS])
def test_mixed_precision_has_the_same_weights_and_nearly_the_same_output(model, shape):
    shape = np.atleast_1d(shape).tolist()
    network = build_siamese(input_shape=shape, outputs=2, **model)
    mixed = build_siamese(input_shape=shape, outputs=2, precision="mixed_bfloat16", **model)
    assert keras.config.dtype_policy().name == "float32"  # of what is built next
    assert {weight.dtype for weight in mixed.weights} == {"float32"}
    mixed.set_weights(network.get_weights())
    inputs = np.random.default_rng(0).normal(size=(3, *shape, 1)).astype(np.float32)
    batch = (inputs, np.zeros(2, np.int32))
    exact, rounded = np.asarray(network(batch)), np.asarray(mixed(batch))
    assert rounded.dtype == np.float32
    assert 0 < np.abs(exact - rounded).max() < 0.1 * np.abs(exact).max()


def test_a_processor_without_bfloat16_is_an_error(monkeypatch):
    def conv(*_):
        raise RuntimeError("could not create a primitive descriptor")

    monkeypatch.setattr(siamese.ops, "conv", conv)
    with pytest.raises(InputError, match="no convolution in bfloat16 on this processor"):
        build_siamese(input_shape=(64, 64), outputs=2, precision="mixed_bfloat16", **CNN)


def test_batch_statistics_are_the_means_over_one_pass(data_set):
    """By NumPy, of what reaches each normalisation layer in training."""
    model, _ = MODELS[2]
    network = build_siamese(input_shape=data_set.shape, outputs=2, **model)
    kind = keras.layers.BatchNormalization
    normalising = [layer for layer in network.branch.layers if isinstance(layer, kind)]
    kept = [np.asarray(weight) for weight in network.trainable_weights]
    momenta = [layer.momentum for layer in normalising]
    rows = np.arange(3, 50)  # two blocks, the second a smaller one
    take_batch_statistics(network, data_set, rows)
    found = [
        (np.asarray(layer.moving_mean), np.asarray(layer.moving_variance)) for layer in normalising
    ]
    for before, after in zip(kept, network.trainable_weights, strict=True):
        np.testing.assert_array_equal(before, np.asarray(after))
    assert [layer.momentum for layer in normalising] == momenta

    reaching = keras.Model(network.branch.inputs, [layer.input for layer in normalising])
    means, variances = [], []
    for block in (rows[:ROWS_AT_ONCE], rows[ROWS_AT_ONCE:]):
        inputs, _ = data_set.batch(block)
        values = [np.asarray(value) for value in reaching(inputs, training=True)]
        axes = [tuple(range(value.ndim - 1)) for value in values]
        means.append([value.mean(axis=a) for value, a in zip(values, axes, strict=True)])
        variances.append([value.var(axis=a) for value, a in zip(values, axes, strict=True)])
    for layer, (mean, variance) in enumerate(found):
        np.testing.assert_allclose(
            mean, np.mean([each[layer] for each in means], axis=0), rtol=1e-4, atol=1e-5
        )
        np.testing.assert_allclose(
            variance, np.mean([each[layer] for each in variances], axis=0), rtol=1e-4, atol=1e-5
        )


def test_a_network_without_normalisation_stays_as_it_is(data_set):
    network = build_siamese(input_shape=data_set.shape, outputs=2, **CNN)
    before = network.get_weights()
    take_batch_statistics(network, data_set, np.arange(40))
    for a, b in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
