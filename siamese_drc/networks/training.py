"""Training of one network: optimizer, epochs, early stopping, and resuming."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import ceil
from pathlib import Path
from typing import Literal

import keras
import numpy as np

from siamese_drc.core.errors import InputError
from siamese_drc.networks.batches import DataSet, Split, shuffled_batches
from siamese_drc.networks.checkpoint import (
    LearningCurve,
    load_checkpoint,
    restore_state,
    save_checkpoint,
    state_of,
)
from siamese_drc.networks.siamese import Siamese, embed_rows, regress, take_batch_statistics

LOSSES = {"squared": "mean_squared_error", "absolute": "mean_absolute_error"}


@dataclass(frozen=True)
class TrainingOptions:
    """How a network is trained; the defaults are the paper's, as far as it states them.

    Optimizers: Zeiler (2012), Kingma and Ba (2015), Loshchilov and Hutter (2019).
    """

    max_epochs: int
    # Early stopping after so many epochs without a better validation loss. Not with the cosine
    # schedule, whose last epochs are the best ones.
    patience: int | None = None
    batch_size: int = 8
    # The rows of a batch share about so many loops; it divides `batch_size`. The branch computes
    # the dry input once per loop, not once per row.
    loops_per_batch: int = 4
    loss: Literal["squared", "absolute"] = "squared"  # mean, of the scaled targets
    optimizer: Literal["adadelta", "adam", "adamw"] = "adadelta"
    learning_rate: float = 1.0
    # `cosine`: half a cosine from the learning rate down to 0 at the end of `max_epochs`.
    schedule: Literal["constant", "cosine"] = "constant"
    weight_decay: float = 0.0  # of adamw
    rho: float = 0.95  # of adadelta
    epsilon: float = 1e-7
    # Of the moving average of the weights, which is validated and returned instead of the weights
    # themselves; 0: no average.
    ema_momentum: float = 0.0
    # Each loop of a batch gets a level drawn from -level_db to level_db, in both branches, and a
    # threshold as much higher: compress(g x, T + g) = g compress(x, T). For inputs in dB.
    level_db: float = 0.0
    # Share of the epochs, from the first one on, in which each loop of a batch starts at a moment
    # drawn at random, in both branches; what stood before it follows its end. For inputs in frames
    # or samples.
    random_start: float = 0.0


def train_network(
    build: Callable[[], Siamese],
    data: DataSet,
    targets: np.ndarray,
    split: Split,
    *,
    options: TrainingOptions,
    seed: int,
    target_per_db: np.ndarray | float = 0.0,
    checkpoint: Path | None = None,
    label: str = "training",
) -> tuple[list[np.ndarray], LearningCurve]:
    """Train a network and return its best weights.

    Parameters
    ----------
    build : callable
        Returns the network with fresh weights.
    data : DataSet
    targets : ndarray, shape (rows of data, parameters), float32
        Scaled to [0, 1].
    split : Split
    options : TrainingOptions
    seed : int
        Of weights, dropout, levels and shuffling.
    target_per_db : ndarray, shape (parameters,), optional
        By how much each target rises with the level of a loop (`level_db`).
    checkpoint : Path, optional
        A file written after every epoch. If it exists, the training continues from it, to the same
        weights as an uninterrupted training.
    label : str
        Text before each line of progress.

    Returns
    -------
    weights : list of ndarray
        Those of the epoch with the lowest validation loss, for `set_weights` of such a network.
    curve : LearningCurve

    Raises
    ------
    InputError
        If the loss of an epoch is not finite.
    """
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    network = build()
    batches = ceil(len(split.training) / options.batch_size)
    compile_network(network, options, steps=options.max_epochs * batches)
    _trace_any_batch_size(network, data.shape, targets.shape[1])
    best, curve = network.get_weights(), LearningCurve()
    if checkpoint is not None:
        best, curve = load_checkpoint(checkpoint, network)

    train = partial(train_epoch, network, data, targets, split.training, options=options, seed=seed)
    patience = None if options.schedule == "cosine" else options.patience
    while not curve.should_stop(options.max_epochs, patience):
        started = time.monotonic()
        loss = train(epoch=curve.epochs, target_per_db=target_per_db)
        if not np.isfinite(loss):
            raise InputError(
                f"{label}: the loss of epoch {curve.epochs + 1} is {loss}; it must be finite."
                f" Is train.learning_rate {options.learning_rate:g} too high, or an input faulty?"
            )
        curve.losses.append(loss)
        with averaged_weights(network):
            output = regress(network, embed_rows(network, data, split.validation))
            errors = output - targets[split.validation]
            each = np.square(errors) if options.loss == "squared" else np.abs(errors)
            curve.validation_losses.append(float(np.mean(each)))
            if curve.best_epoch == curve.epochs:
                best = network.get_weights()
        if checkpoint is not None:
            save_checkpoint(checkpoint, network, best, curve)
        seconds = time.monotonic() - started
        left = (options.max_epochs - curve.epochs) * seconds
        print(
            f"{label}: epoch {curve.epochs}/{options.max_epochs}, "
            f"loss {loss:.4f}, validation {curve.validation_losses[-1]:.4f} "
            f"(best {min(curve.validation_losses):.4f} at {curve.best_epoch}), "
            f"{len(split.training) / seconds:.0f} rows/s, at most {left / 60:.1f} min left",
            file=sys.stderr,
            flush=True,
        )
    return best, curve


def untrained_weights(
    build: Callable[[], Siamese], data: DataSet, rows: np.ndarray, *, seed: int
) -> list[np.ndarray]:
    """Return the weights with which `train_network` starts: those of the untrained twin.

    No weight is updated; normalisation layers have the batch statistics of one pass over `rows`.
    """
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    network = build()
    take_batch_statistics(network, data, rows)
    return network.get_weights()


def train_epoch(
    network: Siamese,
    data: DataSet,
    targets: np.ndarray,
    rows: np.ndarray,
    *,
    options: TrainingOptions,
    seed: int,
    epoch: int,
    target_per_db: np.ndarray | float = 0.0,
) -> float:
    """Train a compiled network on `rows` once, in the order of (seed, epoch); return the loss."""
    total, random = 0.0, np.random.default_rng([seed, epoch, 1])
    sizes = {"batch_size": options.batch_size, "loops_per_batch": options.loops_per_batch}
    for batch in shuffled_batches(data.loop, rows, **sizes, seed=seed, epoch=epoch):
        (inputs, loop), wanted = data.batch(batch), targets[batch]
        loops = len(inputs) - len(loop)
        if options.level_db:
            level = random.uniform(-options.level_db, options.level_db, loops)
            of_row = level[loop]
            inputs += np.expand_dims(
                np.concatenate([level, of_row]) / data.deviation, tuple(range(1, inputs.ndim))
            ).astype(np.float32)
            wanted = (wanted + of_row[:, None] * target_per_db).astype(np.float32)
        if epoch < options.random_start * options.max_epochs:
            start = random.integers(inputs.shape[-2], size=loops)
            for signal, moment in zip(inputs, np.concatenate([start, start[loop]]), strict=True):
                signal[:] = np.roll(signal, -moment, axis=-2)
        loss = network.train_on_batch((inputs, loop), wanted)
        total += float(loss) * len(batch)
    return total / len(rows)


@contextmanager
def averaged_weights(network: Siamese) -> Iterator[None]:
    """Give a network the moving average of its weights for a while, where its optimizer has one."""
    if not network.optimizer.use_ema:
        yield
        return
    weights = [np.array(variable) for variable in network.trainable_variables]
    network.optimizer.finalize_variable_values(network.trainable_variables)
    yield
    for variable, weight in zip(network.trainable_variables, weights, strict=True):
        variable.assign(weight)


def compile_network(network: Siamese, options: TrainingOptions, *, steps: int = 1) -> None:
    """Set a network's optimizer, for a training of `steps` batches, and its loss."""
    optimizer = make_optimizer(options, steps=steps)
    network.compile(optimizer, LOSSES[options.loss])
    optimizer.build(network.trainable_variables)


