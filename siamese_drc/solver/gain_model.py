"""Gain of a compressor, with its derivatives, for several designs of the compressor.

Let x_L be the overshoot of a level over the threshold (eq. 4), a_A and a_R the coefficients of
attack and release (eq. 7), and y_L the gain reduction (dB) for an infinite ratio. Two families
smooth the overshoot, two smooth the level and compute the overshoot from the smoothed level:

- "branching": y_L[n] = a y_L[n-1] + (1 - a) x_L[n], where a = a_A if x_L[n] > y_L[n-1], else a_R
  (eq. 16).
- "decoupled": y_1[n] = max(x_L[n], a_R y_1[n-1] + (1 - a_R) x_L[n]),
  y_L[n] = a_A y_L[n-1] + (1 - a_A) y_1[n] (eq. 17).
- "level": e[n] = a e[n-1] + (1 - a) |x[n]|, where a = a_A if |x[n]| > e[n-1], else a_R; y_L is the
  overshoot of 20 log10 e[n]. FFmpeg's acompressor (peak detection) and compand, sox's compand,
  JUCE's compressor.
- "power": the same of x[n]^2 and 10 log10 e[n]. FFmpeg's acompressor (RMS detection).

The gain is the make-up gain minus (1 - 1/ratio) y_L. One compiled pass runs a recursion over a
signal, compares it with a measured gain, and accumulates the normal equations with exact
derivatives in all unknowns. Equation numbers are those of Giannoulis, Massberg and Reiss (2012).

A *point* is an array of the unknowns in the coordinates of the fit, shape (7,): threshold (dBFS),
slope 1 - 1/ratio, natural logarithms of attack and release in samples, make-up gain (dB), state
before the first sample (dB above the threshold: y_L, or the smoothed level), and knee width (dB).
In the kernels, a family is its place in `FAMILIES`, and `drive` is what `drive_of` returns.
"""

from __future__ import annotations

from math import exp, expm1, log
from typing import Literal, get_args

import numpy as np
from numba import njit

Family = Literal["branching", "decoupled", "level", "power"]
FAMILIES = get_args(Family)

# Numba's cache of compiled code is keyed by this file alone: a kernel uses only what stands here.
FRAME = 64  # samples whose derivatives are held at a time
CLUSTER = 32  # frames whose moments are summed: 46 ms at 44.1 kHz
COUNT = 7  # unknowns
_STATES = (2, 6)
_NEPER_PER_DB = np.log(10) / 20


@njit(cache=True)
def _steps(point):
    """Return 1 - a of eq. 7 for attack and release, and their derivatives by the logarithms."""
    attack_rate, release_rate = exp(-point[2]), exp(-point[3])
    attack, release = -expm1(-attack_rate), -expm1(-release_rate)
    return attack, release, -attack_rate * (1 - attack), -release_rate * (1 - release)


@njit(cache=True)
def _overshoot(excess, knee, per_knee):
    """Return eq. 4 of a level minus the threshold, and its derivatives by both and by the knee."""
    above = max(excess + 0.5 * knee, 0.0)
    inside = min(above, knee)
    share = inside * per_knee
    by_level = (1.0 if above > 0.0 else 0.0) if above >= knee else share
    return 0.5 * inside * share + (above - inside), by_level, 0.5 * share * (1.0 - share)


@njit(cache=True)
def _moved(y, x, step, by_attack, by_release):
    """Return y + step (x - y), with its derivatives; y and x are as in `_follow`."""
    stay = 1.0 - step
    return (
        stay * y[0] + step * x[0],
        stay * y[1] + step * x[1],
        stay * y[2] + step * x[2] + by_attack,
        stay * y[3] + step * x[3] + by_release,
        stay * y[4] + step * x[4],
        stay * y[5] + step * x[5],
    )


@njit(cache=True)
def _decibels(family):
    """Return the level of a factor e of what the recursion of a family reads."""
    return (20 if family == 2 else 10) / log(10)


@njit(cache=True)
def _begin(family, point, state):
    """Fill the state before the first sample."""
    state[:] = 0.0
    if family < 2:
        state[:, 0], state[:, 4] = point[5], 1.0
    else:
        decibels = _decibels(family)
        state[1, 0] = exp((point[0] + point[5]) / decibels)
        state[1, 1] = state[1, 4] = state[1, 0] / decibels


