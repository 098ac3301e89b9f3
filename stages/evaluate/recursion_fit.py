"""The compressor's parameters from a dry loop and the same loop compressed, sample by sample.

The gain reduction g = -20 log10 |y/x| of the feed-forward compressor with a hard knee and the
branching peak detector obeys a first-order recursion,

    g[n] = g[n-1] + s (c max(L[n] - T, 0) - g[n-1]),    c = 1 - 1/R,

where L is the level of x in dB and s = 1 - exp(-1/(tau fs)), tau the attack while g rises and the
release while it falls. Where g rises, its increments are linear in L, 1 and g, and least squares
gives T, c and the attack; where L lies below T, g falls by the release alone. From there the whole
recursion is fitted to the clip by Levenberg's and Marquardt's method, with exact derivatives and
every sample weighted by how well its gain is known after rounding to 24 bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stages.common.audio import FULL_SCALE
from stages.compress.level import level_db
from stages.evaluate.recursion_kernels import falling_share, linearise, rising_increments

_QUIETEST = 16 / FULL_SCALE  # below it the logarithm of a rounded sample is biased
_FLOAT32_NOISE = 1e-7  # relative deviation of a sample that was compressed in float32
_DB_PER_NEPER = 20 / np.log(10)
_MAX_STEPS = 40
_CONVERGED = 0.01  # decrease of the sum of squares, in units of the noise, not worth another step
# Threshold in dB, 1 - 1/ratio, logarithms of attack and release in samples
_LOWEST = np.array([-120.0, 1e-6, np.log(0.1), np.log(0.1)])
_HIGHEST = np.array([0.0, 0.999, np.log(1e6), np.log(1e6)])
_LONGEST_STEP = np.array([6.0, 0.3, 1.0, 1.0])


@dataclass(frozen=True)
class RecursionFit:
    """The parameters that explain a compressed clip best.

    Parameters
    ----------
    values, standard_errors : ndarray, shape (4,)
        Of threshold_db, ratio, attack_ms, release_ms.
    misfit : float
        Mean square of the residuals in units of the expected noise: about 1 where the recursion
        explains the clip, far above it where it does not.
    """

    values: np.ndarray
    standard_errors: np.ndarray
    misfit: float


def fit_recursion(
    dry: np.ndarray, compressed: np.ndarray, *, sample_rate: int
) -> RecursionFit | None:
    """Fit threshold, ratio, attack and release to one compressed clip.

    Parameters
    ----------
    dry, compressed : ndarray, shape (samples,), float32, full scale 1.0
        The loop, and the loop compressed without make-up gain, aligned, both as stored in 24 bits.
    sample_rate : int, Hz

    Returns
    -------
    RecursionFit or None
        None where the clip shows no attack to start from, or leaves a parameter without effect:
        it is hardly compressed, or not by this compressor.
    """
    level = level_db(dry)
    gain, weight = _gain_reduction_db(dry, compressed)
    start = _first_guess(level, gain, weight)
    if start is None:
        return None
    fitted, cost, products = _levenberg_marquardt(start, level, gain, weight)
    if np.linalg.matrix_rank(products, hermitian=True) < len(fitted):
        return None
    misfit = cost / np.count_nonzero(weight)
    threshold, slope, log_attack, log_release = fitted
    ratio = 1 / (1 - slope)
    attack_ms, release_ms = 1000 / sample_rate * np.exp([log_attack, log_release])
    errors = np.sqrt(max(misfit, 1.0) * np.diag(np.linalg.inv(products)))
    return RecursionFit(
        np.array([threshold, ratio, attack_ms, release_ms]),
        errors * [1.0, ratio**2, attack_ms, release_ms],
        misfit,
    )


def _gain_reduction_db(dry: np.ndarray, compressed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the gain reduction and the reciprocal of its variance, 0 where it is not known."""
    x, y = dry.astype(np.float64), compressed.astype(np.float64)
    known = (np.abs(y) >= _QUIETEST) & (x * y > 0)
    gain, weight = np.zeros_like(x), np.zeros_like(x)
    gain[known] = -_DB_PER_NEPER * np.log(y[known] / x[known])
    rounding = 1 / (12 * np.square(FULL_SCALE * y[known]))
    weight[known] = 1 / (_DB_PER_NEPER**2 * (rounding + _FLOAT32_NOISE**2))
    return gain, weight


def _first_guess(level: np.ndarray, gain: np.ndarray, weight: np.ndarray) -> np.ndarray | None:
    """Estimate the four parameters by two linear regressions, or None."""
    products, moments = rising_increments(level, gain, weight)
    if np.linalg.matrix_rank(products, hermitian=True) < len(moments):
        return None
    by_level, constant, by_gain = np.linalg.solve(products, moments)
    if not (by_level > 0 and -1 < by_gain < 0):
        return None
    threshold = -constant / by_level
    falling = np.clip(falling_share(level, gain, weight, threshold), 1e-6, 0.5)
    times = -1 / np.log1p([by_gain, -falling])
    guess = np.array([threshold, by_level / -by_gain, *np.log(times)])
    return np.clip(guess, _LOWEST, _HIGHEST)


def _levenberg_marquardt(
    start: np.ndarray, level: np.ndarray, gain: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, float, np.ndarray]:
    """Minimise the weighted squares; return the parameters, the sum and the normal matrix."""
    fitted, damping = start, 1e-3
    products, moments = np.empty((4, 4)), np.empty(4)
    cost = linearise(level, gain, weight, fitted, products, moments)
    for _ in range(_MAX_STEPS):
        damped = products + np.diag(damping * np.diag(products) + np.finfo(float).tiny)
        step = np.clip(np.linalg.solve(damped, moments), -_LONGEST_STEP, _LONGEST_STEP)
        trial = np.clip(fitted + step, _LOWEST, _HIGHEST)
        trial_products, trial_moments = np.empty((4, 4)), np.empty(4)
        trial_cost = linearise(level, gain, weight, trial, trial_products, trial_moments)
        if trial_cost < cost:
            converged = cost - trial_cost < _CONVERGED
            fitted, cost, products, moments = trial, trial_cost, trial_products, trial_moments
            damping /= 10
            if converged:
                break
        else:
            damping *= 10
    return fitted, cost, products
