"""Settings of other compressors, fitted to a gain curve on the loop that it was made on.

Every fit minimises the difference in dB between the wanted gain and the gain that the equations of
the other compressor give on the same loop, at every 16th sample, over the parts of the loop within
60 dB of the loudest. Settings have the names of `SETTINGS`; times are time constants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from scipy.optimize import OptimizeResult, least_squares

from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.export.equations import chain_gain_db, smoothed_level_db
from siamese_drc.solver.gain_fit import (
    HIGHEST,
    LOWEST,
    UNKNOWNS,
    fit_gain,
    to_point,
    to_settings,
)
from siamese_drc.solver.gain_model import COUNT, model_gain_db

Limits = Mapping[str, tuple[float, float]]
"""Lowest and highest value of the settings of a compressor."""

SETTINGS = (*PARAMETERS, "knee_db")
EVERY = 16  # samples between two points of the gain curves that are compared
LONGEST_S = 8.0  # length of the part to which settings are fitted; the error is of the whole
HEARD_DB = -60.0  # quietest point that counts, relative to the loudest
_SETTLED_S = 0.5  # at the start of a part from the middle of the loop; not counted
_KNOT_DB, _KNOTS = 3.0, 15  # distance and number of the points of compand's curve
_SMOOTH, _FLAT = 3e-3, 3e-4  # weights that decide where no sound does: a straight, a flat curve
_ENOUGH_DB = 0.02  # error of one compressor at which a second one in series is not tried
_INSIDE = 1e-6  # of the limits, where a search starts

# Coordinates of a fit: threshold (dBFS), 1 - 1/ratio, log attack, log release (samples), knee (dB)
_PLACES = [UNKNOWNS.index(name) for name in SETTINGS]
_SCALE = np.array([3.0, 0.1, 0.5, 0.5, 5.0])


class Fitted(NamedTuple):
    """Settings of compressors in series that were fitted, and what they leave."""

    stages: list[dict[str, float]]
    makeup_db: float
    error_db: float


class Compand(NamedTuple):
    """Settings of compand, and what they leave."""

    attack_ms: float
    release_ms: float
    level_db: np.ndarray
    """Levels of the points of the curve, rising to 0 dBFS."""
    gain_db: np.ndarray
    """Gain at these points."""
    error_db: float


class Wanted(NamedTuple):
    """A gain curve on a loop, for a compressor that has one gain for all channels or one each."""

    magnitude: np.ndarray
    """What the other compressor follows, |x|, shape (gains, samples)."""
    gain_db: np.ndarray
    """Make-up gain included, shape (gains, samples)."""
    sample_rate: int

    def points(self) -> np.ndarray:
        """Return the wanted gain at the last of every `EVERY` samples, dB."""
        return self.gain_db[:, EVERY - 1 :: EVERY]

    def heard(self) -> np.ndarray:
        """Return which of these points count, shape (gains, points)."""
        count = self.magnitude.shape[1] // EVERY
        frames = self.magnitude[:, : count * EVERY].reshape(len(self.magnitude), count, EVERY)
        power = np.square(frames).mean(axis=2)
        return power > 10 ** (HEARD_DB / 10) * max(power.max(), 1e-30)

    def error_db(self, gain_db: np.ndarray) -> float:
        """Return the root mean square of the difference of a gain at these points, dB."""
        return float(np.sqrt(np.mean(np.square((gain_db - self.points())[self.heard()]))))

    def fitted(self, coordinates: np.ndarray, gain_db: np.ndarray) -> Fitted:
        """Return settings from their coordinates, with the best make-up gain for their gain."""
        points = np.zeros((len(coordinates), COUNT))
        points[:, _PLACES] = coordinates
        stages = [to_settings(point, sample_rate=self.sample_rate) for point in points]
        makeup_db = float((self.points() - gain_db)[self.heard()].mean())
        return Fitted(stages, makeup_db, self.error_db(gain_db + makeup_db))

    def for_fit(self) -> tuple[Wanted, np.ndarray]:
        """Return the loudest part of a long loop, and which of its points count."""
        longest = round(LONGEST_S * self.sample_rate)
        if self.magnitude.shape[1] <= longest:
            return self, self.heard()
        energy = np.cumsum(np.square(self.magnitude).sum(axis=0))
        start = int(np.argmax(energy[longest:] - energy[:-longest]))
        span = slice(start, start + longest)
        part = self._replace(magnitude=self.magnitude[:, span], gain_db=self.gain_db[:, span])
        counts = part.heard()
        if start:
            counts[:, : round(_SETTLED_S * self.sample_rate) // EVERY] = False
        return part, counts


def box(limits: Limits, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and the highest coordinates within limits, shape (5,) each."""
    low, high = (
        _coordinates({name: ends[side] for name, ends in limits.items()}, sample_rate)
        for side in (0, 1)
    )
    return low, high


