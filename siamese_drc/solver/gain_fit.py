"""Compressor settings by least squares from the gain between a loop and its compressed version.

The gain reduction of the feed-forward compressor with a branching peak detector obeys a first-order
recursion (Giannoulis, Massberg and Reiss 2012, eq. 16). One compiled pass runs it over a signal,
compares it with a measured gain, and accumulates the normal equations with exact derivatives in all
unknowns; `scipy.optimize.least_squares` takes the steps.

A *point* is an array of the unknowns in the coordinates of the fit, in the order of `UNKNOWNS`:
threshold (dBFS), slope 1 - 1/ratio, natural logarithms of attack and release in samples, make-up
gain (dB), state y_L before the first sample (dB, for an infinite ratio), and knee width (dB).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import exp, expm1, log1p, sqrt
from typing import Literal

import numpy as np
from numba import njit

from siamese_drc.compressor.settings import PARAMETERS

Loss = Literal["linear", "soft_l1", "cauchy"]

UNKNOWNS = (*PARAMETERS, "makeup_db", "start_db", "knee_db")
LOWEST = np.array([-120.0, 0.0, np.log(0.1), np.log(0.1), -100.0, 0.0, 0.0])
HIGHEST = np.array([0.0, 0.999, np.log(1e6), np.log(1e6), 100.0, 120.0, 60.0])
_STEP = np.array([6.0, 0.3, 1.0, 1.0, 6.0, 6.0, 6.0])  # of each unknown, about equally far
_LOSSES = {"linear": 0, "soft_l1": 1, "cauchy": 2}
_TINY = np.finfo(float).tiny

# Numba's cache of compiled code is keyed by this file alone: a kernel uses only what stands here.
FRAME = 64  # samples whose derivatives are held at a time
CLUSTER = 32  # frames whose moments are summed: 46 ms at 44.1 kHz
_ALL = 7  # unknowns
_NEPER_PER_DB = np.log(10) / 20


@njit(cache=True)
def _follow(level, point, more, state, gain, by):
    """Run the recursion over one frame, and its derivatives.

    Parameters
    ----------
    level : ndarray, shape (samples,), float64, dBFS
    point : ndarray, shape (7,)
    more : bool
        Whether the last three unknowns are free.
    state : ndarray, shape (6,)
        y_L and its derivatives by threshold, log attack, log release, start state and knee width,
        carried from one frame to the next.
    gain : ndarray, shape (FRAME,), dB
        Filled with the gain, make-up included.
    by : ndarray, shape (7, FRAME)
        Filled with the derivatives of the gain, but for constant factors: those of y_L, y_L itself
        for the slope, and 1 for the make-up gain.
    """
    threshold, slope, knee = point[0], point[1], point[6]
    attack_rate, release_rate = exp(-point[2]), exp(-point[3])
    attack, release = -expm1(-attack_rate), -expm1(-release_rate)  # 1 - a of eq. 7
    # Derivatives of the steps by the logarithms of the time constants
    attack_by_log, release_by_log = -attack_rate * (1 - attack), -release_rate * (1 - release)
    per_knee = 1 / knee if knee > 0.0 else 0.0
    stay_rising, stay_falling = 1.0 - attack, 1.0 - release
    last, by_threshold, by_attack, by_release, by_start, by_knee = state
    for k in range(level.size):
        above = max(level[k] - threshold + 0.5 * knee, 0.0)
        inside = min(above, knee)
        share = inside * per_knee
        overshoot = 0.5 * inside * share + (above - inside)  # eq. 4
        # Minus the derivative of the overshoot by the threshold
        by_level = (1.0 if above > 0.0 else 0.0) if above >= knee else share
        error = overshoot - last
        rising = error > 0.0
        step = attack if rising else release
        stay = stay_rising if rising else stay_falling
        by_threshold = stay * by_threshold - step * by_level
        by_attack = stay * by_attack + (attack_by_log * error if rising else 0.0)
        by_release = stay * by_release + (0.0 if rising else release_by_log * error)
        if_rising = stay_rising * last + attack * overshoot  # eq. 16
        if_falling = stay_falling * last + release * overshoot
        last = if_rising if rising else if_falling
        gain[k] = point[4] - slope * last
        by[0, k], by[1, k], by[2, k], by[3, k] = by_threshold, last, by_attack, by_release
        if more:
            by_start = stay * by_start
            by_knee = stay * by_knee + step * (0.5 * share * (1.0 - share))
            by[4, k], by[5, k], by[6, k] = 1.0, by_start, by_knee
    state[0], state[1], state[2] = last, by_threshold, by_attack
    state[3], state[4], state[5] = by_release, by_start, by_knee


@njit(cache=True)
def _linearise(level, measured, weight, decibels, loss, scale, point, free, products, moments):
    """Compare the gain at a point with the measured one, and linearise the difference.

    Parameters
    ----------
    measured, weight : ndarray, shape (samples,), float64
        As for `fit_gain`.
    decibels : bool
    loss : int
        A value of `_LOSSES`.
    scale : float
        Of the loss, in standard deviations.
    free : ndarray, shape (f,), int
        Indices of the unknowns that are free.
    products, moments : ndarray, shape (f, f) and (clusters, f)
        Filled with the normal equations: J^T W J, and -J^T W r by clusters of frames, where W has
        the weights of the samples, times the derivative of a robust loss.

    Returns
    -------
    float
        Sum of the weighted squares, or of the robust loss of them.
    """
    count, more = free.size, free.size > 0 and free.max() > 3
    state, gain, by = np.zeros(6), np.empty(FRAME), np.zeros((_ALL, FRAME))
    state[0], state[4] = point[5], 1.0
    sums, lanes = np.zeros((count, count, FRAME)), np.zeros((count, FRAME))
    known, along, costs = np.zeros(FRAME), np.zeros(FRAME), np.zeros(FRAME)
    weighted, factors = np.empty(FRAME), np.full(_ALL, -point[1])
    factors[1], factors[4] = -1.0, 1.0  # the others scale y_L by minus the slope
    moments[:] = 0.0
    for frame in range((level.size + FRAME - 1) // FRAME):
        first = frame * FRAME
        part = level[first : first + FRAME]
        size = part.size
        _follow(part, point, more, state, gain, by)
        if size < FRAME:
            known[:], along[:] = 0.0, 0.0
        for k in range(size):
            value = gain[k]
            per_db = 1.0
            if not decibels:
                value = exp(_NEPER_PER_DB * value)
                per_db = _NEPER_PER_DB * value
            trust = weight[first + k]
            difference = measured[first + k] - value
            square = trust * difference * difference
            if loss == 1:
                root = sqrt(1.0 + square / (scale * scale))
                square = 2.0 * scale * scale * (root - 1.0)
                trust /= root
            elif loss == 2:
                ratio = square / (scale * scale)
                square = scale * scale * log1p(ratio)
                trust /= 1.0 + ratio
            costs[k] += square
            known[k] = trust * per_db * per_db
            along[k] = trust * per_db * difference
        # Sums over the frames, sample by sample of a frame: these loops vectorise.
        for i in range(count):
            of_i, sum_i = by[free[i]], lanes[i]
            for k in range(FRAME):
                sum_i[k] += along[k] * of_i[k]
                weighted[k] = known[k] * of_i[k]
            for j in range(i + 1):
                of_j, sum_ij = by[free[j]], sums[i, j]
                for k in range(FRAME):
                    sum_ij[k] += weighted[k] * of_j[k]
        if (frame + 1) % CLUSTER == 0 or first + size == level.size:
            for i in range(count):
                moments[frame // CLUSTER, i] = factors[free[i]] * lanes[i].sum()
            lanes[:] = 0.0
    for i in range(count):
        for j in range(i + 1):
            factor = factors[free[i]] * factors[free[j]]
            products[i, j] = products[j, i] = factor * sums[i, j].sum()
    return costs.sum()


@njit(cache=True)
def model_gain_db(level, point):
    """Return the gain at a point, make-up included.

    Parameters
    ----------
    level : ndarray, shape (samples,), float64, dBFS
    point : ndarray, shape (7,)

    Returns
    -------
    ndarray, shape (samples,), dB
    """
    gain, by, state = np.empty(level.size), np.empty((_ALL, FRAME)), np.zeros(6)
    state[0] = point[5]
    for first in range(0, level.size, FRAME):
        part = slice(first, min(first + FRAME, level.size))
        _follow(level[part], point, False, state, gain[part], by)
    return gain


@dataclass(frozen=True)
class GainFit:
    """The unknowns that explain a measured gain best.

    Attributes
    ----------
    point : ndarray, shape (7,)
    free : ndarray, shape (f,), int
        Indices of the unknowns that were free.
    cost : float
        Sum of the weighted squared differences, or of the robust loss of them.
    products : ndarray, shape (f, f)
        Normal matrix J^T W J of the free unknowns.
    moments : ndarray, shape (clusters, f)
        -J^T W r, by clusters of frames.
    """

    point: np.ndarray
    free: np.ndarray
    cost: float
    products: np.ndarray
    moments: np.ndarray

    @cached_property
    def _compact(self) -> tuple[np.ndarray, np.ndarray]:
        """A few residuals, and their Jacobian, that are equivalent to those of all samples.

        A step of least squares depends on the residuals r and the Jacobian J only through J^T J,
        J^T r and r^T r, which one pass accumulates. With J^T J = V diag(s^2) V^T, these are also
        those of the Jacobian s V^T and the residuals V^T J^T r / s, with one more residual that is
        constant. For a robust loss, r^T r is the loss, and W has its derivatives: cost and gradient
        are exact, and the matrix is that of iteratively reweighted least squares.
        """
        scale = np.sqrt(np.maximum(np.diag(self.products), _TINY))
        squares, vectors = np.linalg.eigh(self.products / np.outer(scale, scale))
        root = np.sqrt(np.maximum(squares, _TINY))
        told = squares > 1e-15 * squares[-1]
        along = np.where(told, vectors.T @ (self.moments.sum(axis=0) / scale) / root, 0.0)
        rest = np.sqrt(max(self.cost - float(along @ along), 0.0))
        jacobian = np.vstack([root[:, np.newaxis] * vectors.T * scale, np.zeros(len(root))])
        return np.append(-along, rest), jacobian

    def covariance(self) -> np.ndarray:
        """Return the covariance of the point, shape (7, 7).

        It is that of clusters of frames (the "sandwich"), which holds for noise that is correlated
        in time and where the model is not exactly right, and at least that of independent noise
        whose variances are 1 / weight. It is 0 for what was fixed, and infinite on the diagonal for
        what has no effect.
        """
        covariance = np.zeros((_ALL, _ALL))
        scale = np.sqrt(np.diag(self.products))
        told = scale > 1e-6
        covariance[self.free[~told], self.free[~told]] = np.inf
        free, moments, scale = self.free[told], self.moments[:, told], scale[told]
        # Bread and meat in units in which the matrix has ones on its diagonal.
        bread = np.linalg.pinv(self.products[np.ix_(told, told)] / np.outer(scale, scale), 1e-14)
        meat = (moments / scale).T @ (moments / scale)
        clustered = bread @ meat @ bread
        own = np.maximum(np.diag(clustered), 1e-100)  # 0 where nothing at all is left
        larger = np.sqrt(np.maximum(own, np.diag(bread)) / own)
        covariance[np.ix_(free, free)] = (
            clustered * np.outer(larger, larger) / np.outer(scale, scale)
        )
        return covariance


def fit_gain(
    level: np.ndarray,
    gain: np.ndarray,
    weight: np.ndarray,
    start: np.ndarray,
    *,
    free: Sequence[str] = PARAMETERS,
    decibels: bool = True,
    loss: Loss = "linear",
    scale: float = 1.0,
    tolerance: float = 1e-6,
    passes: int = 40,
) -> GainFit:
    """Return the unknowns at which the compressor's gain is nearest to a measured one.

    Parameters
    ----------
    level : ndarray, shape (samples,), float64, dBFS
        Of the signal that controls the gain.
    gain : ndarray, shape (samples,), float64
        Measured, in dB or as an amplitude factor; any finite number where it is not known.
    weight : ndarray, shape (samples,), float64
        Reciprocal variance of `gain`, 0 where it is not known.
    start : ndarray, shape (7,)
        Point to start from; what is not free keeps its value.
    free : sequence of str
        Of `UNKNOWNS`.
    decibels : bool
        Whether `gain` is in dB; otherwise amplitudes are compared, whose noise has zero mean where
        noise was added to the signal.
    loss : {"linear", "soft_l1", "cauchy"}
        As for `scipy.optimize.least_squares`.
    scale : float
        Difference, in standard deviations, above which a robust loss gives a sample less weight.
    tolerance : float
        It ends with a step that reduces the cost by less than this share.
    passes : int
        It ends after so many passes over the signal.

    Returns
    -------
    GainFit

    References
    ----------
    Giannoulis, Massberg and Reiss (2012), eqs. 4, 7 and 16.

    Examples
    --------
    >>> from siamese_drc.compressor import level_db
    >>> beat = np.exp(-np.arange(11025) / 3000) * np.random.default_rng(0).standard_normal(11025)
    >>> level = level_db(np.tile(beat, 2).astype(np.float32) / 4)
    >>> truth = {"threshold_db": -30, "ratio": 4, "attack_ms": 5, "release_ms": 80}
    >>> others = {"makeup_db": 0, "start_db": 0, "knee_db": 0}
    >>> gain = model_gain_db(level, to_point(truth | others, sample_rate=44100))
    >>> start = {"threshold_db": -24, "ratio": 3, "attack_ms": 9, "release_ms": 100} | others
    >>> fit = fit_gain(level, gain, np.ones(level.size), to_point(start, sample_rate=44100))
    >>> {name: round(value, 2) for name, value in to_settings(fit.point, sample_rate=44100).items()}
    ... # doctest: +NORMALIZE_WHITESPACE
    {'threshold_db': -30.0, 'ratio': 4.0, 'attack_ms': 5.0, 'release_ms': 80.0,
     'makeup_db': 0.0, 'start_db': 0.0, 'knee_db': 0.0}
    """
    from scipy.optimize import least_squares  # slow to import

    # One type and layout of the arrays, one compiled kernel
    level, gain, weight = (np.ascontiguousarray(x, np.float64) for x in (level, gain, weight))
    places = np.array([UNKNOWNS.index(name) for name in free], np.intp)
    low, high = LOWEST[places], HIGHEST[places]
    clusters = -(-level.size // (FRAME * CLUSTER))

    @lru_cache(maxsize=1)  # residuals and Jacobian are asked for one after the other
    def at(values: tuple[float, ...]) -> GainFit:
        point = start.astype(np.float64)
        point[places] = values
        products = np.empty((places.size, places.size))
        moments = np.empty((clusters, places.size))
        cost = _linearise(
            *(level, gain, weight, decibels, _LOSSES[loss], scale),
            *(point, places, products, moments),
        )
        return GainFit(point, places, cost, products, moments)

    if not places.size:
        return at(())
    found = least_squares(
        lambda values: at(tuple(values))._compact[0],
        np.clip(start[places], low + 1e-9, high - 1e-9),
        lambda values: at(tuple(values))._compact[1],
        bounds=(low, high),
        x_scale=_STEP[places],
        ftol=tolerance,
        xtol=1e-12,
        gtol=None,
        max_nfev=passes,
    )
    return at(tuple(found.x))


def to_point(settings: Mapping[str, float], *, sample_rate: float) -> np.ndarray:
    """Return the point of some settings, NaN for those that are not given.

    Parameters
    ----------
    settings : mapping
        By the names `UNKNOWNS`.
    sample_rate : float, Hz

    Returns
    -------
    ndarray, shape (7,)

    Raises
    ------
    ValueError
        If a name is unknown, or a value is outside the range of the fit.
    """
    point = np.full(_ALL, np.nan)
    for name, value in settings.items():
        if name not in UNKNOWNS:
            raise ValueError(f"{name}: must be one of {', '.join(UNKNOWNS)}")
        place = UNKNOWNS.index(name)
        if name == "ratio":
            point[place] = 1 - 1 / value if value > 0 else np.nan
        elif name.endswith("_ms"):
            point[place] = np.log(value * sample_rate / 1000) if value > 0 else np.nan
        else:
            point[place] = value
        if not LOWEST[place] <= point[place] <= HIGHEST[place]:
            low, high = (
                to_settings(end, sample_rate=sample_rate)[name] for end in (LOWEST, HIGHEST)
            )
            raise ValueError(f"{name}={value:g}: must be from {low:.4g} to {high:.4g}")
    return point


def to_settings(point: np.ndarray, *, sample_rate: float) -> dict[str, float]:
    """Return the settings at a point, by the names `UNKNOWNS`."""
    settings = dict(zip(UNKNOWNS, point.tolist(), strict=True))
    settings["ratio"] = 1 / (1 - settings["ratio"])
    for name in ("attack_ms", "release_ms"):
        settings[name] = exp(settings[name]) * 1000 / sample_rate
    return settings
