"""A training learns, repeats to the bit, and survives being killed."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any, cast

import keras
import numpy as np
import pytest

from siamese_drc.compressor.compressor import compress
from siamese_drc.compressor.settings import Settings
from siamese_drc.core.errors import InputError
from siamese_drc.inputs.spectrogram import represent
from siamese_drc.networks.backend import prepare_backend
from siamese_drc.networks.batches import random_split, shuffled_batches
from siamese_drc.networks.checkpoint import LearningCurve
from siamese_drc.networks.siamese import Siamese, build_siamese, embed_rows, regress
from siamese_drc.networks.training import (
    TrainingOptions,
    compile_network,
    make_optimizer,
    train_epoch,
    train_network,
    untrained_weights,
)
from tests.networks.conftest import BFLOAT16

CNN: dict[str, Any] = {"kind": "cnn", "filters": [4, 4], "embedding": 8}
DROPPING = {**CNN, "dropout": 0.1}
NORMALISED = {
    "kind": "multi_kernel",
    "timbre": {"bands": [0.5], "frames": [3], "filters": [4]},
    "temporal": {"frames": [5], "filters": [4]},
    "back_end": 8,
    "embedding": 8,
}
NOISY = {"kind": "dense", "layers": [8], "noise": 0.1, "embedding": 8}
PRECISIONS = ["float32", pytest.param("mixed_bfloat16", marks=BFLOAT16)]
PAPER = TrainingOptions(max_epochs=4)
COSINE = replace(PAPER, optimizer="adamw", learning_rate=0.001, schedule="cosine")
ABSOLUTE = replace(PAPER, loss="absolute", learning_rate=0.1)
AVERAGED = replace(COSINE, ema_momentum=0.75)
LEVELS = replace(PAPER, level_db=6.0)
STARTS = replace(PAPER, random_start=1.0)


def fit(shifted, *, checkpoint=None, model=CNN, options=PAPER):
    """Train, and return a network with the best weights beside the curve and the split."""
    prepare_backend(7)
    data, targets = shifted
    targets = (targets / 10).astype(np.float32)[:, None]
    split = random_split(np.arange(len(data)), validation_fraction=0.2, seed=7)
    build = partial(build_siamese, input_shape=data.shape, outputs=1, **model)
    weights, curve = train_network(
        build,
        data,
        targets,
        split,
        options=options,
        seed=7,
        target_per_db=0.01,
        checkpoint=checkpoint,
        label="test",
    )
    network = build()
    network.set_weights(weights)
    return network, curve, split


def errors(network, shifted, rows):
    data, targets = shifted
    return regress(network, embed_rows(network, data, rows))[:, 0] - targets[rows] / 10


@pytest.mark.parametrize("precision", PRECISIONS)
def test_it_learns_a_shift_of_level(shifted, precision):
    options = replace(PAPER, max_epochs=15)
    network, curve, _ = fit(shifted, model={**CNN, "precision": precision}, options=options)
    found = errors(network, shifted, np.arange(60))
    assert np.mean(found**2) < 0.25 * np.var(shifted[1] / 10)
    assert curve.validation_losses[-1] < 0.5 * curve.validation_losses[0]


@pytest.mark.parametrize("mean", [np.square, np.abs])
def test_the_loss_is_the_mean_of_the_errors_that_it_names(shifted, mean):
    options = replace(ABSOLUTE if mean is np.abs else PAPER, max_epochs=1)
    network, curve, split = fit(shifted, options=options)
    found = mean(errors(network, shifted, split.validation)).mean()
    assert curve.validation_losses == [pytest.approx(float(found), rel=1e-5)]


def test_the_best_weights_are_those_of_the_lowest_validation_loss(shifted):
    """At this rate the validation loss goes up and down."""
    options = replace(PAPER, learning_rate=8.0, max_epochs=8, patience=3)
    network, curve, split = fit(shifted, options=options)
    assert curve.best_epoch < curve.epochs
    found = np.square(errors(network, shifted, split.validation)).mean()
    assert min(curve.validation_losses) == pytest.approx(float(found), rel=1e-4)


@pytest.mark.parametrize(("schedule", "epochs"), [("constant", 3), ("cosine", 6)])
def test_patience_is_of_the_constant_schedule_only(shifted, schedule, epochs, monkeypatch):
    monkeypatch.setattr(LearningCurve, "best_epoch", 1)
    options = replace(PAPER, max_epochs=6, patience=2, schedule=schedule)
    _, curve, _ = fit(shifted, options=options)
    assert curve.epochs == epochs


def test_a_loss_that_is_not_finite_is_an_error(shifted):
    options = replace(PAPER, learning_rate=1e30)
    with pytest.raises(InputError, match=r"loss of epoch \d is \w+; it must be finite.*1e\+30"):
        fit(shifted, options=options)


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (DROPPING, PAPER),
        (NORMALISED, AVERAGED),
        (NOISY, ABSOLUTE),
        (CNN, replace(LEVELS, random_start=1.0)),
    ],
    ids=["dropout", "normalised and averaged", "noise", "levels and starts"],
)
def test_a_resumed_training_ends_in_the_same_weights(model, options, shifted, tmp_path):
    whole, curve, _ = fit(shifted, checkpoint=tmp_path / "whole.npz", model=model, options=options)
    with pytest.MonkeyPatch.context() as patch:  # the cosine is as long as that of the whole
        patch.setattr(LearningCurve, "should_stop", lambda curve, *_: curve.epochs >= 2)
        _, part, _ = fit(shifted, checkpoint=tmp_path / "parts.npz", model=model, options=options)
    assert part.epochs == 2
    parts, resumed, _ = fit(
        shifted, checkpoint=tmp_path / "parts.npz", model=model, options=options
    )
    assert resumed == curve
    for a, b in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


KILLED = """
import os
import signal
import sys
from pathlib import Path
import numpy as np
from siamese_drc.networks import training
from tests.networks.conftest import make_data_set
from tests.networks.test_training import DROPPING, fit
folder, last = Path(sys.argv[1]), int(sys.argv[2])
save = training.save_checkpoint
def save_and_die(path, network, best, curve):
    save(path, network, best, curve)
    if curve.epochs == last:
        os.kill(os.getpid(), signal.SIGKILL)
