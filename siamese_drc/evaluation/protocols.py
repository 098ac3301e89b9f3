"""The protocols: on which rows a regressor is fitted, and on which it is tested.

paper
    Random splits of the rows, as published: a loop has rows on both sides, and the network was
    trained on every row.
unseen_loops
    Network and regressor are fitted on a training corpus of other loops, and tested once on all
    rows.
paper_<change>, unseen_loops_<change>
    The same fits, tested on clips after a change (`changes` in params.yaml).
transfer
    Fitted on one material, tested on another, of which neither network nor regressor saw a loop.
refit
    `paper` on the other material, embedded by the first material's network.

`predict` fits any scikit-learn regressor by a protocol and returns its predictions row by row, so
that two predictors tested on the same rows can be compared row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import ShuffleSplit

from siamese_drc.core.errors import InputError, reading
from siamese_drc.core.parallel import parallel_map


@dataclass(frozen=True)
class DataSet:
    """The rows of one material under one grid."""

    name: str  # <material>-<grid>, its key in the metrics
    parameters: list[str]  # those that the grid varies
    targets: np.ndarray  # shape (rows, parameters), real units
    loop: np.ndarray  # shape (rows,), int
    group: np.ndarray  # what the row's loop was made from: loops of one are not independent
    identifiable: np.ndarray  # whether the loop is compressed enough to determine the settings

    @classmethod
    def of_settings(cls, name: str, settings: pd.DataFrame, parameters: list[str]) -> DataSet:
        """Return the data set of one grid's rows of a corpus's table of settings."""
        return cls(
            name,
            parameters,
            settings[parameters].to_numpy(dtype=np.float64),
            settings["loop"].to_numpy(),
            settings["group"].to_numpy(dtype=str),
            settings["identifiable"].to_numpy(dtype=bool),
        )

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.targets)

    def read_rows(self, path: Path, *, columns: int | None = None) -> np.ndarray:
        """Read features or predictions of these rows, (rows, columns), float32, from a .npy file.

        InputError if it cannot be read, has another shape, or holds values that are not finite.
        """
        with reading(path):
            array = np.load(path)
        if array.ndim != 2 or len(array) != len(self) or columns not in (None, array.shape[1]):
            expected = f"({len(self)}, {'any' if columns is None else columns})"
            raise InputError(f"{path}: has shape {array.shape}, must have {expected}")
        finite = np.isfinite(array).all(axis=1)
        if not finite.all():
            raise InputError(f"{path}: row {np.argmin(finite)} holds a value that is not finite")
        return np.ascontiguousarray(array, dtype=np.float32)


@dataclass(frozen=True)
class Fit:
    """The rows of one fit and its test."""

    features: np.ndarray  # shape (rows, features)
    targets: np.ndarray  # shape (rows, parameters)
    train: np.ndarray  # row numbers of `features` and `targets`
    test_features: np.ndarray  # shape (rows of the tested data set, features)
    test: np.ndarray  # row numbers of `test_features`


class Prediction(NamedTuple):
    """Predictions for some rows of a data set."""

    rows: np.ndarray  # row numbers, shape (n,)
    values: np.ndarray  # shape (n, parameters), real units


def random_splits(
    features: np.ndarray, targets: np.ndarray, *, splits: int, test_fraction: float, seed: int
) -> list[Fit]:
    """Return fits on random splits of the rows: the protocols `paper` and `refit`.

    The splits depend on the number of rows and the seed only, so that different features are
    tested on the same rows.

    Examples
    --------
    >>> rows = np.zeros((10, 3))
    >>> fits = random_splits(rows, rows[:, :1], splits=2, test_fraction=0.2, seed=1)
    >>> [(len(fit.train), len(fit.test)) for fit in fits]
    [(8, 2), (8, 2)]
    """
    shuffled = ShuffleSplit(splits, test_size=test_fraction, random_state=seed)
    return [
        Fit(features, targets, train, features, test) for train, test in shuffled.split(targets)
    ]


def transfer(features: np.ndarray, targets: np.ndarray, other_features: np.ndarray) -> list[Fit]:
    """Return the one fit on all rows of a data set that is tested on all rows of another.

    Of the protocols `transfer` and `unseen_loops`.
    """
    train, test = np.arange(len(features)), np.arange(len(other_features))
    return [Fit(features, targets, train, other_features, test)]


def predict(
    fits: Sequence[Fit], regressor: Callable[[int, Fit], Any], *, description: str
) -> list[Prediction]:
    """Fit a regressor on the training rows of each fit and apply it to the test rows.

    The fits are computed side by side, each on one thread, so that the predictions are the same
    for any number of threads. `regressor`, called with the number of a fit, from 0, and the fit,
    returns an unfitted scikit-learn regressor.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> rows = np.arange(10.0)[:, None]
    >>> fits = random_splits(rows, 2 * rows, splits=3, test_fraction=0.2, seed=1)
    >>> tested = predict(fits, lambda number, fit: DecisionTreeRegressor(), description="tree")
    >>> [prediction.values.shape for prediction in tested]
    [(2, 1), (2, 1), (2, 1)]
    """

    def predicted(number: int) -> Prediction:
        fit = fits[number]
        fitted = regressor(number, fit).fit(fit.features[fit.train], fit.targets[fit.train])
        values = fitted.predict(fit.test_features[fit.test])
        return Prediction(fit.test, values.reshape(len(fit.test), -1))

    work = range(len(fits))
    return parallel_map(predicted, work, description=description, unit="fit", in_threads=True)
