"""Rows for training and for validation: a random split of the rows, or of the loops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Split:
    """Row numbers for training, and those whose loss selects the best epoch."""

    training: np.ndarray
    validation: np.ndarray


def all_rows_split(rows: int, *, validation_fraction: float, seed: int) -> Split:
    """Return a random split of all rows: the network of the `paper` protocol.

    Parameters
    ----------
    rows : int
    validation_fraction : float
        Share of the rows held out for validation.
    seed : int

    Examples
    --------
    >>> all_rows_split(10, validation_fraction=0.2, seed=1).validation
    array([4, 8])
    """
    order = np.random.default_rng(seed).permutation(rows)
    held_out = max(1, round(rows * validation_fraction))
    return Split(np.sort(order[held_out:]), np.sort(order[:held_out]))


def loops_split(loop: np.ndarray, *, validation_fraction: float, seed: int) -> Split:
    """Return a random split by loops: no loop has rows in both parts.

    Parameters
    ----------
    loop : ndarray, shape (rows,), int
        The loop of each row.
    validation_fraction : float
        Share of the loops held out for validation.
    seed : int

    Examples
    --------
    >>> loops_split(np.array([0, 0, 1, 1, 2, 2]), validation_fraction=0.3, seed=1).validation
    array([0, 1])
    """
    loops = np.random.default_rng(seed).permutation(np.unique(loop))
    held_out = max(1, round(len(loops) * validation_fraction))
    validation = np.isin(loop, loops[:held_out])
    return Split(np.flatnonzero(~validation), np.flatnonzero(validation))