@njit(cache=True)
def _follow(family, drive, point, state, gain, by):
    """Run the recursion over one frame, and its derivatives.

    A quantity is a tuple: its value, and its derivatives by threshold, log attack, log release,
    start state and knee width. `state` holds y_1, and y_L or the smoothed level, from one frame to
    the next. `gain`, shape (FRAME,), is filled with the gain, dB, make-up included; `by`, shape
    (COUNT, FRAME), with its derivatives, but for constant factors: those of y_L, and y_L itself for
    the slope. That by the make-up gain is 1 and stays.
    """
    threshold, slope, makeup, knee = point[0], point[1], point[4], point[6]
    attack, release, attack_by_log, release_by_log = _steps(point)
    per_knee = 1 / knee if knee > 0.0 else 0.0
    decibels = _decibels(family)
    lowest = exp((threshold - 0.5 * knee) / decibels)
    peak = (state[0, 0], state[0, 1], state[0, 2], state[0, 3], state[0, 4], state[0, 5])
    last = (state[1, 0], state[1, 1], state[1, 2], state[1, 3], state[1, 4], state[1, 5])
    for k in range(drive.size):
        if family < 2:
            overshoot, by_level, by_knee = _overshoot(drive[k] - threshold, knee, per_knee)
            x = (overshoot, -by_level, 0.0, 0.0, 0.0, by_knee)
        else:
            x = (drive[k], 0.0, 0.0, 0.0, 0.0, 0.0)
        if family == 1:  # eq. 17
            fall = release_by_log * (x[0] - peak[0])
            peak = x if x[0] >= peak[0] else _moved(peak, x, release, 0.0, fall)
            last = _moved(last, peak, attack, attack_by_log * (peak[0] - last[0]), 0.0)
        else:  # eq. 16
            error = x[0] - last[0]
            rising = error > 0.0
            by_attack = attack_by_log * error if rising else 0.0
            by_release = 0.0 if rising else release_by_log * error
            last = _moved(last, x, attack if rising else release, by_attack, by_release)
        y = last
        if family >= 2:
            y = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
            if last[0] > lowest:
                excess = decibels * log(last[0]) - threshold
                overshoot, by_level, by_knee = _overshoot(excess, knee, per_knee)
                per = by_level * decibels / last[0]
                by_threshold = per * last[1] - by_level
                y = (overshoot, by_threshold, per * last[2], per * last[3], per * last[4], by_knee)
        gain[k] = makeup - slope * y[0]
        by[0, k], by[1, k], by[2, k] = y[1], y[0], y[2]
        by[3, k], by[5, k], by[6, k] = y[3], y[4], y[5]
    for n in range(6):
        state[0, n], state[1, n] = peak[n], last[n]


@njit(cache=True, nogil=True)
def linearise(family, drive, measured, weight, decibels, point, free, products, moments):
    """Return the sum of weighted squares of the measured gain minus that at a point.

    `measured`, `weight` and `decibels` are those of `fit_gain`. `free` are the indices of the free
    unknowns, `products` and `moments` are filled with the normal equations of `GainFit`.
    """
    count = free.size
    state, gain, by = np.empty(_STATES), np.empty(FRAME), np.zeros((COUNT, FRAME))
    by[4] = 1.0  # the make-up gain
    _begin(family, point, state)
    sums, lanes = np.zeros((count, count, FRAME)), np.zeros((count, FRAME))
    known, along, costs = np.zeros(FRAME), np.zeros(FRAME), np.zeros(FRAME)
    weighted, factors = np.empty(FRAME), np.full(COUNT, -point[1])
    factors[1], factors[4] = -1.0, 1.0  # the others scale y_L by minus the slope
    moments[:] = 0.0
    for frame in range((drive.size + FRAME - 1) // FRAME):
        first = frame * FRAME
        part = drive[first : first + FRAME]
        size = part.size
        _follow(family, part, point, state, gain, by)
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
            costs[k] += trust * difference * difference
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
        if (frame + 1) % CLUSTER == 0 or first + size == drive.size:
            for i in range(count):
                moments[frame // CLUSTER, i] = factors[free[i]] * lanes[i].sum()
            lanes[:] = 0.0
    for i in range(count):
        for j in range(i + 1):
            factor = factors[free[i]] * factors[free[j]]
            products[i, j] = products[j, i] = factor * sums[i, j].sum()
    return costs.sum()


@njit(cache=True, nogil=True)
def _gain_db(family, drive, point, state):
    gain, by = np.empty(drive.size), np.empty((COUNT, FRAME))
    for first in range(0, drive.size, FRAME):
        part = slice(first, min(first + FRAME, drive.size))
        _follow(family, drive[part], point, state, gain[part], by)
    return gain


def drive_of(level: np.ndarray, family: Family) -> np.ndarray:
    """Return what the recursion of a family reads, of a level in dBFS: that, |x|, or x^2."""
    if family in ("branching", "decoupled"):
        return level
    return np.exp(level * (_NEPER_PER_DB * (1 if family == "level" else 2)))


class RunningGain:
    """The gain at a point, block by block; the result does not depend on how a signal is cut."""

    def __init__(self, point: np.ndarray, family: Family = "branching") -> None:
        self._point, self._family = point, family
        self._number, self._state = FAMILIES.index(family), np.empty(_STATES)
        _begin(self._number, point, self._state)

    def of(self, level: np.ndarray) -> np.ndarray:
        """Return the gain, make-up included, dB, of the next samples' level, shape (samples,)."""
        return _gain_db(self._number, drive_of(level, self._family), self._point, self._state)


def model_gain_db(level: np.ndarray, point: np.ndarray, family: Family = "branching") -> np.ndarray:
    """Return the gain at a point, make-up included, dB, of a level in dBFS, shape (samples,)."""
    return RunningGain(point, family).of(level)
