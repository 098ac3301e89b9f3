"""Compressor settings by least squares from the gain between a loop and its compressed version.

`gain_model` defines the coordinates of a *point* and accumulates the normal equations;
`scipy.optimize.least_squares` takes the steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import exp, log

import numpy as np

from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.solver.gain_model import (
    CLUSTER,
    COUNT,
    FAMILIES,
    FRAME,
    Family,
    drive_of,
    linearise,
)

UNKNOWNS = (*PARAMETERS, "makeup_db", "start_db", "knee_db")
# A smoothed level 60 dB below the threshold is as good as silence; y_L is never below 0.
LOWEST = np.array([-120.0, 0.0, np.log(0.1), np.log(0.1), -100.0, -60.0, 0.0])
HIGHEST = np.array([0.0, 0.999, np.log(1e6), np.log(1e6), 100.0, 120.0, 24.0])
_START = UNKNOWNS.index("start_db")
_STEP = np.array([6.0, 0.3, 1.0, 1.0, 6.0, 6.0, 6.0])  # of each unknown, about equally far
_TINY = np.finfo(float).tiny
# Share of the largest eigenvalue below which a combination of unknowns has no effect, and share of
# an unknown in such combinations from which it is not determined.
_SEEN, _UNSEEN = 1e-14, 1e-4


@dataclass(frozen=True)
class GainFit:
    """The unknowns that explain a measured gain best."""

    # shape (7 + channels - 1,): the last ones are the start states of the channels after the first
    point: np.ndarray
    free: np.ndarray  # shape (f,), int: indices of the coordinates that were free
    cost: float  # sum of the weighted squared differences
    products: np.ndarray  # shape (f, f): normal matrix J^T W J of the free unknowns
    moments: np.ndarray  # shape (clusters, f): -J^T W r, by clusters of frames

    @cached_property
    def _compact(self) -> tuple[np.ndarray, np.ndarray]:
        """A few residuals, and their Jacobian, that are equivalent to those of all samples.

        A step of least squares depends on the residuals r and the Jacobian J only through J^T J,
        J^T r and r^T r, which one pass accumulates. With J^T J = V diag(s^2) V^T, these are also
        those of the Jacobian s V^T and the residuals V^T J^T r / s, with one more residual that is
        constant.
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
        """Return the covariance of the point.

        It is that of clusters of frames (the "sandwich"), which holds for noise that is correlated
        in time and where the model is not exactly right, and at least that of independent noise
        whose variances are 1 / weight. It is 0 for what was fixed, and infinite on the diagonal for
        what has no effect, alone or together with another unknown.
        """
        covariance = np.zeros((self.point.size, self.point.size))
        scale = np.sqrt(np.diag(self.products))
        told = scale > 1e-6
        covariance[self.free[~told], self.free[~told]] = np.inf
        free, moments, scale = self.free[told], self.moments[:, told], scale[told]
        # In units in which the matrix has ones on its diagonal.
        squares, vectors = np.linalg.eigh(
            self.products[np.ix_(told, told)] / np.outer(scale, scale)
        )
        seen = squares > _SEEN * squares[-1:]
        bread = (vectors[:, seen] / squares[seen]) @ vectors[:, seen].T
        along = bread @ (moments / scale).T
        clustered = along @ along.T
        own = np.maximum(np.diag(clustered), 1e-100)  # 0 where nothing at all is left
        larger = np.sqrt(np.maximum(own, np.diag(bread)) / own)
        covariance[np.ix_(free, free)] = (
            clustered * np.outer(larger, larger) / np.outer(scale, scale)
        )
        unseen = np.square(vectors[:, ~seen]).sum(axis=1) > _UNSEEN
        covariance[free[unseen], free[unseen]] = np.inf
        return covariance


