"""Training of the network: pairs, loss, determinism, and NumPy's arithmetic against Keras'."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from siamese_drc.match.dynamics import PEAKS
from siamese_drc.match.model import restored, scaled
from siamese_drc.match.model_training import (
    Examples,
    TrainingOptions,
    fit_model,
    loss_targets,
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
    learning_rate=0.002,
    weight_decay=0.001,
    epochs=60,
    trees=8,
    max_leaf_nodes=20,
    coverage=0.9,
)


def made_up(loops=12, productions=2, settings=4, features=40):
    """Dynamics that tell the threshold: a compressed clip's are the dry one's less it."""
    random = np.random.default_rng(1)
    dry = random.standard_normal((loops * productions, features)).astype(np.float32)
    loop = np.repeat(np.arange(loops), productions)
    source = np.repeat(np.arange(len(dry)), settings)
    threshold = random.uniform(-20, 10, len(source))
    others = (1 / random.uniform(0.1, 0.9, len(source)), *random.uniform(20, 90, (2, len(source))))
    return Examples(
        dry=dry,
        material=loop % 2,
        loop=loop,
        compressed=(dry[source] - threshold[:, np.newaxis] / 10).astype(np.float32),
        source=source,
        settings=np.stack([threshold, *others], axis=1),
    )


def test_scaled_settings_come_back():
    settings = np.array([[-30.0, 1.0, 1.0, 10.0], [20.0, 20.0, 100.0, 1000.0], [0, 4, 10, 100]])
    values = scaled(settings)
    assert values[0] == pytest.approx([0, 1, 0, 0])
    assert values[2] == pytest.approx([0.6, 0.25, 0.5, 0.5])
    np.testing.assert_allclose(restored(values), settings)


def test_partners_are_other_loops_of_the_material():
    examples = made_up()
    seen = set()
    for seed in range(40):
        partners = examples.partners(np.random.default_rng(seed))
        assert np.all(examples.loop[partners] != examples.loop[examples.source])
        assert np.all(examples.material[partners] == examples.material[examples.source])
        seen |= set(partners[examples.source == 4])
    assert seen == {0, 1, *range(8, 24, 4), *range(9, 24, 4)}


@pytest.fixture(scope="module")
def trained():
    return made_up(), train_network(made_up(), OPTIONS)


def test_numpy_says_what_keras_says(trained):
    import keras

    examples, network = trained
    inputs = network.standardised(examples.dry)
    layers = [
        keras.layers.Dense(bias.size, "gelu" if number < len(network.branch) - 1 else None)
        for number, (_, bias) in enumerate(network.branch)
    ]
    branch = keras.Sequential([keras.Input((inputs.shape[1],)), *layers])
    branch.set_weights([array for layer in network.branch for array in layer])
    embeddings = np.asarray(branch(inputs))
    np.testing.assert_allclose(
        network.embedding(examples.dry[:1], examples.dry[1:2]),
        np.hstack([embeddings[:1] - embeddings[1:2], embeddings[1:2]]),
        atol=1e-5,
    )


def test_it_learns_what_the_dynamics_tell(trained):
    examples, network = trained
    embedding = network.embedding(examples.dry[examples.source], examples.compressed)
    error = np.abs(network.output(embedding) - scaled(examples.settings)).mean(axis=0)
    assert error[0] < 0.06 < 0.15 < error[1]  # the ratio is in nothing that it hears


def test_training_is_the_same_every_time(trained):
    examples, _ = trained
    both = [train_network(examples, replace(OPTIONS, epochs=2)) for _ in range(2)]
    for one, other in zip(both[0].branch, both[1].branch, strict=True):
        np.testing.assert_array_equal(one[0], other[0])


def cost(found, wanted):
    dry = np.zeros((1, PEAKS.stop), np.float32)
    dry[:, PEAKS] = PEAK_DB / 10
    targets = loss_targets(np.array([wanted]), dry)
    return float(pair_loss(targets, np.array([found], np.float32)))


def test_the_loss_of_the_true_settings_is_zero():
    assert cost([0.5, 0.2, 0.3, 0.4], [0.5, 0.2, 0.3, 0.4]) == 0


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
    examples = made_up(loops=16, features=PEAKS.stop)
    arrays = asdict(examples) | {"part": np.repeat([0, 1], len(examples.dry) // 2)}
    model = fit_model(arrays, replace(OPTIONS, epochs=2), made_under={"by": "a test"})
    assert model.forest.tree_predictions(np.zeros((3, 8))).shape == (8, 3, 4)
    assert set(model.held_out) == {"network", "forest", "forest_without_limit"}
    half = len(examples.source) // 2
    dry, clips = examples.dry[examples.source[half:]], examples.compressed[half:]
    value, low, high = model.estimate(dry, clips)
    assert ((low <= value) & (value <= high)).all()
    inside = (low <= examples.settings[half:]) & (examples.settings[half:] <= high)
    assert inside[:, 1].mean() > 0.8
    assert model.made_under == {"by": "a test"}
