"""Training of one network: loss, early stopping, resumable."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import keras
import numpy as np

from stages.common.errors import InputError
from stages.common.params import Train
from stages.train.checkpoint import LearningCurve, load_checkpoint, save_checkpoint
from stages.train.data_set import DataSet, shuffled_batches
from stages.train.inference import embed_rows, regress
from stages.train.networks.siamese import Siamese
from stages.train.optimizer import make_optimizer

KERAS_LOSSES = {"squared": "mse", "absolute": "mae"}


@dataclass(frozen=True)
class Split:
    """Rows to train on and rows to watch for early stopping."""

    training: np.ndarray
    validation: np.ndarray


@dataclass(frozen=True)
class Schedule:
    """How long to train at the most, and when to give up."""

    max_epochs: int
    patience: int


def train_network(
    build: Callable[[], Siamese],
    data: DataSet,
    targets: np.ndarray,
    split: Split,
    *,
    mean: float,
    deviation: float,
    options: Train,
    schedule: Schedule,
    seed: int,
    checkpoint: Path,
    label: str,
) -> tuple[Siamese, LearningCurve]:
    """Train a network; continue from `checkpoint` where there is one.

    Parameters
    ----------
    build : makes the network with fresh weights
    data : DataSet
    targets : ndarray, shape (rows of data, parameters), scaled to [0, 1]
    split : Split
    mean, deviation : normalisation of the inputs, in dB
    seed : of weights, dropout and shuffling
    checkpoint : written after every epoch
    label : stands before each progress line

    Returns
    -------
    Siamese
        An uncompiled network with the weights of the epoch whose validation loss was lowest.
    LearningCurve

    Raises
    ------
    InputError
        If the loss of an epoch is not finite.
    """
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    network = build()
    batches = ceil(len(split.training) / options.batch_size)
    compile_network(network, options, steps=schedule.max_epochs * batches)
    best, curve = network.get_weights(), LearningCurve()
    if checkpoint.exists():
        best, curve = load_checkpoint(checkpoint, network)

    while not curve.should_stop(schedule.max_epochs, schedule.patience):
        started = time.monotonic()
        loss = train_epoch(
            network,
            data,
            targets,
            split.training,
            mean=mean,
            deviation=deviation,
            options=options,
            seed=seed,
            epoch=curve.epochs,
        )
        if not np.isfinite(loss):
            raise InputError(
                f"{label}: the loss of epoch {curve.epochs + 1} is {loss}; it must be finite."
                f" Is train.learning_rate {options.learning_rate:g} too high, or an input faulty?"
            )
        embeddings = embed_rows(network, data, split.validation, mean=mean, deviation=deviation)
        faults = regress(network, embeddings) - targets[split.validation]
        curve.losses.append(loss)
        each = faults**2 if options.loss == "squared" else np.abs(faults)
        curve.validation_losses.append(float(np.mean(each)))
        if curve.best_epoch == curve.epochs:
            best = network.get_weights()
        save_checkpoint(checkpoint, network, best, curve)
        _report(label, curve, schedule, len(split.training), time.monotonic() - started)

    trained = build()
    trained.set_weights(best)
    return trained, curve


def train_epoch(
    network: Siamese,
    data: DataSet,
    targets: np.ndarray,
    rows: np.ndarray,
    *,
    mean: float,
    deviation: float,
    options: Train,
    seed: int,
    epoch: int,
) -> float:
    """Show a compiled network the `rows` once, in the order of (seed, epoch); return the loss.

    Parameters
    ----------
    As those of `train_network`.
    """
    loss = 0.0
    for batch in shuffled_batches(
        data.loop,
        rows,
        batch_size=options.batch_size,
        loops_per_batch=options.loops_per_batch,
        seed=seed,
        epoch=epoch,
    ):
        network.reset_metrics()
        of_batch = network.train_on_batch(data.batch(batch, mean, deviation), targets[batch])
        loss += float(of_batch) * len(batch) / len(rows)
    return loss


def compile_network(network: Siamese, options: Train, *, steps: int = 1) -> None:
    """Give a network its optimizer, for a training of `steps` batches, and its loss."""
    optimizer = make_optimizer(options, steps=steps)
    # XLA's convolutions are several times slower than oneDNN's on a CPU.
    network.compile(optimizer=optimizer, loss=KERAS_LOSSES[options.loss], jit_compile=False)
    network.branch.compile(jit_compile=False)
    optimizer.build(network.trainable_variables)


def _report(
    label: str, curve: LearningCurve, schedule: Schedule, rows: int, seconds: float
) -> None:
    left = (schedule.max_epochs - curve.epochs) * seconds
    print(
        f"{label}: epoch {curve.epochs}/{schedule.max_epochs}, "
        f"loss {curve.losses[-1]:.4f}, validation {curve.validation_losses[-1]:.4f} "
        f"(best {min(curve.validation_losses):.4f} at {curve.best_epoch}), "
        f"{rows / seconds:.0f} rows/s, at most {left / 60:.1f} min left",
        file=sys.stderr,
        flush=True,
    )
