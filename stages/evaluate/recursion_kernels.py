"""Passes over the gain reduction of one clip, compiled: two regressions and one linearisation.

`level` is in dBFS, `gain` is the gain reduction in dB, `weight` the reciprocal of its variance, 0
where it is not known; all have the shape (samples,) and are float64.
"""

from __future__ import annotations

from math import exp, expm1

import numpy as np
from numba import njit

_SIGNIFICANT = 25.0  # squared standard deviations by which the gain must rise to count as rising


@njit(cache=True)
def rising_increments(level, gain, weight):
    """Return the normal equations of the attack: increments of the gain on level, 1 and gain.

    Returns
    -------
    products, shape (3, 3), and moments, shape (3,)
    """
    products, moments, term = np.zeros((3, 3)), np.zeros(3), np.ones(3)
    for n in range(1, level.size):
        if weight[n] > 0.0 and weight[n - 1] > 0.0:
            increment = gain[n] - gain[n - 1]
            known = 1.0 / (1.0 / weight[n] + 1.0 / weight[n - 1])
            if increment > 0.0 and known * increment * increment > _SIGNIFICANT:
                term[0], term[2] = level[n], gain[n - 1]
                for i in range(3):
                    moments[i] += known * term[i] * increment
                    for j in range(3):
                        products[i, j] += known * term[i] * term[j]
    return products, moments


@njit(cache=True)
def falling_share(level, gain, weight, threshold):
    """Return by what share of itself the gain falls per sample while the level is below threshold.

    0 where no sample tells.
    """
    fallen = total = 0.0
    for n in range(1, level.size):
        if level[n] < threshold and weight[n] > 0.0 and weight[n - 1] > 0.0:
            known = 1.0 / (1.0 / weight[n] + 1.0 / weight[n - 1])
            fallen += known * gain[n - 1] * (gain[n - 1] - gain[n])
            total += known * gain[n - 1] * gain[n - 1]
    return fallen / total if total > 0.0 else 0.0


@njit(cache=True)
def linearise(level, gain, weight, parameters, products, moments):
    """Run the recursion and linearise it about the given parameters.

    Parameters
    ----------
    parameters : ndarray, shape (4,)
        Threshold (dBFS), slope (1 - 1/ratio), and the natural logarithms of attack and release,
        both in samples.
    products, moments : ndarray, shape (4, 4) and (4,)
        Filled with the normal equations of the residuals in the parameters.

    Returns
    -------
    float
        Weighted sum of the squared residuals.
    """
    threshold, slope, log_attack, log_release = parameters
    attack_rate, release_rate = exp(-log_attack), exp(-log_release)
    attack, release = -expm1(-attack_rate), -expm1(-release_rate)
    # Derivatives of the steps by the logarithms of the time constants
    attack_by_log, release_by_log = -attack_rate * (1 - attack), -release_rate * (1 - release)
    products[:], moments[:] = 0.0, 0.0
    by = np.empty(4)
    last = by_threshold = by_attack = by_release = cost = 0.0
    for n in range(level.size):
        above = level[n] - threshold
        overshoot = above if above > 0.0 else 0.0
        overshoot_by_threshold = -1.0 if above > 0.0 else 0.0
        error = overshoot - last
        if error > 0.0:
            by_threshold += attack * (overshoot_by_threshold - by_threshold)
            by_attack += attack_by_log * error - attack * by_attack
            by_release -= attack * by_release
            last += attack * error
        else:
            by_threshold += release * (overshoot_by_threshold - by_threshold)
            by_attack -= release * by_attack
            by_release += release_by_log * error - release * by_release
            last += release * error
        if weight[n] > 0.0:
            residual = gain[n] - slope * last
            by[0], by[1] = slope * by_threshold, last
            by[2], by[3] = slope * by_attack, slope * by_release
            for i in range(4):
                weighted = weight[n] * by[i]
                moments[i] += weighted * residual
                for j in range(i + 1):
                    products[i, j] += weighted * by[j]
            cost += weight[n] * residual * residual
    for i in range(4):
        for j in range(i):
            products[j, i] = products[i, j]
    return cost