def fit_chain(
    wanted: Wanted,
    start: Mapping[str, float],
    limits: Limits,
    *,
    stages: int = 1,
    squared: bool = False,
) -> Fitted:
    """Return the compressors in series, smoothing the level, whose gain is closest.

    Parameters
    ----------
    wanted : Wanted
    start : mapping of str to float
        Settings of a compressor that smooths the gain reduction, near which the search begins.
    limits : mapping of str to (float, float)
        Of each stage.
    stages : int, 1 or 2
    squared : bool
        As for `chain_gain_db`.
    """
    part, counts = wanted.for_fit()
    target = part.points()[counts]
    low, high = box(limits, wanted.sample_rate)
    free = high > low
    low, high = low[free], high[free]

    def chain(point: np.ndarray) -> np.ndarray:
        """Return the coordinates of every stage, shape (stages, 5)."""
        rows = np.zeros((point.size // low.size, free.size))
        rows[:, free] = point.reshape(len(rows), -1)
        return rows

    def gains(magnitude: np.ndarray, point: np.ndarray, every: int) -> np.ndarray:
        """Return the gain, shape (gains, samples // every)."""
        stages = chain(point)
        stages[:, 2:4] = _steps(stages[:, 2:4])
        of_rows = [chain_gain_db(row, stages, squared=squared, every=every) for row in magnitude]
        return np.array(of_rows)

    def differences(point: np.ndarray) -> np.ndarray:
        """Return them less their mean, which the make-up gain takes away."""
        apart = gains(part.magnitude, point, EVERY)[counts] - target
        return apart - apart.mean()

    def search(starts: list[np.ndarray], tries: int) -> OptimizeResult:
        lower, upper, scale = (
            np.tile(row, starts[0].size // low.size) for row in (low, high, _SCALE[free])
        )
        inside = [np.clip(start, lower + _INSIDE, upper - _INSIDE) for start in starts]
        inside.sort(key=lambda start: np.square(differences(start)).sum())
        fits = [_least_squares(differences, start, lower, upper, scale) for start in inside[:tries]]
        return min(fits, key=lambda fit: fit.cost)

    base = _coordinates(start, wanted.sample_rate)
    starts = [
        (base + np.array([shift, 0.0, np.log(attack), np.log(release), knee]))[free]
        for attack in (0.5, 1.0, 2.5, 6.0)
        for release in (0.3, 0.6, 1.0)
        for shift in (-6.0, -2.0, 0.0)
        for knee in ((1.0, 9.0) if free[-1] else (0.0,))
    ]
    first = search(starts, tries=2)
    best = first.x
    if stages == 2 and 2 * first.cost > _ENOUGH_DB**2 * target.size:
        one, two = best.copy(), best.copy()
        one[1:4] = 0.65 * best[1], *(best[2:4] + np.log([0.65, 1.4]))
        two[1:4] = 0.75 * best[1], *(best[2:4] + np.log([1.8, 1.1]))
        best = search([np.concatenate([one, two])], tries=1).x
    gain = gains(wanted.magnitude, best, 1)[:, EVERY - 1 :: EVERY]
    return wanted.fitted(chain(best), gain)


def fit_branching(wanted: Wanted, start: Mapping[str, float], limits: Limits) -> Fitted:
    """Return settings of a compressor with this project's equations and other limits.

    Where the gain was made by these equations within the limits, these are its settings.
    """
    part, counts = wanted.for_fit()
    weight = np.zeros(part.gain_db.shape)
    weight[:, EVERY - 1 :: EVERY] = counts
    bounds = LOWEST.copy(), HIGHEST.copy()
    for edge, inside in zip(bounds, box(limits, wanted.sample_rate), strict=True):
        edge[_PLACES] = inside
    point = np.zeros(COUNT + len(weight) - 1)
    point[_PLACES] = _coordinates(start, wanted.sample_rate)
    free = (*PARAMETERS, "makeup_db")
    fit = fit_gain(_level_db(part.magnitude), part.gain_db, weight, point, free=free, bounds=bounds)
    found = np.zeros(COUNT)
    found[_PLACES] = fit.point[_PLACES]
    gain = np.array([model_gain_db(row, found) for row in _level_db(wanted.magnitude)])
    return wanted.fitted(found[np.newaxis, _PLACES], gain[:, EVERY - 1 :: EVERY])


def fit_compand(wanted: Wanted, start: Mapping[str, float]) -> Compand:
    """Return the times and the curve of compand whose gain is closest.

    Under given times, the gains at the points of the curve follow from linear least squares.
    """
    part, counts = wanted.for_fit()
    target = part.points()[counts]
    peak_db = min(float(_level_db(wanted.magnitude).max()), 0.0)
    knots = np.append(peak_db - _KNOT_DB * np.arange(_KNOTS)[::-1], 0.0)
    knots = np.unique(np.round(knots, 2))
    bent, sloping = (np.diff(np.eye(knots.size), order, axis=0) for order in (2, 1))
    penalty = np.vstack([_SMOOTH * bent, _FLAT * sloping]) * np.sqrt(target.size)

    def curve(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the gains at the knots and the differences."""
        level = [smoothed_level_db(row, *_steps(times), every=EVERY) for row in part.magnitude]
        basis = _hats(np.array(level)[counts], knots)
        gains = np.linalg.solve(basis.T @ basis + penalty.T @ penalty, basis.T @ target)
        return gains, basis @ gains - target

    low, high = np.log(np.array([[0.1, 1.0], [1e3, 5e3]]) * wanted.sample_rate / 1000)
    fits = [
        _least_squares(
            lambda times: curve(times)[1],
            np.clip(times, low + _INSIDE, high - _INSIDE),
            *(low, high, _SCALE[2:4]),
        )
        for times in _coordinates(start, wanted.sample_rate)[2:4] + np.log([(1.5, 0.7), (4.0, 0.4)])
    ]
    best = min(fits, key=lambda fit: fit.cost).x
    gains = np.round(curve(best)[0], 3)
    attack, release = (float(time) for time in np.exp(best) * 1000 / wanted.sample_rate)
    level = np.array([smoothed_level_db(row, *_steps(best)) for row in wanted.magnitude])
    reached = np.interp(level[:, EVERY - 1 :: EVERY], knots, gains)
    return Compand(attack, release, knots, gains, wanted.error_db(reached))


def _coordinates(settings: Mapping[str, float], sample_rate: int) -> np.ndarray:
    return to_point({"knee_db": 0.0, **settings}, sample_rate=sample_rate)[_PLACES]


def _least_squares(
    differences: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    scale: np.ndarray,
) -> OptimizeResult:
    return least_squares(
        differences,
        start,
        bounds=(low, high),
        x_scale=scale,
        max_nfev=40,
        ftol=1e-5,
        xtol=1e-5,
    )


def _steps(log_samples: np.ndarray) -> np.ndarray:
    """Return 1 - a of time constants, given as logarithms of samples."""
    return -np.expm1(-np.exp(-log_samples))


def _level_db(magnitude: np.ndarray) -> np.ndarray:
    return 20 * np.log10(np.maximum(magnitude, 1e-6))


def _hats(level: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Return the weights of linear interpolation between knots, shape (levels, knots)."""
    return np.stack([np.interp(level, knots, hat) for hat in np.eye(knots.size)], axis=1)