def make_optimizer(options: TrainingOptions, *, steps: int) -> keras.optimizers.Optimizer:
    """Return the optimizer that `options` name; `steps` batches are the length of the cosine."""
    rate = options.learning_rate
    if options.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, steps)
    momentum = options.ema_momentum
    common = {"epsilon": options.epsilon, "use_ema": momentum > 0, "ema_momentum": momentum}
    match options.optimizer:
        case "adadelta":
            return keras.optimizers.Adadelta(rate, rho=options.rho, **common)
        case "adam":
            return keras.optimizers.Adam(rate, **common)
        case "adamw":
            return keras.optimizers.AdamW(rate, weight_decay=options.weight_decay, **common)


def _trace_any_batch_size(network: Siamese, shape: tuple[int, ...], outputs: int) -> None:
    """Make TensorFlow compile one training step for all batch sizes, by two steps of two sizes.

    Else it has a step of its own for the size of the first batch, which rounds the gradients of
    means differently; and the first batch of a resumed training may have another size.
    """
    if keras.backend.backend() != "tensorflow":
        return
    state = state_of(network)
    for rows in (1, 2):
        inputs = np.zeros((2 * rows, *shape, 1), np.float32)
        targets = np.zeros((rows, outputs), np.float32)
        network.train_on_batch((inputs, np.arange(rows, dtype=np.int32)), targets)
    restore_state(network, state)
