"""Which rows train a network and which stop it early, under both protocols."""

from __future__ import annotations

import numpy as np

from stages.train.fit import Split


def all_rows_split(rows: int, *, validation_fraction: float, seed: int) -> Split:
    """Hold back a random share of all rows: the network of the `paper` protocol."""
    order = np.random.default_rng(seed).permutation(rows)
    held_back = max(1, round(rows * validation_fraction))
    return Split(np.sort(order[held_back:]), np.sort(order[:held_back]))


def training_loops_split(
    loop: np.ndarray, test_loops: list[int], *, validation_fraction: float, seed: int
) -> Split:
    """Hold back a share of the training loops; leave the test loops out of both.

    Parameters
    ----------
    loop : ndarray, shape (rows,), the loop of each row
    test_loops : loops of the outer fold, which nothing may see
    """
    training = np.setdiff1d(np.unique(loop), test_loops)
    held_back = max(1, round(len(training) * validation_fraction))
    validation = np.random.default_rng(seed).permutation(training)[:held_back]
    watched = np.isin(loop, validation)
    left_out = np.isin(loop, test_loops)
    return Split(np.flatnonzero(~watched & ~left_out), np.flatnonzero(watched))
