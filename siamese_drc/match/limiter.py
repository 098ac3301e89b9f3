"""A limiter after the compressor: fitted, and its gain taken out of the reference.

A limiter is itself a compressor with a high ratio and short times, of the output of the first one.
The two are fitted in turn. Where the limiter works, what can be measured of the first compressor
depends on how well the limiter is known. Its gain therefore has an error in proportion to itself,
which is large at first and becomes smaller with every turn: the parts that the limiter leaves alone
decide first.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product
from typing import NamedTuple

import numpy as np

from siamese_drc.compressor.ballistics import level_db
from siamese_drc.match.dynamics import frames
from siamese_drc.match.weighted_fit import (
    KNEE,
    NEPER_PER_DB,
    RATIO,
    TINY,
    WEIGHTINGS_TRIED,
    PairRows,
    frame_power,
)
from siamese_drc.solver.gain_fit import HIGHEST, LOWEST, UNKNOWNS, GainFit, fit_gain, to_point
from siamese_drc.solver.gain_model import COUNT, FRAME, model_gain_db

_TURNS = 20  # at most
_UNCERTAIN = 0.5  # of the limiter's gain in the first turn, as a share of it; halved in each turn
_LEAST_UNCERTAIN = 0.02
_SETTLED_DB = 0.5  # a turn that explains less than this more is the last one
_EXPLAINED_DB = 3.0  # of what the compressor alone left
_JUDGED, _JUDGED_DB = 3, 1.0  # the turn after which at least so much must be explained

_LIMITS = {"ratio": 5.0, "attack_ms": 5.0}  # lowest ratio and longest attack
_INSIDE = 0.01  # of 1 - 1/R and of the logarithm; what lies nearer to these is no limiter
_ATTACK = UNKNOWNS.index("attack_ms")
_START = {"ratio": 30.0, "attack_ms": 0.1, "makeup_db": 0.0, "start_db": 0.0, "knee_db": 0.0}
_BELOW_PEAK_DB, _RELEASES_MS = (2.0, 6.0), (30.0, 200.0)  # to start from
_PASSES, _TOLERANCE = 30, 1e-4
_NOISE, _FLOOR = 1e-3, 1e-10  # of a sample: share of its power, and power


class Delimited(NamedTuple):
    """A pair without its limiter, and what was fitted to it."""

    rows: PairRows
    fit: GainFit
    weight: np.ndarray
    limiter: np.ndarray
    """Point of the limiter, of the output of the compressor in the pair's own level."""


def without_limiter(
    loop: np.ndarray, rows: PairRows, fit: GainFit, limiter: np.ndarray | None = None
) -> Delimited | None:
    """Return a pair without the gain of a limiter after its compressor.

    Parameters
    ----------
    loop : ndarray, shape (channels, samples), float32
        The whole loop, of which `rows.dry` is the part that is to be used.
    rows : PairRows
        The pair as it is.
    fit : GainFit
        Of the pair with the compressor alone.
    limiter : ndarray, optional
        The limiter that was found in a part of the pair.

    Returns
    -------
    Delimited or None
        None where a limiter does not explain what the compressor leaves, or only one that is hardly
        a limiter does.
    """
    uncertain = _UNCERTAIN if limiter is None else _LEAST_UNCERTAIN
    first_db = left_db = _left_db(rows, fit)
    point = fit.point.copy()
    point[KNEE] = 0.0
    for turn in range(1, _TURNS + 1):
        output = replace(rows, dry=loop).fitted(point)
        level = level_db(np.abs(output).max(axis=0).astype(np.float32))
        limiter = _fitted(output, level, rows, limiter)
        gain = NEPER_PER_DB * model_gain_db(level, limiter)
        noise = uncertain**2 * np.square(frames(gain, FRAME)).mean(axis=-1)
        alone = replace(rows, wet=(rows.wet / np.exp(gain)).astype(np.float32), noise=noise)
        found = Delimited(alone, *alone.weighted(point, None, WEIGHTINGS_TRIED), limiter)
        point, before_db, left_db = found.fit.point, left_db, _left_db(alone, found.fit)
        if turn == _JUDGED and first_db - left_db < _JUDGED_DB:
            break
        if uncertain == _LEAST_UNCERTAIN and before_db - left_db < _SETTLED_DB:
            break
        uncertain = max(uncertain / 2, _LEAST_UNCERTAIN)
    lowest, longest = to_point(_LIMITS, sample_rate=rows.sample_rate)[[RATIO, _ATTACK]]
    limits = found.limiter[RATIO] > lowest + _INSIDE and found.limiter[_ATTACK] < longest - _INSIDE
    return found if limits and first_db - left_db >= _EXPLAINED_DB else None


def _fitted(
    output: np.ndarray, level: np.ndarray, rows: PairRows, start: np.ndarray | None
) -> np.ndarray:
    """Return the point of the limiter that explains a pair best, of the compressor's output."""
    weight = (rows.wet != 0) / (_NOISE * np.square(rows.wet, dtype=float) + _FLOOR)
    squares = (weight * np.square(output)).sum(axis=0)
    products = (weight * output * rows.wet).sum(axis=0)
    gain = np.divide(products, squares, out=np.zeros_like(squares), where=squares > TINY)
    to_this_rate = partial(to_point, sample_rate=rows.sample_rate)
    starts = [start]
    if start is None:
        starts = [
            to_this_rate({"threshold_db": level.max() - below, "release_ms": release, **_START})
            for below, release in product(_BELOW_PEAK_DB, _RELEASES_MS)
        ]
    low, high, ends = LOWEST.copy(), HIGHEST.copy(), to_this_rate(_LIMITS)
    low[RATIO], high[_ATTACK] = ends[RATIO], ends[_ATTACK]
    fit = partial(
        fit_gain,
        *(level, gain, squares),
        decibels=False,
        bounds=(low, high),
        tolerance=_TOLERANCE,
        passes=_PASSES,
    )
    return min(map(fit, starts), key=lambda each: each.cost).point[:COUNT]


def _left_db(rows: PairRows, fit: GainFit) -> float:
    """Return what a fit leaves of the reference's power."""
    power = max(float(frame_power(rows.wet).sum()), TINY)
    return 10 * np.log10(max(float(rows.left(fit.point).sum()) / power, TINY))
