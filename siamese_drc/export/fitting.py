"""Settings of other compressors, fitted to a gain curve on the loop that it was made on.

Every fit minimises the difference in dB between the wanted gain and the gain that the equations of
the other compressor give on the same loop, at every 16th sample, over the parts of the loop within
60 dB of the loudest. Settings have the names of `UNKNOWNS`; times are time constants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.export.equations import REST_DB, chain_gain_db, magnitude_db, smoothed_level_db
from siamese_drc.match.dynamics import frames
from siamese_drc.match.sound import loudest_part
from siamese_drc.solver.gain_fit import UNKNOWNS, fit_gain, to_point, to_settings
from siamese_drc.solver.gain_model import Family

Limits = Mapping[str, tuple[float, float]]  # lowest and highest value of a compressor's settings

_EVERY = 16  # samples between two points of the gain curves that are compared
POINTS = np.s_[:, _EVERY - 1 :: _EVERY]  # the last of every 16
LONGEST_S = 8.0  # length of the part to which settings are fitted; the error is of the whole
_HEARD_DB = -60.0  # quietest point that counts, relative to the loudest
_SETTLED_S = 0.5  # at the start of a part from the middle of the loop; not counted
_KNOT_DB, _KNOTS = 3.0, 15  # distance and number of the points of compand's curve
_SMOOTH, _FLAT = 3e-3, 3e-4  # weights that decide where no sound does: a straight, a flat curve
_ENOUGH_DB = 0.02  # error of one compressor at which a second one in series is not tried

_MAKEUP = UNKNOWNS.index("makeup_db")
_SCALE = np.array([3.0, 0.1, 0.5, 0.5])  # of `PARAMETERS` in a point
# From a compressor that smooths the gain reduction to those that smooth the level
_SHIFTS = [
    np.array([-2.0, 0.0, np.log(attack), np.log(release), 0.0, 0.0, 3.0])
    for attack, release in ((0.7, 0.6), (1.0, 0.3), (2.5, 0.6), (5.0, 0.3))
]


class Fitted(NamedTuple):
    """Settings of compressors in series that were fitted, and what they leave."""

    stages: list[dict[str, float]]
    makeup_db: float
    error_db: float


class Compand(NamedTuple):
    """Settings of compand, and what they leave."""

    attack_ms: float
    release_ms: float
    level_db: np.ndarray  # of the points of the curve, rising to 0 dBFS
    gain_db: np.ndarray  # at these points
    error_db: float


class Wanted(NamedTuple):
    """A gain curve on a loop, for a compressor that has one gain for all channels or one each."""

    magnitude: np.ndarray  # what the other compressor follows, |x|, shape (gains, samples)
    gain_db: np.ndarray  # make-up gain included, shape (gains, samples)
    sample_rate: int

    def heard(self) -> np.ndarray:
        """Return which of the `POINTS` count, shape (gains, points)."""
        power = np.square(frames(self.magnitude, _EVERY)).mean(axis=2)
        return power > 10 ** (_HEARD_DB / 10) * max(power.max(), 1e-30)

    def error_db(self, gain_db: np.ndarray) -> float:
        """Return the root mean square of the difference of a gain at these points, dB."""
        return float(np.sqrt(np.mean(np.square((gain_db - self.gain_db[POINTS])[self.heard()]))))

    def gain_of(self, stages: Iterable[np.ndarray], family: Family) -> np.ndarray:
        """Return the gain, at these points, of compressors from their points of `gain_model`."""
        gains = [chain_gain_db(row, stages, family) for row in magnitude_db(self.magnitude)]
        return np.array(gains)[POINTS]

    def fitted(self, stages: Sequence[np.ndarray], family: Family) -> Fitted:
        """Return the settings of compressors, with the best make-up gain for their gain."""
        gain_db = self.gain_of(stages, family)
        makeup_db = float((self.gain_db[POINTS] - gain_db)[self.heard()].mean())
        settings = [to_settings(stage, sample_rate=self.sample_rate) for stage in stages]
        return Fitted(settings, makeup_db, self.error_db(gain_db + makeup_db))

    def for_fit(self) -> tuple[Wanted, np.ndarray]:
        """Return the loudest part of a long loop, and which of its points count."""
        span = loudest_part(self.magnitude, round(LONGEST_S * self.sample_rate))
        part = self._replace(magnitude=self.magnitude[:, span], gain_db=self.gain_db[:, span])
        counts = part.heard()
        if span.start:
            counts[:, : round(_SETTLED_S * self.sample_rate) // _EVERY] = False
        return part, counts


def fit_stage(
    wanted: Wanted, start: Mapping[str, float], limits: Limits, family: Family = "branching"
) -> Fitted:
    """Return settings of a compressor, of another family or with other limits.

    The search begins near `start`, the settings of the compressor that made the gain: where it has
    the same equations and limits, these are its settings.
    """
    part, counts = wanted.for_fit()
    weight = np.zeros(part.gain_db.shape)
    weight[POINTS] = counts
    low, high = _edges(limits, family, wanted.sample_rate)
    low[_MAKEUP], high[_MAKEUP] = -100.0, 100.0
    free = [*PARAMETERS, "makeup_db", *(["knee_db"] if low[-1] < high[-1] else [])]
    base = _point(start, family, wanted.sample_rate)
    starts = [base] if family == "branching" else [base + shift for shift in _SHIFTS]
    fits = [
        fit_gain(
            magnitude_db(part.magnitude),
            part.gain_db,
            weight,
            np.append(np.clip(point, low, high), np.full(len(weight) - 1, REST_DB[family])),
            family=family,
            free=free,
            bounds=(low, high),
        )
        for point in starts
    ]
    found = min(fits, key=lambda fit: fit.cost).point[: base.size].copy()
    found[_MAKEUP] = 0.0
    return wanted.fitted([found], family)


def fit_two_stages(wanted: Wanted, start: Mapping[str, float], limits: Limits) -> Fitted:
    """Return one compressor that smooths the level, or two in series where these are closer."""
    single = fit_stage(wanted, start, limits, "level")
    if single.error_db < _ENOUGH_DB:
        return single
    part, counts = wanted.for_fit()
    target, rate = part.gain_db[POINTS][counts], wanted.sample_rate
    low, high = (np.tile(edge[:4], 2) for edge in _edges(limits, "level", rate))
    rest = _point(single.stages[0], "level", rate)
    one, two = rest[:4].copy(), rest[:4].copy()
    one[1:] = 0.65 * one[1], *(one[2:] + np.log([0.65, 1.4]))
    two[1:] = 0.75 * two[1], *(two[2:] + np.log([1.8, 1.1]))

    def both(places: np.ndarray) -> list[np.ndarray]:
        return [np.append(each, rest[4:]) for each in places.reshape(2, 4)]

    def differences(places: np.ndarray) -> np.ndarray:
        """Return them less their mean, which the make-up gain takes away."""
        apart = part.gain_of(both(places), "level")[counts] - target
        return apart - apart.mean()

    found = _least_squares(differences, np.append(one, two), low, high, np.tile(_SCALE, 2))
    return wanted.fitted(both(found), "level")


def fit_compand(wanted: Wanted, start: Mapping[str, float]) -> Compand:
    """Return the times and the curve of compand whose gain is closest.

    Under given times, the gains at the points of the curve follow from linear least squares.
    """
    part, counts = wanted.for_fit()
    target = part.gain_db[POINTS][counts]
    peak_db = min(float(magnitude_db(wanted.magnitude).max()), 0.0)
    knots = np.append(peak_db - _KNOT_DB * np.arange(_KNOTS)[::-1], 0.0)
    knots = np.unique(np.round(knots, 2))
    bent, sloping = (np.diff(np.eye(knots.size), order, axis=0) for order in (2, 1))
    penalty = np.vstack([_SMOOTH * bent, _FLAT * sloping]) * np.sqrt(target.size)

    def level_of(of: Wanted, times: np.ndarray) -> np.ndarray:
        levels = [smoothed_level_db(row, times) for row in magnitude_db(of.magnitude)]
        return np.array(levels)[POINTS]

    def curve(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the gains at the knots and the differences."""
        level = level_of(part, times)[counts]  # below: weights of linear interpolation
        basis = np.stack([np.interp(level, knots, hat) for hat in np.eye(knots.size)], axis=1)
        gains = np.linalg.solve(basis.T @ basis + penalty.T @ penalty, basis.T @ target)
        return gains, basis @ gains - target

    low, high = np.log(np.array([[0.1, 1.0], [1e3, 5e3]]) * wanted.sample_rate / 1000)
    base = _point(start, "level", wanted.sample_rate)[2:4]
    found = [
        _least_squares(lambda times: curve(times)[1], base + shift, low, high, _SCALE[2:4])
        for shift in np.log([(1.5, 0.7), (4.0, 0.4)])
    ]
    best = min(found, key=lambda times: float(np.square(curve(times)[1]).sum()))
    gains = np.round(curve(best)[0], 3)
    attack, release = (float(time) for time in np.exp(best) * 1000 / wanted.sample_rate)
    reached = np.interp(level_of(wanted, best), knots, gains)
    return Compand(attack, release, knots, gains, wanted.error_db(reached))


def _point(settings: Mapping[str, float], family: Family, sample_rate: int) -> np.ndarray:
    """Return the point of a compressor at rest, without make-up gain."""
    at_rest = {"makeup_db": 0.0, "start_db": REST_DB[family]}
    return to_point({"knee_db": 0.0, **settings, **at_rest}, sample_rate=sample_rate)


def _edges(limits: Limits, family: Family, sample_rate: int) -> list[np.ndarray]:
    """Return the points with the lowest and the highest settings."""
    sides = [{name: ends[side] for name, ends in limits.items()} for side in (0, 1)]
    return [_point(side, family, sample_rate) for side in sides]


def _least_squares(
    differences: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    scale: np.ndarray,
) -> np.ndarray:
    inside = np.clip(start, low + 1e-6, high - 1e-6)
    options = {"x_scale": scale, "max_nfev": 40, "ftol": 1e-5, "xtol": 1e-5}
    return least_squares(differences, inside, bounds=(low, high), **options).x
