"""Settings of other compressors, fitted to a gain curve on the loop that it was made on.

Every fit minimises the difference in dB between the wanted gain and the gain that the equations of
the other compressor give on the same loop, at every 16th sample, over the parts of the loop within
60 dB of the loudest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import OptimizeResult, least_squares

from siamese_drc.export.equations import chain_gain_db, smoothed_level_db
from siamese_drc.solver.gain_model import model_gain_db

EVERY = 16  # samples between two points of the gain curves that are compared
LONGEST_S = 8.0  # length of the part to which settings are fitted; the error is of the whole
HEARD_DB = -60.0  # quietest point that counts, relative to the loudest
_SETTLED_S = 0.5  # at the start of a part from the middle of the loop; not counted
_STEP = 1e-3  # of the numerical derivatives
_KNOT_DB, _KNOTS = 3.0, 15  # distance and number of the points of compand's curve
_SMOOTH, _FLAT = 3e-3, 3e-4  # weights that decide where no sound does: a straight, a flat curve
_EXACT_DB = 1e-3  # error at which there is nothing left to fit
_ENOUGH_DB = 0.02  # error of one compressor at which a second one in series is not tried
_SCALE = np.array([0.5, 0.5, 3.0, 0.1, 5.0])  # of the coordinates of `Limits.box`


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

    def louder(self, boost_db: float) -> Wanted:
        """Return the same gain on a louder loop."""
        return self._replace(magnitude=self.magnitude * 10 ** (boost_db / 20))

    def error_db(self, gain_db: np.ndarray) -> float:
        """Return the root mean square of the difference of a gain at these points, dB."""
        return float(np.sqrt(np.mean(np.square((gain_db - self.points())[self.heard()]))))

    def loudest_part(self) -> tuple[Wanted, int]:
        """Return the part for a fit, and how many of its first points do not count."""
        longest = round(LONGEST_S * self.sample_rate)
        samples = self.magnitude.shape[1]
        if samples <= longest:
            return self, 0
        energy = np.cumsum(np.square(self.magnitude).sum(axis=0))
        start = int(np.argmax(energy[longest:] - energy[:-longest]))
        part = slice(start, start + longest)
        settling = round(_SETTLED_S * self.sample_rate) // EVERY if start else 0
        return self._replace(magnitude=self.magnitude[:, part], gain_db=self.gain_db[:, part]), (
            settling
        )


@dataclass(frozen=True)
class Limits:
    """Ranges of a compressor's settings; times are time constants."""

    threshold_db: tuple[float, float]
    ratio: float
    attack_ms: tuple[float, float]
    release_ms: tuple[float, float]
    knee_db: float = 0.0

    def box(self, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the limits of a stage: log attack, log release (samples), threshold, slope, knee.

        The slope is 1 - 1/ratio.
        """
        per_ms = sample_rate / 1000
        ends = zip(self.attack_ms, self.release_ms, self.threshold_db, strict=True)
        (a, b, c), (d, e, f) = ([np.log(x * per_ms), np.log(y * per_ms), z] for x, y, z in ends)
        slope = 1 - 1 / self.ratio
        return np.array([a, b, c, 0.0, 0.0]), np.array([d, e, f, slope, self.knee_db])


@dataclass(frozen=True)
class Stage:
    """Settings of one compressor; times are time constants."""

    threshold_db: float
    ratio: float
    attack_ms: float
    release_ms: float
    knee_db: float = 0.0

    def row(self, sample_rate: int) -> np.ndarray:
        """Return the settings in the coordinates of `Limits.box`."""
        times = np.log(np.array([self.attack_ms, self.release_ms]) * sample_rate / 1000)
        return np.array([*times, self.threshold_db, 1 - 1 / self.ratio, self.knee_db])

    @classmethod
    def of_row(cls, row: np.ndarray, sample_rate: int) -> Stage:
        """Return the settings at a point of `Limits.box`."""
        attack, release = (float(time) for time in np.exp(row[:2]) * 1000 / sample_rate)
        slope, knee = float(row[3]), float(row[4])
        return cls(float(row[2]), 1 / (1 - slope), attack, release, knee)


class Fitted(NamedTuple):
    """Settings that were fitted, and what they leave."""

    stages: tuple[Stage, ...]
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


def fit_chain(
    wanted: Wanted,
    start: Stage,
    limits: Limits,
    *,
    stages: int = 1,
    squared: bool = False,
) -> Fitted:
    """Return the compressors in series, smoothing the level, whose gain is closest.

    Parameters
    ----------
    wanted : Wanted
    start : Stage
        Settings of a compressor that smooths the gain reduction, near which the search begins.
    limits : Limits
        Of each stage.
    stages : int, 1 or 2
    squared : bool
        As for `chain_gain_db`.
    """
    part, skipped = wanted.loudest_part()
    rate = wanted.sample_rate
    counts = part.heard()
    counts[:, :skipped] = False
    target = part.points()[counts]
    free = np.array([True, True, True, True, limits.knee_db > 0])
    low, high = (edge[free] for edge in limits.box(rate))

    def rows(points: np.ndarray) -> np.ndarray:
        """Return stages in the coordinates of `Limits.box`, shape (n, stages, 5)."""
        full = np.zeros((len(points), points.shape[1] // free.sum(), free.size))
        full[..., free] = points.reshape(*full.shape[:2], -1)
        return full

    def differences(points: np.ndarray) -> np.ndarray:
        """Return them less their mean, which the make-up gain takes away, shape (n, points)."""
        gain = _of_rows(part.magnitude, rows(points), squared, EVERY)
        apart = gain[:, counts] - target
        return apart - apart.mean(axis=1, keepdims=True)

    def search(starts: np.ndarray, tries: int) -> OptimizeResult:
        repeats = starts.shape[1] // low.size
        lower, upper, scale = (np.tile(row, repeats) for row in (low, high, _SCALE[free]))
        inside = np.clip(starts, lower + 1e-6, upper - 1e-6)
        order = np.square(differences(inside)).sum(axis=1).argsort()[:tries]
        fits = [_least_squares(differences, inside[n], lower, upper, scale) for n in order]
        return min(fits, key=lambda fit: fit.cost)

    base = start.row(rate)
    first = search(
        np.array(
            [
                (base + np.array([np.log(a), np.log(r), shift, 0.0, knee]))[free]
                for a in (0.5, 1.0, 2.5, 6.0)
                for r in (0.3, 0.6, 1.0)
                for shift in (-6.0, -2.0, 0.0)
                for knee in ((1.0, 9.0) if limits.knee_db else (0.0,))
            ]
        ),
        tries=2,
    )
    best = first.x
    if stages == 2 and 2 * first.cost > _ENOUGH_DB**2 * target.size:
        one, two = best.copy(), best.copy()
        one[:2] += np.log([0.65, 1.4])
        two[:2] += np.log([1.8, 1.1])
        one[3], two[3] = 0.65 * best[3], 0.75 * best[3]
        best = search(np.concatenate([one, two])[None], tries=1).x
    found = rows(best[None])
    gain = _of_rows(wanted.magnitude, found, squared, 1)[0][:, EVERY - 1 :: EVERY]
    makeup = float((wanted.points() - gain)[wanted.heard()].mean())
    return Fitted(
        tuple(Stage.of_row(row, rate) for row in found[0]),
        makeup,
        wanted.error_db(gain + makeup),
    )


def fit_compand(wanted: Wanted, start: Stage) -> Compand:
    """Return the times and the curve of compand whose gain is closest.

    Under given times, the gains at the points of the curve follow from linear least squares.
    """
    part, skipped = wanted.loudest_part()
    rate = wanted.sample_rate
    counts = part.heard()
    counts[:, :skipped] = False
    target = part.points()[counts]
    peak_db = 20 * np.log10(max(float(wanted.magnitude.max()), 1e-6))
    knots = np.append(np.minimum(peak_db, 0.0) - _KNOT_DB * np.arange(_KNOTS)[::-1], 0.0)
    knots = np.unique(np.round(knots, 2))
    penalty = np.vstack(
        [
            _SMOOTH * np.diff(np.eye(knots.size), 2, axis=0),
            _FLAT * np.diff(np.eye(knots.size), axis=0),
        ]
    ) * np.sqrt(target.size)

    def curve(point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the gains at the knots and the differences."""
        level = np.concatenate(
            [
                smoothed_level_db(row, *_steps(point), every=EVERY)[of_row]
                for row, of_row in zip(part.magnitude, counts, strict=True)
            ]
        )
        basis = _hats(level, knots)
        gains = np.linalg.solve(basis.T @ basis + penalty.T @ penalty, basis.T @ target)
        return gains, basis @ gains - target

    low, high = np.log(np.array([[0.1, 1.0], [1e3, 5e3]]) * rate / 1000)
    base = start.row(rate)[:2]
    fits = [
        _least_squares(
            lambda points: np.array([curve(point)[1] for point in points]),
            np.clip(base + np.log(factors), low + 1e-6, high - 1e-6),
            low,
            high,
            _SCALE[:2],
        )
        for factors in ((1.5, 0.7), (4.0, 0.4))
    ]
    best = min(fits, key=lambda fit: fit.cost).x
    gains = np.round(curve(best)[0], 3)
    attack, release = (float(time) for time in np.exp(best) * 1000 / rate)
    level = [smoothed_level_db(row, *_steps(best))[EVERY - 1 :: EVERY] for row in wanted.magnitude]
    reached = np.array([np.interp(row, knots, gains) for row in level])
    return Compand(attack, release, knots, gains, wanted.error_db(reached))


def fit_branching(wanted: Wanted, start: Stage, limits: Limits) -> Fitted:
    """Return settings of a compressor with this project's equations and other limits.

    Where the gain was made by these equations within the limits, these are its settings.
    """
    part, skipped = wanted.loudest_part()
    rate = wanted.sample_rate
    counts = part.heard()
    counts[:, :skipped] = False
    target = part.points()[counts]

    def gain_at(point: np.ndarray, levels: list[np.ndarray]) -> np.ndarray:
        log_attack, log_release, threshold, slope = point
        unknowns = np.array([threshold, slope, log_attack, log_release, 0.0, 0.0, 0.0])
        gains = [model_gain_db(level, unknowns) for level in levels]
        return np.array(gains)[:, EVERY - 1 :: EVERY]

    parts = [_level_db(row) for row in part.magnitude]

    def differences(points: np.ndarray) -> np.ndarray:
        apart = np.array([gain_at(point, parts)[counts] for point in points]) - target
        return apart - apart.mean(axis=1, keepdims=True)

    low, high = (edge[:4] for edge in limits.box(rate))
    point = np.clip(start.row(rate)[:4], low, high)
    if np.sqrt(np.mean(np.square(differences(point[None])))) > _EXACT_DB:
        point = np.clip(point, low + 1e-6, high - 1e-6)
        point = _least_squares(differences, point, low, high, _SCALE[:4]).x
    gain = gain_at(point, [_level_db(row) for row in wanted.magnitude])
    makeup = float((wanted.points() - gain)[wanted.heard()].mean())
    stage = Stage.of_row(np.append(point, 0.0), rate)
    return Fitted((stage,), makeup, wanted.error_db(gain + makeup))


def _least_squares(
    differences: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    scale: np.ndarray,
) -> OptimizeResult:
    """Return scipy's result; the points of a numerical derivative are computed together."""

    def jacobian(point: np.ndarray) -> np.ndarray:
        steps = np.where(point + _STEP <= high, _STEP, -_STEP)
        nearby = differences(np.vstack([point, point + np.diag(steps)]))
        return ((nearby[1:] - nearby[0]) / steps[:, None]).T

    return least_squares(
        lambda point: differences(point[None])[0],
        start,
        jacobian,
        bounds=(low, high),
        x_scale=scale,
        max_nfev=40,
        ftol=1e-5,
        xtol=1e-5,
    )


def _of_rows(magnitude: np.ndarray, rows: np.ndarray, squared: bool, every: int) -> np.ndarray:
    """Return the gain of chains, shape (n, gains, points); the settings are as in `Limits.box`."""
    stages = rows.copy()
    stages[..., :2] = _steps(rows[..., :2])
    gains = [chain_gain_db(row, stages, squared=squared, every=every) for row in magnitude]
    return np.stack(gains, axis=1)


def _steps(log_samples: np.ndarray) -> np.ndarray:
    """Return 1 - a of time constants, given as logarithms of samples."""
    return -np.expm1(-np.exp(-log_samples))


def _level_db(magnitude: np.ndarray) -> np.ndarray:
    return 20 * np.log10(np.maximum(magnitude, 1e-6))


def _hats(level: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Return the weights of linear interpolation between knots, shape (levels, knots)."""
    clipped = np.clip(level, knots[0], knots[-1])
    left = np.clip(np.searchsorted(knots, clipped, side="right") - 1, 0, knots.size - 2)
    share = (clipped - knots[left]) / (knots[left + 1] - knots[left])
    weights = np.zeros((level.size, knots.size))
    rows = np.arange(level.size)
    weights[rows, left], weights[rows, left + 1] = 1 - share, share
    return weights
