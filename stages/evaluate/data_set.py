"""The rows on which predictions are judged, fits on them, and arrays that must match them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.common.errors import InputError


@dataclass(frozen=True)
class DataSet:
    """One material under one grid.

    Parameters
    ----------
    name : str
        <material>-<grid>, its key in the metrics.
    parameters : list of str
        The parameters that the grid varies.
    targets : ndarray, shape (rows, parameters), real units
    loop : ndarray, shape (rows,), int
    group : ndarray, shape (rows,), str
        What the row's loop was made from: loops of one recording are not independent.
    identifiable : ndarray, shape (rows,), bool
        Whether the row's settings can be told from others at all.
    """

    name: str
    parameters: list[str]
    targets: np.ndarray
    loop: np.ndarray
    group: np.ndarray
    identifiable: np.ndarray

    @classmethod
    def of_settings(cls, name: str, settings: pd.DataFrame, parameters: list[str]) -> DataSet:
        """Take one grid's rows of settings.csv."""
        return cls(
            name,
            parameters,
            settings[parameters].to_numpy(dtype=np.float64),
            settings["loop"].to_numpy(),
            settings["group"].to_numpy(dtype=str),
            settings["identifiable"].to_numpy(dtype=bool),
        )

    @property
    def groups(self) -> list[str]:
        """The group of every loop, in the order of the loops' numbers."""
        _, first_rows = np.unique(self.loop, return_index=True)
        return self.group[first_rows].tolist()

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.targets)


@dataclass(frozen=True)
class Fit:
    """One fit of a forest and its test.

    Parameters
    ----------
    features : ndarray, shape (rows, features)
    targets : ndarray, shape (rows, parameters)
    train : ndarray of row numbers of `features` and `targets`
    test_features : ndarray, shape (rows of the tested data set, features)
    test : ndarray of row numbers of `test_features`
    """

    features: np.ndarray
    targets: np.ndarray
    train: np.ndarray
    test_features: np.ndarray
    test: np.ndarray


class Prediction(NamedTuple):
    """Predictions for some rows of a data set."""

    rows: np.ndarray
    """Row numbers, shape (n,)."""
    values: np.ndarray
    """In real units, shape (n, parameters)."""


def read_array(path: Path, *, rows: int, columns: int | None = None) -> np.ndarray:
    """Read a table of numbers that has a row per row of a data set.

    Returns
    -------
    ndarray, shape (rows, columns), float32, C-contiguous

    Raises
    ------
    InputError
        If the file cannot be read, has another shape, or holds values that are not finite.
    """
    try:
        array = np.load(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as an array ({error})") from error
    if array.ndim != 2 or len(array) != rows or columns not in (None, array.shape[1]):
        expected = f"({rows}, {'any' if columns is None else columns})"
        raise InputError(f"{path}: has shape {array.shape}, must have {expected}")
    if not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
        raise InputError(f"{path}: row {row} holds a value that is not finite")
    return np.ascontiguousarray(array, dtype=np.float32)
