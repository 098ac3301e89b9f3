"""Training of the network: pairs, loss, determinism, and NumPy's arithmetic against Keras'."""

from dataclasses import replace

import numpy as np
import pytest

from siamese_drc.match.dynamics import PEAKS
from siamese_drc.match.model import parts, restored, scaled
from siamese_drc.match.model_training import (
    Examples,
    TrainingOptions,
    fit_model,
    pair_loss,
    train_network,
)

PEAK_DB = 10.0
OPTIONS = TrainingOptions(
    seed=11,
    layers=[16],
    embedding=4,
    dropout=0.0,
    noise=0.0,
    batch_size=16,
    learning_rate=0.004,
    weight_decay=0.001,
    epochs=60,
    coverage=0.9,
    refused=0.05,
)


def made_up(loops=24, settings=4, features=PEAKS.stop):
    """Dynamics that tell the threshold: a compressed clip's are the dry one's less it."""
    random = np.random.default_rng(1)
    dry = random.standard_normal((loops, features)).astype(np.float32)
    threshold = random.uniform(-20, 10, (loops, settings))
    others = (1 / random.uniform(0.1, 0.9, threshold.shape), *random.uniform(20, 90, (2, 1, 1)))
    columns = np.broadcast_arrays(threshold, *others)
    return {
        "material": np.arange(loops) * 2 // loops,
        "part": np.zeros(loops, int),
        "dry": dry,
        "compressed": (dry[:, np.newaxis] - threshold[..., np.newaxis] / 10).astype(np.float32),
        "settings": np.stack(columns, axis=-1),
        "reduction_db": np.where(threshold < 5, 6.0, 0.0),
    }


def test_scaled_settings_come_back():
    settings = np.array(
        [[-30.0, 1.0, 0.1, 10.0], [20.0, 20.0, 100.0, 1000.0], [0, 4, 10**0.5, 100]]
    )
    values = scaled(settings)
    assert values[0] == pytest.approx([0, 1, 0, 0])
    assert values[2] == pytest.approx([0.6, 0.25, 0.5, 0.5])
    np.testing.assert_allclose(restored(values), settings)


def test_partners_are_other_loops_of_the_material():
    examples = Examples.of_part([made_up()], 0)
    seen = set()
    for seed in range(80):
        partners = examples.partners(np.random.default_rng(seed))
        assert np.all(partners != examples.source)
        assert np.all(examples.material[partners] == examples.material[examples.source])
        seen |= set(partners[examples.source == 1])
    assert seen == {0, *range(2, 12)}


def test_references_are_the_loops_under_settings_and_as_they_are():
    arrays = made_up()
    examples = Examples.of_part([arrays], 0)
    np.testing.assert_array_equal(examples.reference[5], arrays["compressed"][1, 1])
    np.testing.assert_array_equal(examples.reference[-1], arrays["dry"][-1])
    assert examples.source[5] == 1
    assert examples.source[-1] == 23
    assert examples.compressed.sum() == 96
    assert not (examples.audible & ~examples.compressed).any()


def test_materials_of_several_tables_stay_apart():
    first, second = made_up(), made_up(loops=10)
    examples = Examples.of_part([first, second], 0)
    np.testing.assert_array_equal(examples.dry[24:], second["dry"])
    np.testing.assert_array_equal(examples.material[24:], 2 + second["material"])
    of_second = np.flatnonzero(examples.source >= 24)
    assert of_second.size == 10 * (4 + 1)
    np.testing.assert_array_equal(examples.reference[of_second[5]], second["compressed"][1, 1])
    partners = examples.partners(np.random.default_rng(0))
    assert np.all(examples.material[partners] == examples.material[examples.source])


@pytest.fixture(scope="module")
def trained():
    examples = Examples.of_part([made_up()], 0)
    return examples, train_network(examples, OPTIONS)


def test_numpy_says_what_keras_says(trained):
    import keras

    examples, network = trained
    inputs = network.standardised(examples.dry)

    def through(layers, values):
        dense = [
            keras.layers.Dense(bias.size, "gelu" if number < len(layers) - 1 else None)
            for number, (_, bias) in enumerate(layers)
        ]
        model = keras.Sequential([keras.Input((values.shape[1],)), *dense])
        model.set_weights([array for layer in layers for array in layer])
        return np.asarray(model(values))

    embedded = through(network.branch, inputs)
    both = np.hstack([embedded[:1] - embedded[1:2], embedded[1:2]])
    np.testing.assert_allclose(
        network.output(examples.dry[:1], examples.dry[1:2]),
        through(network.head, both),
        atol=1e-5,
    )