def fit_gain(
    level: np.ndarray,
    gain: np.ndarray,
    weight: np.ndarray,
    start: np.ndarray,
    *,
    family: Family = "branching",
    free: Sequence[str] = PARAMETERS,
    decibels: bool = True,
    bounds: tuple[np.ndarray, np.ndarray] = (LOWEST, HIGHEST),
    tolerance: float = 1e-6,
    passes: int = 40,
) -> GainFit:
    """Return the unknowns at which the compressor's gain is nearest to a measured one.

    Parameters
    ----------
    level : ndarray, shape (samples,) or (channels, samples), float64, dBFS
        Of the signal that controls the gain; of several channels, each has its own gain under the
        same settings.
    gain : ndarray of that shape, float64
        Measured, in dB or as an amplitude factor; any finite number where it is not known.
    weight : ndarray of that shape, float64
        Reciprocal variance of `gain`, 0 where it is not known.
    start : ndarray, shape (7 + channels - 1,)
        Point to start from, as in `GainFit`; what is not free keeps its value.
    family, free : str of `FAMILIES`, sequence of `UNKNOWNS`
    decibels : bool
        Whether `gain` is in dB; otherwise amplitudes are compared, whose noise has zero mean where
        noise was added to the signal.
    bounds : tuple of ndarray, shape (7,) each
        Lowest and highest point.
    tolerance, passes : float, int
        It ends with a step that reduces the cost by less than this share, or after so many passes
        over the signal.

    Returns
    -------
    GainFit

    References
    ----------
    Giannoulis, Massberg and Reiss (2012), eqs. 4, 7 and 16.

    Examples
    --------
    >>> from siamese_drc.compressor import level_db
    >>> from siamese_drc.solver.gain_model import model_gain_db
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
    drive, gain, weight = (
        np.ascontiguousarray(np.atleast_2d(x), np.float64)
        for x in (drive_of(level, family), gain, weight)
    )
    channels = len(drive)
    own = np.array([UNKNOWNS.index(name) for name in free], np.intp)  # of one channel
    starts = np.r_[_START, np.arange(COUNT, COUNT + channels - 1)]
    places = np.r_[own, starts[1:]] if _START in own else own
    columns = [
        [places.tolist().index(starts[channel] if place == _START else place) for place in own]
        for channel in range(channels)
    ]
    low, high, step = (
        np.r_[ends, np.full(channels - 1, ends[_START])][places] for ends in (*bounds, _STEP)
    )
    if family in ("branching", "decoupled"):
        low[np.isin(places, starts)] = 0.0
    clusters = -(-drive.shape[1] // (FRAME * CLUSTER))

    @lru_cache(maxsize=1)  # residuals and Jacobian are asked for one after the other
    def at(values: tuple[float, ...]) -> GainFit:
        point = start.astype(np.float64)
        point[places] = values
        cost, products = 0.0, np.zeros((places.size, places.size))
        moments = np.zeros((channels, clusters, places.size))
        for channel, into in enumerate(columns):
            of_channel = np.r_[point[:_START], point[starts[channel]], point[_START + 1 : COUNT]]
            some, along = np.empty((own.size, own.size)), np.empty((clusters, own.size))
            cost += linearise(
                *(FAMILIES.index(family), drive[channel], gain[channel], weight[channel]),
                *(decibels, of_channel, own, some, along),
            )
            products[np.ix_(into, into)] += some
            moments[channel][:, into] = along
        return GainFit(point, places, cost, products, np.concatenate(moments))

    if not places.size:
        return at(())
    found = least_squares(
        lambda values: at(tuple(values))._compact[0],
        np.clip(start[places], low + 1e-9, high - 1e-9),
        lambda values: at(tuple(values))._compact[1],
        bounds=(low, high),
        x_scale=step,
        ftol=tolerance,
        xtol=1e-12,
        gtol=None,
        max_nfev=passes,
    )
    return at(tuple(found.x))


def to_point(settings: Mapping[str, float], *, sample_rate: float) -> np.ndarray:
    """Return the point of settings by the names `UNKNOWNS`, NaN for those that are not given."""
    point = np.full(COUNT, np.nan)
    for name, value in settings.items():
        if name == "ratio":
            value = 1 - 1 / value
        elif name.endswith("_ms"):
            value = log(value * sample_rate / 1000)
        point[UNKNOWNS.index(name)] = value
    return point


def to_settings(point: np.ndarray, *, sample_rate: float) -> dict[str, float]:
    """Return the settings at a point, by the names `UNKNOWNS`."""
    settings = dict(zip(UNKNOWNS, point.tolist(), strict=True))
    settings["ratio"] = 1 / (1 - settings["ratio"])
    for name in ("attack_ms", "release_ms"):
        settings[name] = exp(settings[name]) * 1000 / sample_rate
    return settings
