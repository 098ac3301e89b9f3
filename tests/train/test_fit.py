"""A training learns, repeats to the bit, and survives being killed."""

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stages.common.errors import InputError
from stages.common.params import (
    Cnn,
    Dense,
    Kernels,
    MultiKernel,
    TimbreKernels,
    Train,
    TrainChanges,
)
from stages.train.backend import prepare_backend
from stages.train.checkpoint import LearningCurve, state_folder
from stages.train.fit import Schedule, train_network
from stages.train.inference import embed_rows, regress
from stages.train.networks.siamese import build_siamese
from stages.train.splits import all_rows_split

CNN = Cnn(filters=[4, 4], embedding=8)
NORMALISED = MultiKernel(
    timbre=TimbreKernels(bands=[0.5], frames=[3], filters=[4]),
    temporal=Kernels(frames=[5], filters=[4]),
    back_end=8,
    embedding=8,
)
NOISY = Dense(layers=[8], noise=0.1, embedding=8)
OPTIONS = Train(
    seed=1,
    batch_size=8,
    loops_per_batch=4,
    validation_fraction=0.2,
    learning_rate=1.0,
    rho=0.95,
    epsilon=1e-7,
)


def fit(data, checkpoint, epochs, model=CNN, dropout=0.1, options=OPTIONS):
    prepare_backend(7)
    targets = ((data.targets(["attack_ms"]) - 1) / 98).astype(np.float32)
    split = all_rows_split(len(data.rows), validation_fraction=0.2, seed=7)
    network, curve = train_network(
        lambda: build_siamese(model, data.shape, 1, dropout=dropout),
        data,
        targets,
        split,
        mean=-40.0,
        deviation=10.0,
        options=options,
        schedule=Schedule(epochs, patience=100),
        seed=7,
        checkpoint=checkpoint,
        label="test",
    )
    return network, curve, targets


def test_it_learns_a_shift_of_level(data_set, tmp_path):
    network, curve, targets = fit(data_set, tmp_path / "a.npz", 15, dropout=0.0)
    embeddings = embed_rows(network, data_set, np.arange(60), mean=-40.0, deviation=10.0)
    faults = regress(network, embeddings) - targets
    assert np.mean(faults**2) < 0.25 * np.var(targets)
    assert curve.validation_losses[-1] < 0.5 * curve.validation_losses[0]


def test_the_loss_is_the_mean_of_the_errors_that_it_names(data_set, tmp_path):
    split = all_rows_split(len(data_set.rows), validation_fraction=0.2, seed=7)
    for options, mean in ((OPTIONS, np.square), (ABSOLUTE, np.abs)):
        checkpoint = tmp_path / f"{options.loss}.npz"
        network, curve, targets = fit(data_set, checkpoint, 1, dropout=0.0, options=options)
        embeddings = embed_rows(network, data_set, split.validation, mean=-40.0, deviation=10.0)
        faults = regress(network, embeddings) - targets[split.validation]
        assert curve.validation_losses == [pytest.approx(float(mean(faults).mean()), rel=1e-5)]


def test_a_loss_that_is_not_finite_is_an_error(data_set, tmp_path):
    options = OPTIONS.model_copy(update={"learning_rate": 1e30})
    with pytest.raises(InputError, match=r"loss of epoch \d is \w+; it must be finite.*1e\+30"):
        fit(data_set, tmp_path / "a.npz", epochs=3, options=options)


COSINE = TrainChanges(optimizer="adamw", learning_rate=0.001, schedule="cosine").applied_to(OPTIONS)
ABSOLUTE = TrainChanges(loss="absolute", learning_rate=0.1).applied_to(OPTIONS)


@pytest.mark.parametrize(
    ("model", "options"),
    [(CNN, OPTIONS), (NORMALISED, OPTIONS), (CNN, COSINE), (NOISY, ABSOLUTE)],
    ids=["cnn", "normalised", "cosine", "noisy"],
)
def test_a_resumed_training_ends_in_the_same_weights(model, options, data_set, tmp_path):
    """The moving statistics of the batches are among the weights; a cosine goes on where it was."""
    whole, curve, _ = fit(data_set, tmp_path / "whole.npz", 4, model, options=options)
    fit_and_stop(data_set, tmp_path / "parts.npz", model, options, epochs=4, after=2)
    parts, resumed, _ = fit(data_set, tmp_path / "parts.npz", 4, model, options=options)
    assert resumed == curve
    for a, b in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def fit_and_stop(data, checkpoint, model, options, *, epochs, after):
    """Begin a training of `epochs` and break it off: the length of a cosine is the whole one's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LearningCurve, "should_stop", lambda curve, *_: curve.epochs >= after)
        fit(data, checkpoint, epochs, model, options=options)


def test_early_stopping_keeps_the_best_weights():
    curve = LearningCurve([1.0, 0.5, 0.4, 0.3], [1.0, 0.6, 0.7, 0.8])
    assert curve.best_epoch == 2
    assert not curve.should_stop(max_epochs=10, patience=3)
    assert curve.should_stop(max_epochs=10, patience=2)
    assert curve.should_stop(max_epochs=4, patience=3)


def test_state_is_named_by_everything_that_it_follows_from(tmp_path):
    file = tmp_path / "input.npy"
    file.write_bytes(b"one")
    names = {state_folder("a", [file]), state_folder("b", [file])}
    file.write_bytes(b"two")
    names.add(state_folder("a", [file]))
    assert len(names) == 3
    file.write_bytes(b"one")
    assert state_folder("a", [file]) in names


KILLED = """
import pickle, sys
from pathlib import Path
import numpy as np
sys.path.insert(0, {tests!r})
import test_fit
from stages.train.data_set import DataSet
rows, dry, files = pickle.loads(Path({data!r}).read_bytes())
network, _, _ = test_fit.fit(DataSet(rows, dry, files), Path({checkpoint!r}), epochs=6)
np.savez({out!r}, *network.get_weights())
"""


def test_a_killed_training_ends_in_the_weights_of_one_never_killed(data_set, tmp_path):
    stored = tmp_path / "data.pickle"
    files = [tmp_path / f"{loop:03d}.npy" for loop in range(6)]
    stored.write_bytes(pickle.dumps((data_set.rows, data_set.dry, files)))
    root = Path(__file__).parents[2]

    def run(name, kill_after=None):
        script = KILLED.format(
            tests=str(Path(__file__).parent),
            data=str(stored),
            checkpoint=str(tmp_path / f"{name}.npz"),
            out=str(tmp_path / f"{name}-weights.npz"),
        )
        process = subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=root,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        assert process.stderr is not None
        for line in process.stderr:
            if kill_after and f"epoch {kill_after}/6" in line:
                process.send_signal(signal.SIGKILL)
        process.stderr.close()
        return process.wait()

    assert run("killed", kill_after=3) == -signal.SIGKILL
    assert not (tmp_path / "killed-weights.npz").exists()
    assert run("killed") == 0
    assert run("whole") == 0
    with (
        np.load(tmp_path / "killed-weights.npz") as killed,
        np.load(tmp_path / "whole-weights.npz") as whole,
    ):
        assert len(killed.files) == len(whole.files) > 0
        for name in killed.files:
            np.testing.assert_array_equal(killed[name], whole[name])
