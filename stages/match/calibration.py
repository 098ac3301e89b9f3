"""Intervals from the spread of a forest's trees, widened until they hold what they claim.

Split conformal prediction: the factor is a quantile, over loops that neither network nor forest has
seen, of the error in units of the spread (Vovk, Gammerman and Shafer, 2005; Lei et al., 2018).
"""

from __future__ import annotations

import numpy as np

_LEAST_SPREAD = 0.01  # of the scaled settings: trees that agree by chance


def spread(of_trees: np.ndarray) -> np.ndarray:
    """Return the standard deviation over the trees, shape (rows, parameters)."""
    return np.maximum(of_trees.std(axis=0), _LEAST_SPREAD)


def calibrated_factors(
    value: np.ndarray, of_trees: np.ndarray, truth: np.ndarray, coverage: float
) -> np.ndarray:
    """Find the factor of each parameter with which intervals cover the truth.

    Parameters
    ----------
    value, truth : ndarray, shape (rows, parameters)
    of_trees : ndarray, shape (trees, rows, parameters)
    coverage : float

    Returns
    -------
    ndarray, shape (parameters,)
    """
    units = np.abs(truth - value) / spread(of_trees)
    return np.quantile(units, coverage, axis=0, method="higher")


def intervals(
    value: np.ndarray, of_trees: np.ndarray, factors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the intervals around `value`, shape (rows, parameters) each."""
    width = factors * spread(of_trees)
    return value - width, value + width
