"""Passes of the compressor's recursion over a whole loop, compiled: many settings, or derivatives.

`level` is the dry loop's in dBFS, shape (samples,), float64. What is smoothed is the overshoot over
the threshold (eq. 4 and 16 of Giannoulis, Massberg and Reiss 2012); the gain reduction in dB is
1 - 1/ratio times the result.
"""

from __future__ import annotations

from math import exp, expm1

import numpy as np
from numba import njit

FRAME = 64  # samples; what is summed up over a frame stays in the first-level cache
LANES = 32
PARAMETERS = 5  # threshold, slope, logarithms of attack and release, make-up gain
_NEPER_PER_DB = np.log(10) / 20


@njit(cache=True)
def mean_overshoot(level, power, threshold, attack, release, means):
    """Smooth the overshoot under many settings and take its mean over each frame.

    Parameters
    ----------
    power : ndarray, shape (samples,), float64
        How much a sample counts in the mean of its frame.
    threshold, attack, release : ndarray, shape (LANES,), float64
        Threshold in dBFS, steps 1 - exp(-1 / (tau fs)) of the smoother.
    means : ndarray, shape (frames, LANES), float64, dB
        The result; frames beyond the last whole one are left out, and 0 where nothing counts.
    """
    state = np.zeros(LANES)
    total = np.empty(LANES)
    for frame in range(means.shape[0]):
        total[:] = 0.0
        counted = 1e-300
        for n in range(frame * FRAME, (frame + 1) * FRAME):
            counted += power[n]
            for lane in range(LANES):
                overshoot = max(level[n] - threshold[lane], 0.0)
                last = state[lane]
                if_rising, if_falling = attack[lane], release[lane]
                step = if_rising if overshoot > last else if_falling
                last += step * (overshoot - last)
                state[lane] = last
                total[lane] += power[n] * last
        for lane in range(LANES):
            means[frame, lane] = total[lane] / counted


@njit(cache=True)
def linearise(level, dry, reference, weight, at, energy, moments, products):
    """Compress under one setting, compare with the reference and linearise the difference.

    Parameters
    ----------
    dry, reference : ndarray, shape (bands, samples), float32 or float64
        What is compared, band by band; 0 in both where a sample does not count.
    weight : ndarray, shape (bands, frames), float64
        Reciprocal of the variance of the difference in a frame.
    at : ndarray, shape (PARAMETERS,), float64
        Threshold (dBFS), slope (1 - 1/ratio), natural logarithms of attack and release in samples,
        make-up gain (dB).
    energy : ndarray, shape (bands, frames)
        Filled with the sum of the squared differences of each frame.
    moments, products : ndarray, shape (frames, PARAMETERS) and (PARAMETERS, PARAMETERS)
        Filled with the weighted normal equations: the right-hand side by frames, and the matrix.

    Returns
    -------
    float
        Weighted sum of the squared differences.
    """
    threshold, slope = at[0], at[1]
    attack_rate, release_rate = exp(-at[2]), exp(-at[3])
    attack, release = -expm1(-attack_rate), -expm1(-release_rate)
    # Derivatives of the steps by the logarithms of the time constants
    attack_by_log, release_by_log = -attack_rate * (1 - attack), -release_rate * (1 - release)
    loudness = exp(_NEPER_PER_DB * at[4])
    products[:] = 0.0
    by = np.empty((PARAMETERS, FRAME))
    gain, along, squared = np.empty(FRAME), np.empty(FRAME), np.empty(FRAME)
    last = by_threshold = by_attack = by_release = cost = 0.0
    for frame in range(weight.shape[1]):
        start = frame * FRAME
        for k in range(FRAME):
            above = level[start + k] - threshold
            overshoot = max(above, 0.0)
            error = overshoot - last
            rising = error > 0.0
            step = attack if rising else release
            by_threshold -= step * ((1.0 if above > 0.0 else 0.0) + by_threshold)
            by_attack += (attack_by_log * error if rising else 0.0) - step * by_attack
            by_release += (0.0 if rising else release_by_log * error) - step * by_release
            last += step * error
            by[0, k], by[1, k] = slope * by_threshold, last
            by[2, k], by[3, k] = slope * by_attack, slope * by_release
        for k in range(FRAME):
            gain[k] = loudness * exp(-_NEPER_PER_DB * slope * by[1, k])
            by[4, k] = -1.0
            along[k] = squared[k] = 0.0
        # All derivatives are the band's dry samples times the same factors.
        for band in range(weight.shape[0]):
            squares, known = 0.0, weight[band, frame]
            x, y = dry[band], reference[band]
            for k in range(FRAME):
                dry_sample = np.float64(x[start + k])
                difference = y[start + k] - gain[k] * dry_sample
                squares += difference * difference
                along[k] += known * dry_sample * difference
                squared[k] += known * dry_sample * dry_sample
            energy[band, frame] = squares
            cost += known * squares
        for i in range(PARAMETERS):
            moments[frame, i] = 0.0
        for k in range(FRAME):
            per_db = -_NEPER_PER_DB * gain[k]
            once, twice = per_db * along[k], per_db * per_db * squared[k]
            for i in range(PARAMETERS):
                moments[frame, i] += by[i, k] * once
                for j in range(i + 1):
                    products[i, j] += by[i, k] * by[j, k] * twice
    for i in range(PARAMETERS):
        for j in range(i):
            products[j, i] = products[i, j]
    return cost
