"""A compressor's settings by least squares: the dry loop, compressed, against the reference.

The sum of squares is taken over the samples themselves, so that what rounding, resampling and
coding add is noise of zero mean, and frame by frame over its expected variance: a constant and a
share of the reference's power, both measured on what the fit leaves, and raised where it leaves
more. Levenberg's and Marquardt's method with exact derivatives finds the minimum. The covariance
is that of clusters of frames (the "sandwich"), which holds for noise that is correlated in time
and where the model is not exactly right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from stages.match.gain_kernels import FRAME, PARAMETERS, linearise

# Threshold in dBFS, 1 - 1/ratio, logarithms of attack and release in samples, make-up gain in dB
LOWEST = np.array([-100.0, 0.0, np.log(0.5), np.log(0.5), -100.0])
HIGHEST = np.array([0.0, 0.9989, np.log(1e5), np.log(4e5), 100.0])
_LONGEST_STEP = np.array([6.0, 0.3, 1.0, 1.0, 6.0])
_FIRST_NOISE = 1e-3  # of a frame's power
_ROUNDING = 1e-9**2  # variance that no noise is below
_WEIGHTINGS = 5
_STEPS = 20
_CONVERGED = 1e-2  # standard deviations, squared
_NEIGHBOURS = 9  # frames over which the power that is left is taken
_LOST = 0.5  # of a band's amplitude, by the share of noise in its power
_MOST_NOISE = 0.5  # share of noise above which a band's frame is not believed
_CLUSTER = 32  # frames: 46 ms at 44.1 kHz


@dataclass(frozen=True)
class GainFit:
    """The settings that explain a reference best.

    Attributes
    ----------
    at : ndarray, shape (5,)
        In the coordinates of `gain_kernels.linearise`.
    covariance : ndarray, shape (5, 5)
        Of `at`; 0 for what was fixed, and infinite on the diagonal for what has no effect.
    residual : float
        Power of what is left, as a share of the reference's.
    """

    at: np.ndarray
    covariance: np.ndarray
    residual: float


class GainProblem:
    """A dry loop beside a reference.

    Parameters
    ----------
    level : ndarray, shape (samples,), float64, dBFS
        Of the whole dry loop.
    dry, reference : ndarray, shape (bands, samples), float32 or float64
        Aligned; 0 in both where a sample does not count.
    fixed : ndarray, shape (5,)
        What is known of the answer, NaN where nothing is.
    """

    def __init__(
        self, level: np.ndarray, dry: np.ndarray, reference: np.ndarray, fixed: np.ndarray
    ) -> None:
        """Measure the reference's power, frame by frame."""
        self._level, self._dry, self._reference = level, dry, reference
        self._free = np.flatnonzero(np.isnan(fixed))
        self._fixed = fixed
        frames = level.size // FRAME
        squares = np.square(reference[:, : frames * FRAME], dtype=np.float64)
        self._power = squares.reshape(-1, frames, FRAME).mean(axis=2)
        self._counted = self._power > 0
        self._first_weight = 1 / (_FIRST_NOISE * self._power + 1e-10)

    def rough(self, start: np.ndarray, steps: int) -> tuple[np.ndarray, float]:
        """Go some steps from a start; return where that leads and the weighted squares there."""
        at, point = self._descend(
            self._begin(start), self._first_weight, steps, worth=0.0, share=1e-3
        )
        return at, point.cost

    def fit(self, start: np.ndarray) -> GainFit:
        """Fit from a start, weighting by what is left until nothing changes."""
        at, weight = self._begin(start), self._first_weight
        for round_ in range(_WEIGHTINGS):
            before = at
            # Only weights that were measured are in units of the noise.
            worth = _CONVERGED if round_ else 0.0
            at, point = self._descend(at, weight, _STEPS, worth=worth, share=1e-6)
            weight = self._weights(point.energy)
            step = (at - before)[self._free]
            if step @ point.products[np.ix_(self._free, self._free)] @ step < _CONVERGED:
                break
        point = self._linearised(at, weight)
        left = point.energy.sum() / max(FRAME * self._power.sum(), np.finfo(float).tiny)
        return GainFit(at, self._covariance(point), float(left))

    def restored(self, at: np.ndarray) -> GainProblem:
        """Return the problem with what coding took from the reference's bands given back.

        A coder that rounds a band adds noise to it and loses some of it.
        """
        point = self._linearised(at, self._first_weight)
        noise = uniform_filter1d(point.energy / FRAME, _NEIGHBOURS, axis=1, mode="nearest")
        power = uniform_filter1d(self._power, _NEIGHBOURS, axis=1, mode="nearest")
        share = noise / np.maximum(power, np.finfo(float).tiny)
        kept = 1 - _LOST * np.minimum(share, _MOST_NOISE)
        believed = share < _MOST_NOISE
        dry, reference = self._dry.copy(), self._reference.copy()
        length = kept.shape[1] * FRAME
        dry[:, :length] *= np.repeat(believed, FRAME, axis=1)
        reference[:, :length] *= np.repeat(believed / kept, FRAME, axis=1)
        return GainProblem(self._level, dry, reference, self._fixed)

    def _begin(self, start: np.ndarray) -> np.ndarray:
        return np.clip(np.where(np.isnan(self._fixed), start, self._fixed), LOWEST, HIGHEST)

    def _linearised(self, at: np.ndarray, weight: np.ndarray) -> _Point:
        energy = np.empty(weight.shape)
        moments = np.empty((weight.shape[1], PARAMETERS))
        products = np.empty((PARAMETERS, PARAMETERS))
        cost = linearise(
            self._level, self._dry, self._reference, weight, at, energy, moments, products
        )
        return _Point(cost, energy, moments, products)

    def _descend(
        self, at: np.ndarray, weight: np.ndarray, steps: int, *, worth: float, share: float
    ) -> tuple[np.ndarray, _Point]:
        """Minimise the weighted squares by Levenberg's and Marquardt's method.

        It ends with a step that gains less than `worth`, or than a `share` of the squares.
        """
        damping = 1e-3
        here = self._linearised(at, weight)
        free, block = self._free, np.ix_(self._free, self._free)
        for _ in range(steps):
            products = here.products[block]
            damped = products + np.diag(damping * np.diag(products) + 1e-12)
            step = np.linalg.solve(damped, here.moments.sum(axis=0)[free])
            trial = at.copy()
            trial[free] += np.clip(step, -_LONGEST_STEP[free], _LONGEST_STEP[free])
            trial = np.clip(trial, LOWEST, HIGHEST)
            there = self._linearised(trial, weight)
            gained = here.cost - there.cost
            if gained >= 0:
                at, here = trial, there
                damping = max(damping / 10, 1e-9)
                if gained <= max(share * here.cost, worth):
                    break
            else:
                damping *= 10
                if damping > 1e6:
                    break
        return at, here

    def _weights(self, energy: np.ndarray) -> np.ndarray:
        """Return the reciprocal of each frame's variance, from what the fit leaves."""
        left = energy / FRAME
        expected = np.zeros_like(left)
        for band, (power, counted) in enumerate(zip(self._power, self._counted, strict=True)):
            if counted.any():
                some, of_some = left[band, counted], power[counted]
                constant = np.median(some[of_some <= np.quantile(of_some, 0.2)])
                share = np.median(np.maximum(some - constant, 0) / of_some)
                expected[band] = constant + share * power
        about = uniform_filter1d(left, _NEIGHBOURS, axis=1, mode="nearest")
        return 2 / (expected + about + _ROUNDING)

    def _covariance(self, point: _Point) -> np.ndarray:
        """Return the covariance by clusters, at least that of independent noise."""
        free, covariance = self._free, np.zeros((PARAMETERS, PARAMETERS))
        starts = np.arange(0, len(point.moments), _CLUSTER)
        scores = np.add.reduceat(point.moments[:, free], starts, axis=0)
        products = point.products[np.ix_(free, free)]
        scale = np.sqrt(np.diag(products))
        told = scale > 1e-6
        covariance[free[~told], free[~told]] = np.inf
        free, scores, scale = free[told], scores[:, told], scale[told]
        # Bread and meat in units in which the matrix has ones on its diagonal.
        bread = np.linalg.pinv(products[np.ix_(told, told)] / np.outer(scale, scale), 1e-14)
        meat = (scores / scale).T @ (scores / scale)
        clustered, plain = bread @ meat @ bread, bread
        own = np.maximum(np.diag(clustered), 1e-100)  # 0 where nothing at all is left
        larger = np.sqrt(np.maximum(own, np.diag(plain)) / own)
        clustered *= np.outer(larger, larger)
        covariance[np.ix_(free, free)] = clustered / np.outer(scale, scale)
        return covariance


@dataclass(frozen=True)
class _Point:
    """What `gain_kernels.linearise` returns at one point."""

    cost: float
    energy: np.ndarray
    moments: np.ndarray
    products: np.ndarray
