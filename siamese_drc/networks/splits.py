"""Rows for training and for validation, and loops held out for the test, by protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from siamese_drc.compressor.grids import OFFSETS
from siamese_drc.core.errors import InputError


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


def training_loops_split(
    loop: np.ndarray, test_loops: Sequence[int], *, validation_fraction: float, seed: int
) -> Split:
    """Return a split by loops, without the test loops: the networks of `unseen_loops`.

    Parameters
    ----------
    loop : ndarray, shape (rows,), int
        The loop of each row.
    test_loops : sequence of int
        Loops of the outer fold, which are in neither part.
    validation_fraction : float
        Share of the other loops held out for validation.
    seed : int
    """
    others = np.setdiff1d(np.unique(loop), test_loops)
    held_out = max(1, round(len(others) * validation_fraction))
    validation = np.isin(loop, np.random.default_rng(seed).permutation(others)[:held_out])
    test = np.isin(loop, test_loops)
    return Split(np.flatnonzero(~validation & ~test), np.flatnonzero(validation))


def outer_folds(groups: Sequence[str], folds: int) -> list[list[int]]:
    """Return the test loops of each outer fold: every loop in one fold, no group in two.

    Parameters
    ----------
    groups : sequence of str, one per loop
        Loops of one group (windows of one recording) stay together.
    folds : int

    Returns
    -------
    list of `folds` lists of loop numbers, sorted
        The loops are dealt in the order of their grid offset (number mod 8), so that every fold
        holds loops of as many offsets as possible.

    Raises
    ------
    InputError
        If there are fewer groups than folds.

    Examples
    --------
    >>> outer_folds(["a", "a", "b", "c"], folds=2)
    [[0, 1], [2, 3]]
    """
    members: dict[str, list[int]] = {}
    for loop in sorted(range(len(groups)), key=lambda loop: (loop % OFFSETS, loop)):
        members.setdefault(groups[loop], []).append(loop)
    if len(members) < folds:
        raise InputError(
            f"folds {folds}: must be at most the number of loops or recordings, {len(members)}"
        )
    dealt: list[list[int]] = [[] for _ in range(folds)]
    for loops in members.values():
        min(dealt, key=len).extend(loops)
    return [sorted(fold) for fold in dealt]
