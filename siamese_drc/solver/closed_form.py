"""Settings from a loop and its compressed version, in 24 bits: the closed-form limit.

Where the gain reduction of the compressor rises, its increments are linear in the level, 1 and
itself, and least squares gives threshold, ratio and attack; where the level is below the threshold,
the reduction falls by the release alone. From there `gain_fit` fits all samples, each weighted by
how well its gain is known after rounding to 24 bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siamese_drc.audio import FULL_SCALE
from siamese_drc.compressor.ballistics import level_db
from siamese_drc.solver.gain_fit import HIGHEST, LOWEST, fit_gain, to_settings

_QUIETEST = 16 / FULL_SCALE  # below it the logarithm of a rounded sample is biased
_FLOAT32_NOISE = 1e-7  # relative deviation of a sample that was compressed in float32
_CONVERGED = 0.01  # decrease of the sum of squares, in units of the noise, to end with
_CERTAIN = 5.0  # standard deviations by which an increment that counts exceeds its noise
_DB_PER_NEPER = 20 / np.log(10)
_TINY = np.finfo(float).tiny


@dataclass(frozen=True)
class PairFit:
    """The parameters that explain a compressed clip best.

    `misfit` is the mean square of the residuals in units of the expected noise: about 1 where the
    recursion explains the clip, far above it where it does not.
    """

    values: np.ndarray  # shape (4,): threshold_db, ratio, attack_ms, release_ms
    standard_errors: np.ndarray  # of these
    misfit: float


def fit_pair(dry: np.ndarray, compressed: np.ndarray, *, sample_rate: int) -> PairFit | None:
    """Return threshold, ratio, attack and release of one compressed clip, stored in 24 bits.

    Parameters
    ----------
    dry, compressed : ndarray, shape (samples,), float32, full scale 1.0
        The loop, and the loop compressed without make-up gain, aligned, both as stored in 24 bits.
    sample_rate : int, Hz

    Returns
    -------
    PairFit or None
        None where the clip shows no attack to start from, or leaves a parameter without effect:
        it is compressed too little, or not by this compressor.

    Examples
    --------
    >>> from siamese_drc.compressor import Settings, compress
    >>> noise = np.random.default_rng(0).standard_normal(22050)
    >>> loop = (0.2 * np.exp(-np.arange(22050) / 5000) * noise).astype(np.float32)
    >>> clip = compress(loop, Settings(-30, 4, 5, 80), sample_rate=44100)[0]
    >>> loop, clip = (np.rint(x * 2**23) / 2**23 for x in (loop, clip))
    >>> fit_pair(loop, clip, sample_rate=44100).values.round(2)
    array([-30.,   4.,   5.,  80.])
    """
    level = level_db(dry)
    reduction, weight = _gain_reduction_db(dry, compressed)
    start = _first_guess(level, reduction, weight)
    if start is None:
        return None
    count = np.count_nonzero(weight)
    fit = fit_gain(level, -reduction, weight, start, tolerance=_CONVERGED / count)
    if np.linalg.matrix_rank(fit.products, hermitian=True) < len(fit.products):
        return None
    misfit = fit.cost / count
    values = np.array(list(to_settings(fit.point, sample_rate=sample_rate).values())[:4])
    errors = np.sqrt(max(misfit, 1.0) * np.diag(np.linalg.inv(fit.products)))
    _, ratio, attack_ms, release_ms = values
    return PairFit(values, errors * [1.0, ratio**2, attack_ms, release_ms], misfit)


def _gain_reduction_db(dry: np.ndarray, compressed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the gain reduction and the reciprocal of its variance, 0 where it is not known."""
    known = (np.abs(compressed) >= _QUIETEST) & (dry * compressed > 0)
    reduction = np.ones(dry.size)
    np.divide(dry, compressed, out=reduction, where=known, dtype=np.float64)
    reduction = _DB_PER_NEPER * np.log(reduction)
    # Of ln|y|, the variance is 1/(12 y^2) for y in steps of 24 bits, and that of float32.
    steps = np.where(known, compressed, np.float32(0)).astype(np.float64)
    weight = np.square(steps * (FULL_SCALE * np.sqrt(12)))
    return reduction, weight / (_DB_PER_NEPER**2 * (1 + _FLOAT32_NOISE**2 * weight))


def _first_guess(level: np.ndarray, reduction: np.ndarray, weight: np.ndarray) -> np.ndarray | None:
    """Estimate a point by two linear regressions; None where they give no attack or release."""
    before, increment = reduction[:-1], np.diff(reduction)
    known = weight[1:] * weight[:-1] / np.maximum(weight[1:] + weight[:-1], _TINY)
    rising = (increment > 0) & (known * increment**2 > _CERTAIN**2)
    # The increments on level, 1 and the reduction before
    terms = np.stack([level[1:][rising], np.ones(rising.sum()), before[rising]])
    weighted = known[rising] * terms
    products = weighted @ terms.T
    if np.linalg.matrix_rank(products, hermitian=True) < len(terms):
        return None
    by_level, constant, by_reduction = np.linalg.solve(products, weighted @ increment[rising])
    if not (by_level > 0 and -1 < by_reduction < 0):
        return None
    threshold = -constant / by_level
    # The share of itself by which the reduction falls per sample below the threshold
    known = np.where(level[1:] < threshold, known, 0.0) * before
    falling = np.clip(-(known @ increment) / max(known @ before, _TINY), 1e-6, 0.5)
    times = -1 / np.log1p([by_reduction, -falling])
    guess = np.array([threshold, by_level / -by_reduction, *np.log(times), 0.0, 0.0, 0.0])
    return np.clip(guess, LOWEST, HIGHEST)
