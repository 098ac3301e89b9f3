"""Level detection and smoothing: the compressor's ballistics, with their compiled inner loops.

The kernels compute many settings side by side in the lanes of the processor's vector units.
Arithmetic is strict IEEE (no fastmath, no fused multiply-add), so that the result of a lane does
not depend on the other lanes. The recursion is in float64: for a long release, one step of the
smoother is smaller than the spacing of float32 numbers.

The smoothed quantity is the overshoot, the gain reduction for an infinite ratio. Both smoothers are
positively homogeneous, so the gain reduction of a ratio R is (1 - 1/R) times the result. Equation
numbers are those of Giannoulis, Massberg and Reiss (2012).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numba import njit

Detector = Literal["peak", "rms"]

FLOOR_DB = -120.0
WINDOW = 4096  # samples in the mean square of the rms detector
REFRESH = 100  # samples from one mean square to the next

# Numba's cache of compiled code is keyed by this file alone: a kernel uses only what stands here.
LANES = 32
_MANTISSA_BITS = np.int32(23)
BLOCK = 64  # samples between two transpositions: 8 KB, well inside the first-level cache


def level_db(signal: np.ndarray, detector: Detector = "peak") -> np.ndarray:
    """Return the level of every sample.

    Parameters
    ----------
    signal : ndarray, shape (samples,), float32, full scale 1.0
    detector : {"peak", "rms"}
        "peak": 20 log10 |x|. "rms": the mean square of the last 4096 samples (silence before the
        start), computed at samples 0, 100, 200 ... and held in between.

    Returns
    -------
    ndarray, shape (samples,), float64, dBFS, at least -120

    Raises
    ------
    ValueError
        If the signal is empty, has more than one dimension or a value that is not finite, or the
        detector is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> level_db(np.array([1.0, -0.1, 0.0], np.float32)).round(3)
    array([   0.,  -20., -120.])
    """
    return RunningLevel(detector).of(signal)


def require_signal(signal: np.ndarray) -> None:
    """Raise ValueError unless a signal is one-dimensional, not empty and finite."""
    if signal.ndim != 1 or signal.size == 0:
        raise ValueError(f"the signal's shape is {signal.shape}, must be (samples,), not empty")
    if not np.isfinite(signal).all():
        raise ValueError("the signal has values that are not finite")


class RunningLevel:
    """`level_db` of a signal that comes block by block, bit-identical to that of the whole."""

    def __init__(self, detector: Detector) -> None:
        if detector not in ("peak", "rms"):
            raise ValueError(f"detector {detector!r}: must be 'peak' or 'rms'")
        self._detector = detector
        self._done = 0  # samples
        self._energy = np.zeros(WINDOW + 1)  # since the start, after each of the last samples
        self._held = 0.0  # the last mean square

    def of(self, block: np.ndarray) -> np.ndarray:
        """Return the level of the next samples; errors are those of `level_db`."""
        require_signal(block)
        power = np.square(block, dtype=np.float64)
        if self._detector == "rms":
            power = self._held_mean_square(power)
        return 10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10)))

    def _held_mean_square(self, power: np.ndarray) -> np.ndarray:
        since_start = np.cumsum(np.append(self._energy[-1], power))
        energy = np.append(self._energy, since_start[1:])
        first = -self._done % REFRESH
        instants = np.arange(first, power.size, REFRESH)
        window = energy[instants + 1 + WINDOW] - energy[instants + 1]
        held = np.append(self._held, window / WINDOW)
        count = (np.arange(power.size) - first + REFRESH) // REFRESH  # of instants so far
        self._done += power.size
        self._energy = energy[-(WINDOW + 1) :]
        self._held = held[-1]
        return held[count]


def smoothing_step(time_ms: np.ndarray, sample_rate: float) -> np.ndarray:
    """Return 1 - a of eq. 7, where a = exp(-1 / (tau fs)), without cancellation."""
    return -np.expm1(-1000 / (time_ms * sample_rate))


@njit(cache=True)
def smooth(level, threshold, attack, release, knee, curvature, decoupled, state, smoothed):
    """Write the overshoot of a level, shape (samples,), smoothed with eq. 16 or 17, in `smoothed`.

    `threshold` (dBFS), `attack` and `release` (1 - a of eq. 7) have the shape (LANES,), `state`,
    the memory from one call to the next, (2, LANES), all float64; `smoothed` is float32, (LANES, at
    least samples). `curvature` is 1 / (2 knee), or 0 where there is no knee. `decoupled` selects
    eq. 17; the compiler moves this choice out of the loops.
    """
    block = np.empty((BLOCK, LANES), np.float32)
    for start in range(0, level.size, BLOCK):
        part = level[start : start + BLOCK]
        for n in range(part.size):
            for lane in range(LANES):
                above = max(part[n] - threshold[lane] + 0.5 * knee, 0.0)
                inside = min(above, knee)
                overshoot = curvature * inside * inside + (above - inside)  # eq. 4
                last = state[0, lane]
                # Both are loaded before the choice: a load inside a branch would not vectorise.
                rising, falling = attack[lane], release[lane]
                if decoupled:
                    peak = state[1, lane]
                    peak = max(overshoot, peak + falling * (overshoot - peak))  # eq. 17
                    last += rising * (peak - last)
                    state[1, lane] = peak
                else:
                    step = rising if overshoot > last else falling
                    last += step * (overshoot - last)  # eq. 16
                state[0, lane] = last
                block[n, lane] = last
        _transpose(block[: part.size], smoothed[:, start : start + BLOCK])


@njit(cache=True)
def _transpose(block, rows):
    for lane in range(LANES):
        for n in range(block.shape[0]):
            rows[lane, n] = block[n, lane]


@njit(cache=True)
def apply_gain(signal, smoothed, lanes, slope, rows, start, compressed):
    """Write y = x 2^(slope y_L), eq. 23, from sample `start` on into `rows` of `compressed`.

    `lanes` and `slope`, octaves per dB and at most 0, are those of each row; `smoothed` is y_L.
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