training.save_checkpoint = save_and_die
network, _, _ = fit(make_data_set(folder), checkpoint=folder / "checkpoint.npz", model=DROPPING)
np.savez(folder / "weights.npz", *network.get_weights())
"""


def test_a_killed_training_ends_in_the_weights_of_one_never_killed(tmp_path):
    """Each in a process of its own: earlier tests may have set this one's arithmetic."""
    root = Path(__file__).parents[2]

    def run(name, last_epoch=0):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        command = [sys.executable, "-c", KILLED, str(folder), str(last_epoch)]
        environment = {**os.environ, "PYTHONPATH": str(root)}
        return subprocess.run(command, cwd=root, env=environment, check=False).returncode

    assert run("killed", last_epoch=2) == -signal.SIGKILL
    assert not (tmp_path / "killed" / "weights.npz").exists()
    assert run("killed") == run("whole") == 0
    weights = (np.load(tmp_path / name / "weights.npz") for name in ("killed", "whole"))
    with next(weights) as killed, next(weights) as whole:
        for name in whole.files:
            np.testing.assert_array_equal(killed[name], whole[name])


def test_the_optimizer_of_the_paper_is_adadelta():
    optimizer = make_optimizer(PAPER, steps=100)
    assert isinstance(optimizer, keras.optimizers.Adadelta)
    assert (float(optimizer.learning_rate), optimizer.rho) == (1.0, 0.95)


@pytest.mark.parametrize("name", ["adadelta", "adam", "adamw"])
def test_a_cosine_goes_from_the_learning_rate_to_zero(name):
    options = replace(PAPER, optimizer=name, learning_rate=0.01, schedule="cosine")
    optimizer = make_optimizer(options, steps=100)
    assert type(optimizer).__name__.lower() == name
    rates = []
    for step in (0, 50, 100):
        optimizer.iterations.assign(step)
        rates.append(float(optimizer.learning_rate))
    np.testing.assert_allclose(rates, [0.01, 0.005, 0], atol=1e-8)


def test_weight_decay_reaches_adamw():
    options = replace(PAPER, optimizer="adamw", weight_decay=0.3)
    assert make_optimizer(options, steps=1).weight_decay == pytest.approx(0.3)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("model", [CNN, NORMALISED], ids=["cnn", "normalised"])
def test_the_untrained_twin_has_the_first_weights_of_the_training(shifted, model, precision):
    data, targets = shifted
    split = random_split(np.arange(len(data)), validation_fraction=0.2, seed=7)
    build = partial(build_siamese, input_shape=data.shape, outputs=1, **model)
    no_epoch = TrainingOptions(max_epochs=0)
    trained = partial(build, precision=precision)
    first, _ = train_network(trained, data, targets[:, None], split, options=no_epoch, seed=7)
    untrained = untrained_weights(build, data, split.training, seed=7)
    networks = []
    for weights in (first, untrained):
        networks.append(build())
        networks[-1].set_weights(weights)
    for a, b in zip(*(network.trainable_weights for network in networks), strict=True):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
    other = untrained_weights(build, data, split.training, seed=8)
    assert not np.array_equal(other[0], untrained[0])


