"""The state of a training on disk after every epoch, from which an interrupted one continues."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from siamese_drc.core.errors import InputError, reading
from siamese_drc.core.outputs import replaced

if TYPE_CHECKING:
    import keras

_BEFORE = ".before"  # ending of the checkpoint of the epoch before


def fingerprint(description: str, files: Iterable[Path]) -> str:
    """Return a hash of `description` and of the content of the files, 32 hexadecimal digits.

    InputError names a file that cannot be read.
    """
    digest = hashlib.blake2b(description.encode(), digest_size=16)
    for path in files:
        with reading(path), path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "blake2b").digest())
    return digest.hexdigest()


@contextmanager
def alone(state: Path, *, label: str) -> Iterator[None]:
    """Hold the lock of a training's folder; wait, and say so, while another process holds it.

    The folder is made if need be, and may be removed within. The lock ends with the process.
    """
    while True:
        state.mkdir(parents=True, exist_ok=True)
        try:
            file = (state / "lock").open("a")
        except FileNotFoundError:  # the other process has just removed the folder
            continue
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(
                    f"{label}: another process trains the same network in {state}; waiting for it",
                    file=sys.stderr,
                    flush=True,
                )
                fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file.fileno()).st_nlink:  # else it was removed while this process waited
                yield
                return


@dataclass
class LearningCurve:
    """Mean loss of every finished epoch, of the training and of the validation rows.

    Examples
    --------
    >>> curve = LearningCurve(losses=[1.0, 0.5, 0.4], validation_losses=[1.0, 0.6, 0.7])
    >>> curve.best_epoch, curve.should_stop(max_epochs=30, patience=1)
    (2, True)
    """

    losses: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)

    @property
    def epochs(self) -> int:
        """Number of finished epochs."""
        return len(self.losses)

    @property
    def best_epoch(self) -> int:
        """The epoch (from 1) with the lowest validation loss; 0 before the first."""
        losses = self.validation_losses
        return int(np.argmin(losses)) + 1 if losses else 0

    def should_stop(self, max_epochs: int, patience: int | None) -> bool:
        """Return whether `max_epochs` are over, or `patience` epochs since the best one."""
        if self.epochs >= max_epochs:
            return True
        return patience is not None and self.epochs - self.best_epoch >= patience


def save_checkpoint(
    path: Path, network: keras.Model, best: list[np.ndarray], curve: LearningCurve
) -> None:
    """Write weights, optimizer, random states, best weights and losses as one file.

    The file of the epoch before stays beside it: a power failure may cut the newest.
    """
    arrays = {f"state{i}": value for i, value in enumerate(state_of(network))}
    arrays |= {f"best{i}": value for i, value in enumerate(best)}
    arrays |= {name: np.array(losses) for name, losses in asdict(curve).items()}
    with replaced(path) as temporary:
        with temporary.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        if path.exists():
            path.replace(path.with_name(path.name + _BEFORE))


def load_checkpoint(path: Path, network: keras.Model) -> tuple[list[np.ndarray], LearningCurve]:
    """Restore a compiled network from the last whole file; return best weights and losses.

    Without a whole file the network stays as it is: its weights and no epochs.
    """
    for each in (path, path.with_name(path.name + _BEFORE)):
        try:
            with reading(each), np.load(each, allow_pickle=False) as stored:
                state = [stored[f"state{i}"] for i in range(len(_variables(network)))]
                best = [stored[f"best{i}"] for i in range(len(network.get_weights()))]
                losses = [stored[name].tolist() for name in ("losses", "validation_losses")]
        except InputError as error:
            if each.exists():
                print(f"{error}; going back by an epoch", file=sys.stderr, flush=True)
            continue
        restore_state(network, state)
        return best, LearningCurve(*losses)
    return network.get_weights(), LearningCurve()


def state_of(network: keras.Model) -> list[np.ndarray]:
    """Return all that training changes: weights, moving averages, random states, optimizer."""
    return [np.asarray(variable).copy() for variable in _variables(network)]


def restore_state(network: keras.Model, state: list[np.ndarray]) -> None:
    """Set what `state_of` returned."""
    for variable, value in zip(_variables(network), state, strict=True):
        variable.assign(value)


def _variables(network: keras.Model) -> list[keras.Variable]:
    return [
        *network.non_trainable_variables,  # random states of dropout and noise among them
        *network.trainable_variables,
        *network.optimizer.variables,
    ]