def test_it_learns_what_the_dynamics_tell(trained):
    examples, network = trained
    known = examples.compressed
    found = parts(network.output(examples.dry[examples.source], examples.reference))
    error = np.abs(found.value - scaled(examples.settings))[known].mean(axis=0)
    assert error[0] < 0.06 < 0.12 < error[1]  # the ratio is in nothing that it hears
    low, high = (end[known, 0] for end in (found.low, found.high))
    inside = (low < scaled(examples.settings)[known, 0]) & (
        scaled(examples.settings)[known, 0] < high
    )
    assert inside.mean() > 0.7
    strong = known & (examples.settings[:, 0] < -10)
    assert found.score[strong].mean() > found.score[~known].mean() + 1


def test_training_is_the_same_every_time(trained):
    examples, _ = trained
    both = [train_network(examples, replace(OPTIONS, epochs=2)) for _ in range(2)]
    for one, other in zip(both[0].branch, both[1].branch, strict=True):
        np.testing.assert_array_equal(one[0], other[0])


def cost(found, wanted, compressed=1.0, audible=1.0, score=40.0):
    """Return the loss where the ends of the interval are the true settings."""
    targets = [*wanted, compressed, audible, PEAK_DB]
    output = [*found, *wanted, *wanted, score]
    return float(
        pair_loss(np.array([targets], np.float32), np.array([output], np.float32), coverage=0.9)
    )


def test_of_an_uncompressed_reference_only_the_score_counts():
    far = ([0.5, 0.2, 0.3, 0.4], [0.1, 0.9, 0.9, 0.1])
    assert cost(*far, compressed=0.0, audible=0.0, score=-40.0) == pytest.approx(0, abs=1e-6)
    assert cost(*far, compressed=0.0, audible=0.0, score=0.0) == pytest.approx(0.1 * np.log(2))


def test_the_loss_of_the_true_settings_is_zero():
    assert cost([0.5, 0.2, 0.3, 0.4], [0.5, 0.2, 0.3, 0.4]) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("found", "wanted", "gain_db"),
    [
        # Thresholds of -10 and 0 dB, peaks at 10 dB, with no limit to the ratio: 20 and 10 dB.
        ([0.4, 0.0, 0.5, 0.5], [0.6, 0.0, 0.5, 0.5], 10),
        ([0.4, 0.5, 0.5, 0.5], [0.6, 0.5, 0.5, 0.5], 5),  # at 2:1
        ([0.4, 1.0, 0.5, 0.5], [0.6, 1.0, 0.5, 0.5], 0),  # at 1:1 nothing is heard
        ([0.9, 0.2, 0.5, 0.5], [1.0, 0.2, 0.5, 0.5], 0),  # both above the peaks
        ([0.4, 0.5, 0.5, 0.5], [0.6, 0.0, 0.5, 0.5], 0),  # 20 dB at 2:1 are 10 dB without limit
    ],
)
def test_an_error_costs_what_it_does_to_the_gain(found, wanted, gain_db):
    of_settings = np.mean(np.abs(np.subtract(found, wanted)))
    assert cost(found, wanted) == pytest.approx(of_settings + gain_db / 20, abs=1e-6)


def test_a_model_is_fitted_on_one_part_and_calibrated_on_the_other():
    arrays = made_up(loops=32) | {"part": np.arange(32) % 2}
    model = fit_model([arrays], replace(OPTIONS, epochs=2))
    held_out = Examples.of_part([arrays], 1)
    found = model.estimate(held_out.dry[held_out.source], held_out.reference)
    assert ((found.low <= found.value) & (found.value <= found.high)).all()
    inside = (found.low <= held_out.settings) & (held_out.settings <= found.high)
    assert inside[held_out.compressed, 1].mean() > 0.8
    assert np.mean(found.score[held_out.audible] < model.least_score) < 0.2
    assert set(model.held_out) == {"network"}
