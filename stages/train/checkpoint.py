"""Where a training stands, on disk after every epoch: a killed one goes on from there.

The state lies outside the stage's outputs, which DVC deletes before a run: under `$DRC_STATE`
(default `.dvc/tmp/train`), in a folder named by the hash of everything that the training follows
from, so that a change of inputs, code or parameters starts afresh.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from stages.common.files import replaced, training_states


def state_folder(description: str, files: Iterable[Path]) -> Path:
    """Return the folder of a training: named by the hash of `description` and of the files."""
    digest = hashlib.blake2b(description.encode(), digest_size=16)
    for path in files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "blake2b").digest())
    return training_states() / digest.hexdigest()


@dataclass
class LearningCurve:
    """What early stopping and the learning curve need to know of the epochs that are over."""

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

    def should_stop(self, max_epochs: int, patience: int) -> bool:
        """Whether `max_epochs` are over, or `patience` epochs since the best one."""
        return self.epochs >= max_epochs or self.epochs - self.best_epoch >= patience > 0


def save_checkpoint(
    path: Path, network: keras.Model, best: list[np.ndarray], curve: LearningCurve
) -> None:
    """Write weights, optimizer slots, seed states, best weights and losses as one file."""
    arrays = {f"variable{i}": value for i, value in enumerate(_values(network))}
    arrays |= {f"best{i}": value for i, value in enumerate(best)}
    arrays |= {name: np.array(losses) for name, losses in asdict(curve).items()}
    with replaced(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def load_checkpoint(path: Path, network: keras.Model) -> tuple[list[np.ndarray], LearningCurve]:
    """Put a compiled network back to where `save_checkpoint` saw it; return best and losses."""
    with np.load(path) as stored:
        for i, variable in enumerate(_variables(network)):
            variable.assign(stored[f"variable{i}"])
        best = [stored[f"best{i}"] for i in range(len(network.get_weights()))]
        curve = LearningCurve(stored["losses"].tolist(), stored["validation_losses"].tolist())
    return best, curve


def _variables(network: keras.Model) -> list[Any]:
    # Dropout's seed states are among the network's own variables.
    return [
        *network.non_trainable_variables,
        *network.trainable_variables,
        *network.optimizer.variables,
    ]


def _values(network: keras.Model) -> list[np.ndarray]:
    return [np.asarray(variable) for variable in _variables(network)]
