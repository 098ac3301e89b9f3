"""A limiter after the compressor: fitted, and its gain taken out of the reference.

A limiter is itself a compressor with a high ratio and short times, of the output of the first one.
The two are fitted in turn. Where the limiter works, what can be measured of the first compressor
depends on how well the limiter is known. Its gain therefore has an error in proportion to itself,
which is large at first and becomes smaller with every turn: the parts that the limiter leaves alone
decide first. A limiter that looks ahead is modelled as one that hears
the highest level of the next milliseconds.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from siamese_drc.compressor.ballistics import level_db
from siamese_drc.match.dynamics import frames
from siamese_drc.match.weighted_fit import (
    NEPER_PER_DB,
    RATIO,
    TINY,
    WEIGHTINGS_TRIED,
    PairRows,
    frame_power,
    with_knee,
)
from siamese_drc.solver.gain_fit import HIGHEST, LOWEST, UNKNOWNS, GainFit, fit_gain, to_point
from siamese_drc.solver.gain_model import COUNT, FRAME, model_gain_db

_TURNS = 20  # at most
_UNCERTAIN = 0.5  # of the limiter's gain in the first turn, as a share of it; halved in each turn
_LEAST_UNCERTAIN = 0.02
_ACTIVE = 1e-6  # squared gain, in nepers, above which a limiter counts as active
_SETTLED_DB = 0.5  # a turn that explains less than this more is the last one
_EXPLAINED_DB = 3.0  # of what the compressor alone left
_JUDGED, _JUDGED_DB = 3, 1.0  # the turn after which at least so much must be explained

_LIMITS = {"ratio": 5.0, "attack_ms": 5.0}  # lowest ratio and longest attack
_INSIDE = 0.01  # of 1 - 1/R and of the logarithm; what lies nearer to these is no limiter
_ATTACK = UNKNOWNS.index("attack_ms")
_START = {"ratio": 30.0, "attack_ms": 0.1, "makeup_db": 0.0, "start_db": 0.0, "knee_db": 0.0}
_BELOW_PEAK_DB, _RELEASES_MS = (2.0, 6.0), (30.0, 200.0)  # to start from
_AHEAD_MS = (0.0, 1.5, 3.0, 5.0, 10.0)
_PASSES, _TOLERANCE = 30, 1e-4
_NOISE, _FLOOR = 1e-3, 1e-10  # of a sample: share of its power, and power


class Limiter(NamedTuple):
    """A limiter: its point, of the compressor's output in the pair's own level, and look-ahead.

    `ahead` is in samples; `error` is that of its gain as a share of it.
    """

    point: np.ndarray
    ahead: int
    error: float = 0.0

    def log_gain(self, level: np.ndarray) -> np.ndarray:
        """Return the natural logarithm of its gain under the level of the compressor's output."""
        return NEPER_PER_DB * model_gain_db(_ahead(level, self.ahead), self.point)


def without_limiter(
    loop: np.ndarray, rows: PairRows, fit: GainFit, limiter: Limiter | None = None
) -> tuple[PairRows, GainFit, np.ndarray, Limiter] | None:
    """Return a pair without the gain of a limiter after its compressor, its fit and its weights.

    `loop`, shape (channels, samples), is whole; of it, `rows.dry` is the part that is to be used.
    `fit` is that of the compressor alone, and `limiter` was found in a part of the pair. None where
    a limiter does not explain what the compressor leaves, or only one that is hardly a limiter
    does.
    """
    uncertain = _UNCERTAIN if limiter is None else _LEAST_UNCERTAIN
    first_db = left_db = _left_db(rows, fit)
    point = with_knee(fit.point, 0.0)
    for turn in range(1, _TURNS + 1):
        output = replace(rows, dry=loop).fitted(point)
        level = level_db(np.abs(output).max(axis=0).astype(np.float32))
        found = limiter = _fitted(output, level, rows, limiter)
        gain = found.log_gain(level)
        square = np.square(frames(gain, FRAME)).mean(axis=-1)
        wet = (rows.wet / np.exp(gain)).astype(np.float32)
        alone = replace(rows, wet=wet, noise=uncertain**2 * square)
        fit, weight = alone.weighted(point, None, WEIGHTINGS_TRIED)
        point, before_db, left_db = fit.point, left_db, _left_db(alone, fit)
        if turn == _JUDGED and first_db - left_db < _JUDGED_DB:
            break
        if uncertain == _LEAST_UNCERTAIN and before_db - left_db < _SETTLED_DB:
            break
        uncertain = max(uncertain / 2, _LEAST_UNCERTAIN)
    lowest, longest = to_point(_LIMITS, sample_rate=rows.sample_rate)[[RATIO, _ATTACK]]
    ratio, attack = found.point[[RATIO, _ATTACK]]
    limits = ratio > lowest + _INSIDE and attack < longest - _INSIDE
    if not limits or first_db - left_db < _EXPLAINED_DB:
        return None
    return alone, fit, weight, found._replace(error=_error(alone, point, square))


def _error(rows: PairRows, point: np.ndarray, square: np.ndarray) -> float:
    """Return the error of a limiter's gain as a share of it, from what is left where it is active.

    `square`, shape (frames,), is the square of that gain in nepers.
    """
    left = rows.left(point)[:, square > _ACTIVE].sum()
    return float(np.sqrt(left / max((frame_power(rows.wet) * square).sum(), TINY)))


def _ahead(level: np.ndarray, samples: int) -> np.ndarray:
    """Return the highest level of each sample and of so many after it."""
    if not samples:
        return level
    from scipy.ndimage import maximum_filter1d

    size = samples + 1
    return maximum_filter1d(level, size, origin=-(size // 2), mode="nearest")


def _fitted(
    output: np.ndarray, level: np.ndarray, rows: PairRows, start: Limiter | None
) -> Limiter:
    """Return the limiter that explains a pair best, of the compressor's output."""
    weight = (rows.wet != 0) / (_NOISE * np.square(rows.wet, dtype=float) + _FLOOR)
    squares = (weight * np.square(output)).sum(axis=0)
    products = (weight * output * rows.wet).sum(axis=0)
    gain = np.divide(products, squares, out=np.zeros_like(squares), where=squares > TINY)
    to_this_rate = partial(to_point, sample_rate=rows.sample_rate)
    if start is None:
        points = [
            to_this_rate({"threshold_db": level.max() - below, "release_ms": release, **_START})
            for below, release in product(_BELOW_PEAK_DB, _RELEASES_MS)
        ]
    else:
        points = [start.point]
    low, high, ends = LOWEST.copy(), HIGHEST.copy(), to_this_rate(_LIMITS)
    low[RATIO], high[_ATTACK] = ends[RATIO], ends[_ATTACK]
    fit_from = partial(
        fit_gain, decibels=False, bounds=(low, high), tolerance=_TOLERANCE, passes=_PASSES
    )
    tried = []
    for ahead in [round(1e-3 * ms * rows.sample_rate) for ms in _AHEAD_MS]:
        heard = _ahead(level, ahead)
        found = [fit_from(heard, gain, squares, point) for point in points]
        best = min(found, key=attrgetter("cost"))
        tried.append((best, ahead))
        points = [best.point]
    best, ahead = min(tried, key=lambda one: one[0].cost)
    return Limiter(best.point[:COUNT], ahead)


def _left_db(rows: PairRows, fit: GainFit) -> float:
    """Return what a fit leaves of the reference's power."""
    power = max(float(frame_power(rows.wet).sum()), TINY)
    return 10 * np.log10(max(float(rows.left(fit.point).sum()) / power, TINY))
