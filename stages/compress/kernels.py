"""The compressor's inner loops, compiled: many settings side by side in the lanes of the processor.

Arithmetic is strict IEEE (no fastmath, no fused multiply-add), so that a lane's result does not
depend on what stands in the lanes beside it. The recursion is in float64: where the release is
long, one step of the smoother is smaller than the spacing of float32 numbers.

Equations are those of Giannoulis, Massberg and Reiss (2012). What is smoothed is the overshoot for
an infinite ratio; both smoothers are positively homogeneous, so that the gain reduction of a ratio
R is (1 - 1/R) times the result.
"""

from __future__ import annotations

import numpy as np
from numba import njit

LANES = 32
_MANTISSA_BITS = np.int32(23)
BLOCK = 64  # samples between two transpositions: 8 KB, well inside the first-level cache


@njit(cache=True)
def smooth_branching(level, threshold, attack, release, knee, curvature, state, smoothed):
    """Smooth the overshoot with eq. 16; the arguments are those of `smooth_decoupled`."""
    block = np.empty((BLOCK, LANES), np.float32)
    for start in range(0, level.size, BLOCK):
        part = level[start : start + BLOCK]
        for n in range(part.size):
            for lane in range(LANES):
                above = max(part[n] - threshold[lane] + 0.5 * knee, 0.0)
                inside = min(above, knee)
                overshoot = curvature * inside * inside + (above - inside)  # eq. 4
                last = state[0, lane]
                # Both are loaded before the choice: a load behind a branch would not vectorise.
                if_rising, if_falling = attack[lane], release[lane]
                step = if_rising if overshoot > last else if_falling
                last += step * (overshoot - last)  # eq. 16
                state[0, lane] = last
                block[n, lane] = last
        _transpose(block[: part.size], smoothed[:, start : start + BLOCK])


@njit(cache=True)
def smooth_decoupled(level, threshold, attack, release, knee, curvature, state, smoothed):
    """Smooth the overshoot with eq. 17.

    Parameters
    ----------
    level : ndarray, shape (samples,), float64, dBFS
    threshold : ndarray, shape (LANES,), float64, dBFS
    attack, release : ndarray, shape (LANES,), float64
        1 - a of eq. 7.
    knee : float, dB
        Width of the knee.
    curvature : float, 1/dB
        1 / (2 knee), or 0 where there is no knee.
    state : ndarray, shape (2, LANES), float64, dB
        The smoother's memory, carried from one call to the next.
    smoothed : ndarray, shape (LANES, at least samples), float32, dB
        The result.
    """
    block = np.empty((BLOCK, LANES), np.float32)
    for start in range(0, level.size, BLOCK):
        part = level[start : start + BLOCK]
        for n in range(part.size):
            for lane in range(LANES):
                above = max(part[n] - threshold[lane] + 0.5 * knee, 0.0)
                inside = min(above, knee)
                overshoot = curvature * inside * inside + (above - inside)  # eq. 4
                peak = state[0, lane]
                peak = max(overshoot, peak + release[lane] * (overshoot - peak))  # eq. 17
                last = state[1, lane]
                last += attack[lane] * (peak - last)
                state[0, lane] = peak
                state[1, lane] = last
                block[n, lane] = last
        _transpose(block[: part.size], smoothed[:, start : start + BLOCK])


@njit(cache=True)
def _transpose(block, rows):
    for lane in range(LANES):
        for n in range(block.shape[0]):
            rows[lane, n] = block[n, lane]


@njit(cache=True)
def apply_gain(signal, smoothed, lanes, slope, rows, start, compressed):
    """Write y = x 2^(slope y_L), eq. 23, for every row.

    Parameters
    ----------
    signal : ndarray, shape (samples,), float32
    smoothed : ndarray, shape (LANES, at least samples), float32, dB
    lanes : ndarray, shape (n,), int
        The lane of each row.
    slope : ndarray, shape (n,), float32, octaves per dB
        Of each row, at most 0.
    rows : ndarray, shape (n,), int
    start : int
        Where the span begins in a row.
    compressed : ndarray, shape (all rows, all samples), float32
    """
    for i in range(rows.size):
        source, per_db = smoothed[lanes[i]], slope[i]
        target = compressed[rows[i], start : start + signal.size]
        for n in range(target.size):
            target[n] = signal[n] * _power_of_two(source[n] * per_db)


@njit(cache=True)
def _power_of_two(x):
    """Return 2^x of a float32 number from -126 to 126, to 1.2e-7 of its size.

    2^x = 2^k 2^f with k the nearest integer. 2^f is 1 + f p(f), with p through the Chebyshev points
    of [-1/2, 1/2] to 4e-9, so that 2^0 is exactly 1; k is added to the exponent.
    """
    k = np.rint(x)
    f = x - k
    p = np.float32(1.54531629e-04)
    p = p * f + np.float32(1.33908634e-03)
    p = p * f + np.float32(9.61808256e-03)
    p = p * f + np.float32(5.55035711e-02)
    p = p * f + np.float32(2.40226508e-01)
    p = p * f + np.float32(6.93147188e-01)
    p = p * f + np.float32(1)
    bits = np.float32(p).view(np.int32) + (np.int32(k) << _MANTISSA_BITS)
    return np.int32(bits).view(np.float32)
