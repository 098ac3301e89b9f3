"""A training learns, repeats to the bit, and survives being killed."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest

from siamese_drc.core.errors import InputError
from siamese_drc.networks.backend import prepare_backend
from siamese_drc.networks.checkpoint import LearningCurve
from siamese_drc.networks.siamese import build_siamese, embed_rows, regress
from siamese_drc.networks.splits import all_rows_split
from siamese_drc.networks.training import TrainingOptions, make_optimizer, train_network
from tests.networks.conftest import BFLOAT16, make_data_set

CNN = {"kind": "cnn", "filters": [4, 4], "embedding": 8}
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


def fit(shifted, *, checkpoint=None, model=CNN, options=PAPER):
    """Train, and return a network with the best weights beside the curve and the split."""
    prepare_backend(7)
    data, targets = shifted
    targets = (targets / 10).astype(np.float32)[:, None]
    split = all_rows_split(len(data), validation_fraction=0.2, seed=7)
    build = partial(build_siamese, input_shape=data.shape, outputs=1, **model)
    weights, curve = train_network(
        build, data, targets, split, options=options, seed=7, checkpoint=checkpoint, label="test"
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
    [(DROPPING, PAPER), (NORMALISED, COSINE), (NOISY, ABSOLUTE)],
    ids=["dropout", "normalised", "noise"],
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
import sys
from pathlib import Path
import numpy as np
from tests.networks.conftest import make_data_set
from tests.networks.test_training import DROPPING, fit
folder = Path(sys.argv[1])
network, _, _ = fit(make_data_set(folder), checkpoint=folder / "checkpoint.npz", model=DROPPING)
np.savez(folder / "weights.npz", *network.get_weights())
"""


def test_a_killed_training_ends_in_the_weights_of_one_never_killed(tmp_path):
    root = Path(__file__).parents[2]

    def run(kill_after=None):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path)],
            cwd=root,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        assert process.stderr is not None
        for line in process.stderr:
            if kill_after and f"epoch {kill_after}/4" in line:
                process.send_signal(signal.SIGKILL)
        process.stderr.close()
        return process.wait()

    assert run(kill_after=2) == -signal.SIGKILL
    assert not (tmp_path / "weights.npz").exists()
    assert run() == 0
    whole, _, _ = fit(make_data_set(tmp_path), model=DROPPING)
    with np.load(tmp_path / "weights.npz") as killed:
        for name, weights in zip(killed.files, whole.get_weights(), strict=True):
            np.testing.assert_array_equal(killed[name], weights)


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