def test_an_average_of_the_weights_is_validated_and_returned(shifted):
    """Beside the same steps one by one, and their average as its definition has it."""
    data, shift = shifted
    targets = (shift / 10).astype(np.float32)[:, None]
    options = replace(AVERAGED, max_epochs=2)
    found, curve, split = fit(shifted, options=options)
    keras.utils.set_random_seed(7)
    network = build_siamese(input_shape=data.shape, outputs=1, **CNN)
    steps = 2 * ceil(len(split.training) / options.batch_size)
    compile_network(network, replace(options, ema_momentum=0.0), steps=steps)
    average: list[np.ndarray] = []
    averages = []
    for epoch in range(2):
        for batch in shuffled_batches(
            data.loop, split.training, batch_size=8, loops_per_batch=4, seed=7, epoch=epoch
        ):
            network.train_on_batch(data.batch(batch), targets[batch])
            weights = network.get_weights()
            average = [
                0.75 * a + 0.25 * w for a, w in zip(average or weights, weights, strict=True)
            ]
        averages.append(average)
    for a, b in zip(found.get_weights(), averages[curve.best_epoch - 1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    for epoch, weights in enumerate(averages):
        network.set_weights(weights)
        expected = np.square(errors(network, shifted, split.validation)).mean()
        assert curve.validation_losses[epoch] == pytest.approx(float(expected), rel=1e-3)


class Recorder:
    """Takes the place of a network, and keeps what it is trained on."""

    def __init__(self):
        self.batches = []

    def train_on_batch(self, batch, targets):
        self.batches.append((*batch, targets))
        return 0.0


def test_levels_move_the_inputs_of_a_loop_and_its_threshold_together(shifted):
    data, shift = shifted
    rows, targets = np.arange(40), np.stack([shift, shift], axis=1).astype(np.float32) / 10
    per_db, levels = np.array([0.02, 0.0]), []
    plain, moved, again, later = (Recorder() for _ in range(4))
    for recorder, options, epoch in (
        (plain, PAPER, 0),
        (moved, LEVELS, 0),
        (again, LEVELS, 0),
        (later, LEVELS, 1),
    ):
        train_epoch(
            cast(Siamese, recorder),
            data,
            targets,
            rows,
            options=options,
            seed=1,
            epoch=epoch,
            target_per_db=per_db,
        )
    for (inputs, loop, wanted), (louder, same, higher) in zip(
        plain.batches, moved.batches, strict=True
    ):
        np.testing.assert_array_equal(loop, same)
        by = data.deviation * (louder - inputs)[..., 0]
        level = by.mean(axis=(1, 2))
        np.testing.assert_allclose(by, np.broadcast_to(level[:, None, None], by.shape), atol=1e-4)
        dry = len(inputs) - len(loop)
        np.testing.assert_allclose(level[dry:], level[:dry][loop], atol=1e-4)
        np.testing.assert_allclose(
            higher, wanted + level[dry:, None] * per_db, rtol=1e-5, atol=1e-5
        )
        assert (louder.dtype, higher.dtype) == (np.float32, np.float32)
        levels += level[:dry].tolist()
    assert len(set(np.round(levels, 4))) == len(levels)  # a loop has another level in each batch
    assert np.abs(levels).max() <= 6
    assert np.std(levels) == pytest.approx(6 / np.sqrt(3), rel=0.4)
    np.testing.assert_array_equal(moved.batches[0][0], again.batches[0][0])
    assert not np.array_equal(moved.batches[0][2], later.batches[0][2])


def test_a_level_in_db_is_what_a_louder_recording_has():
    """compress(g x, T + g) = g compress(x, T), and its spectrogram is higher by g."""
    noise = np.random.default_rng(0).normal(0, 0.05, 22050).astype(np.float32)
    inputs = [
        represent(
            compress(
                noise * np.float32(10 ** (level / 20)),
                Settings([-30.0 + level], [4.0], [5.0], [100.0]),
                sample_rate=44100,
            ),
            sample_rate=44100,
            n_fft=128,
        ).astype(np.float64)
        for level in (0.0, 6.0)
    ]
    np.testing.assert_allclose(inputs[1], inputs[0] + 6.0, atol=0.06)  # float16


def test_a_random_start_turns_both_branches_of_a_loop_alike(shifted):
    data, targets = shifted
    rows = np.arange(len(data))
    turned, plain = Recorder(), Recorder()
    for network, options in ((turned, STARTS), (plain, PAPER)):
        train_epoch(
            cast(Siamese, network), data, targets[:, None], rows, options=options, seed=1, epoch=0
        )
    moments = set()
    for (found, loop, _), (inputs, same_loop, _) in zip(turned.batches, plain.batches, strict=True):
        np.testing.assert_array_equal(loop, same_loop)
        dry = len(inputs) - len(loop)
        of_loop = [
            next(k for k in range(one.shape[1]) if np.array_equal(np.roll(one, -k, 1), other))
            for one, other in zip(inputs[:dry], found[:dry], strict=True)
        ]
        for one, other, number in zip(inputs[dry:], found[dry:], loop, strict=True):
            np.testing.assert_array_equal(np.roll(one, -of_loop[number], 1), other)
        moments.update(of_loop)
    assert len(moments) > 3


def test_a_random_start_in_the_first_epochs_alone(shifted):
    data, targets = shifted
    rows = np.arange(len(data))
    first_half = replace(PAPER, random_start=0.5)  # of four epochs
    for epoch, alike in ((1, False), (2, True)):
        turned, plain = Recorder(), Recorder()
        for network, options in ((turned, first_half), (plain, PAPER)):
            train_epoch(
                cast(Siamese, network),
                data,
                targets[:, None],
                rows,
                options=options,
                seed=1,
                epoch=epoch,
            )
        pairs = zip(turned.batches, plain.batches, strict=True)
        assert all(np.array_equal(one[0], other[0]) for one, other in pairs) == alike
