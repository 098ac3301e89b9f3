"""The pair network: its scales, and its arithmetic beside Keras'."""

import numpy as np
import pytest

from stages.common.params import load_params
from stages.match.pair_network import restored, scaled
from stages.match.pair_training import Examples, train_pairs


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
    options = load_params().match.model_copy(
        update={"layers": [16], "embedding": 4, "dropout": 0.0, "noise": 0.0, "batch_size": 16}
    )
    return made_up(), options, train_pairs(made_up(), options, epochs=60)


def test_numpy_says_what_keras_says(trained):
    import keras

    examples, _, network = trained
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
    examples, _, network = trained
    embedding = network.embedding(examples.dry[examples.source], examples.compressed)
    error = np.abs(network.output(embedding) - scaled(examples.settings)).mean(axis=0)
    assert error[0] < 0.06 < 0.15 < error[1]  # the ratio is in nothing that it hears


def test_training_is_the_same_every_time(trained):
    examples, options, _ = trained
    import keras

    both = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        both.append(train_pairs(examples, options, epochs=2))
    for one, other in zip(both[0].branch, both[1].branch, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
