"""Features as bin numbers: what a forest on histograms reads in the place of values."""

from __future__ import annotations

import numpy as np


def bin_edges(values: np.ndarray, bins: int) -> np.ndarray:
    """Part values into bins that hold about equally many of them.

    Parameters
    ----------
    values : ndarray, shape (n,)
    bins : int

    Returns
    -------
    ndarray, shape (at most bins - 1,), float64, ascending
        A value belongs to the bin numbered by how many edges lie below it. Each distinct value has
        a bin of its own where there are no more than `bins` of them.
    """
    ordered = np.sort(values).astype(np.float64)
    distinct = np.unique(ordered)
    if len(distinct) <= bins:
        return (distinct[:-1] + distinct[1:]) / 2
    cuts = len(ordered) * np.arange(1, bins) // bins
    return np.unique((ordered[cuts - 1] + ordered[cuts]) / 2)


def to_bins(features: np.ndarray, edges: list[np.ndarray]) -> np.ndarray:
    """Return each value's bin: shape (rows, features), uint8; `edges` has an array per feature."""
    binned = np.empty(features.shape, np.uint8)
    for column, feature_edges in enumerate(edges):
        binned[:, column] = np.searchsorted(feature_edges, features[:, column])
    return binned
