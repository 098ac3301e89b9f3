"""Rows for training and for validation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Split:
    """Row numbers for training, and those whose loss selects the best epoch."""

    training: np.ndarray
    validation: np.ndarray


def random_split(unit: np.ndarray, *, validation_fraction: float, seed: int) -> Split:
    """Return a random split in which no unit has rows in both parts.

    `unit`, shape (rows,), is that of each row: its loop, or its own number where rows are split one
    by one. `validation_fraction` is the share of the units held out for validation.

    Examples
    --------
    >>> random_split(np.array([0, 0, 1, 1, 2, 2]), validation_fraction=0.3, seed=1).validation
    array([0, 1])
    """
    units = np.random.default_rng(seed).permutation(np.unique(unit))
    held_out = max(1, round(len(units) * validation_fraction))
    validation = np.isin(unit, units[:held_out])
    return Split(np.flatnonzero(~validation), np.flatnonzero(validation))
