"""The protocols: which rows a forest is fitted on, and on which it is tested.

paper
    Random row splits, as published: a loop stands on both sides, and the network saw every row.
unseen_loops
    Outer folds by loop. Network and forest know the training loops alone.
paper_delayed, unseen_loops_delayed
    The same, fitted on the same clips, but tested on clips that are late: a fault of alignment.
transfer
    Fitted on one material, applied to another, whose loops nothing has seen.
refit
    `paper` on the other material's embeddings by the first material's network.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.model_selection import ShuffleSplit

from stages.evaluate.data_set import Fit


def random_splits(
    features: np.ndarray, targets: np.ndarray, *, splits: int, test_fraction: float, seed: int
) -> list[Fit]:
    """Split the rows at random, `splits` times: the protocols `paper` and `refit`."""
    shuffled = ShuffleSplit(splits, test_size=test_fraction, random_state=seed)
    return [
        Fit(features, targets, train, features, test) for train, test in shuffled.split(targets)
    ]


def unseen_loops(
    features: Sequence[np.ndarray],
    targets: np.ndarray,
    loop: np.ndarray,
    folds: Sequence[Sequence[int]],
) -> list[Fit]:
    """Hold out each fold's loops, once.

    Parameters
    ----------
    features : sequence of ndarray, shape (rows, features)
        Per fold, the embeddings of all rows by the network that has not seen the fold's loops.
    targets : ndarray, shape (rows, parameters)
    loop : ndarray, shape (rows,)
    folds : sequence of sequences of loop numbers
    """
    fits = []
    for embedded, loops in zip(features, folds, strict=True):
        held_out = np.isin(loop, loops)
        train, test = np.flatnonzero(~held_out), np.flatnonzero(held_out)
        fits.append(Fit(embedded, targets, train, embedded, test))
    return fits


def transfer(features: np.ndarray, targets: np.ndarray, other_features: np.ndarray) -> list[Fit]:
    """Fit on all rows of one data set, test on all rows of another."""
    train, test = np.arange(len(features)), np.arange(len(other_features))
    return [Fit(features, targets, train, other_features, test)]
