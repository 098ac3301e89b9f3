"""Mean absolute errors with their spread, per parameter, as they stand in the metrics.

mae, std
    In the parameter's unit. Of random splits: mean and deviation of the splits' errors. Of rows
    that were predicted once: the error over all of them, and its deviation when the loops are
    drawn anew with replacement (bootstrap), because rows of one loop are not independent.
percent
    100 mae / range; the ranges are those that the paper divides by.
mae_identifiable
    The same over identifiable rows alone; null where there are none.
n
    How many rows were tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stages.evaluate.data_set import DataSet, Prediction

RANGES = {"threshold_db": 40.0, "ratio": 20.0, "attack_ms": 99.0, "release_ms": 999.0}


def split_errors(data: DataSet, tested: Sequence[Prediction]) -> dict[str, Any]:
    """Average over random splits."""
    errors = [_absolute(data, split) for split in tested]
    means = np.array([error.mean(axis=0) for error in errors])
    identifiable = [
        error[chosen].mean(axis=0)
        for error, split in zip(errors, tested, strict=True)
        if (chosen := data.identifiable[split.rows]).any()
    ]
    return _describe(
        data,
        mae=means.mean(axis=0),
        std=means.std(axis=0),
        mae_identifiable=np.mean(identifiable, axis=0) if identifiable else None,
        n=np.unique(np.concatenate([split.rows for split in tested])).size,
    )


def row_errors(
    data: DataSet, tested: Sequence[Prediction], *, bootstrap: int, seed: int
) -> dict[str, Any]:
    """Average over rows that were predicted once, with a bootstrap over independent loops.

    Parameters
    ----------
    data : DataSet
    tested : sequence of Prediction
        Parts that share no row: folds, or all rows at once.
    bootstrap : int
        How often the loops are drawn anew.
    seed : int
    """
    rows = np.concatenate([part.rows for part in tested])
    errors = np.concatenate([_absolute(data, part) for part in tested])
    identifiable = data.identifiable[rows]
    groups, of_row = np.unique(data.group[rows], return_inverse=True)
    counts = np.bincount(of_row)
    sums = np.stack([np.bincount(of_row, weights=column) for column in errors.T], axis=1)
    drawn = np.random.default_rng(seed).integers(len(groups), size=(bootstrap, len(groups)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)[:, None]
    return _describe(
        data,
        mae=errors.mean(axis=0),
        std=means.std(axis=0),
        mae_identifiable=errors[identifiable].mean(axis=0) if identifiable.any() else None,
        n=len(rows),
    )


def _absolute(data: DataSet, tested: Prediction) -> np.ndarray:
    """Return the absolute errors, shape (n, parameters)."""
    return np.abs(tested.values - data.targets[tested.rows])


def _describe(
    data: DataSet,
    *,
    mae: np.ndarray,
    std: np.ndarray,
    mae_identifiable: np.ndarray | None,
    n: int,
) -> dict[str, Any]:
    return {
        parameter: {
            "mae": float(mae[i]),
            "std": float(std[i]),
            "percent": float(100 * mae[i] / RANGES[parameter]),
            "mae_identifiable": None if mae_identifiable is None else float(mae_identifiable[i]),
            "n": n,
        }
        for i, parameter in enumerate(data.parameters)
    }
