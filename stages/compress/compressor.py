"""The dynamic range compressor: feed-forward, in the log domain, detector after the gain computer.

Conventions: levels in dB relative to full scale (amplitude 1.0); a threshold is negative; attack
and release are time constants (the time to 63 % of a step). The equation numbers are those of
Giannoulis, Massberg and Reiss (2012).

References
----------
D. Giannoulis, M. Massberg and J. D. Reiss, "Digital dynamic range compressor design - a tutorial
and analysis", Journal of the Audio Engineering Society 60(6), 2012.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from stages.compress.kernels import LANES, apply_gain, smooth_branching, smooth_decoupled
from stages.compress.level import Detector, level_db
from stages.compress.settings import Settings

Smoothing = Literal["branching", "decoupled"]

_SMOOTHERS = {"branching": smooth_branching, "decoupled": smooth_decoupled}
_SEGMENT = 4096  # samples smoothed at a time: few enough to be in the cache when they are used
_OCTAVES_PER_DB = np.log2(10) / 20


def compress(
    signal: np.ndarray,
    settings: Settings,
    *,
    sample_rate: int,
    detector: Detector = "peak",
    smoothing: Smoothing = "branching",
    knee_db: float = 0.0,
    makeup_db: float = 0.0,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Compress one loop under many settings at once.

    Parameters
    ----------
    signal : ndarray, shape (samples,), float32, full scale 1.0
    settings : Settings, n rows of threshold_db, ratio, attack_ms, release_ms
    sample_rate : int, Hz
    detector : {"peak", "rms"}
        Level of each sample, or of the mean square of the last 4096, refreshed every 100.
    smoothing : {"branching", "decoupled"}
        Smooth peak detector by eq. 16 or eq. 17.
    knee_db : float, dB, at least 0
        Width of the soft knee, eq. 4; 0 is the hard knee of eq. 3.
    makeup_db : float, dB
        Gain added after the compression.
    out : ndarray, shape (n, samples), float32, optional
        Where to write the result; fresh memory would cost half as much time again.

    Returns
    -------
    ndarray, shape (n, samples), float32
        Row i is `signal` under `settings[i]`, bit-identical to compressing it alone. At a ratio
        of 1 without make-up it is `signal` itself.

    Raises
    ------
    ValueError
        If the signal is empty or not finite, or an option is unknown or outside its range.
    """
    if not np.isfinite(makeup_db):
        raise ValueError(f"makeup_db {makeup_db:g}: must be finite")
    signal = np.asarray(signal, np.float32)
    if out is None:
        out = np.empty((len(settings), signal.size), np.float32)
    slope = (-_OCTAVES_PER_DB * (1 - 1 / settings.ratio)).astype(np.float32)
    louder = signal * np.float32(10 ** (makeup_db / 20))
    for rows, lanes, span, smoothed in _smoothed_overshoot(
        signal, settings, sample_rate, detector, smoothing, knee_db
    ):
        apply_gain(louder[span], smoothed, lanes, slope[rows], rows, span.start, out)
    return out


def max_gain_reduction_db(
    signal: np.ndarray,
    settings: Settings,
    *,
    sample_rate: int,
    detector: Detector = "peak",
    smoothing: Smoothing = "branching",
    knee_db: float = 0.0,
) -> np.ndarray:
    """Return how far each setting turns the loop down at most, make-up gain not counted.

    Parameters and errors are those of `compress`.

    Returns
    -------
    ndarray, shape (n,), float64, dB, at least 0
    """
    signal = np.asarray(signal, np.float32)
    highest = np.zeros(len(settings))
    for rows, lanes, span, smoothed in _smoothed_overshoot(
        signal, settings, sample_rate, detector, smoothing, knee_db
    ):
        of_span = smoothed[:, : span.stop - span.start].max(axis=1)
        highest[rows] = np.maximum(highest[rows], of_span[lanes])
    return (1 - 1 / settings.ratio) * highest


def _smoothed_overshoot(
    signal: np.ndarray,
    settings: Settings,
    sample_rate: int,
    detector: Detector,
    smoothing: Smoothing,
    knee_db: float,
) -> Iterator[tuple[np.ndarray, np.ndarray, slice, np.ndarray]]:
    """Smooth once what settings that differ in ratio alone have in common.

    Yields the settings' rows, their lanes, a span of time, and the smoothed overshoot (eqs. 4, 16
    and 17) of all lanes in that span, in dB for an infinite ratio, shape (LANES, _SEGMENT).
    """
    level = level_db(signal, detector)
    if smoothing not in _SMOOTHERS:
        raise ValueError(f"smoothing {smoothing!r}: must be one of {sorted(_SMOOTHERS)}")
    if not (np.isfinite(knee_db) and knee_db >= 0):
        raise ValueError(f"knee_db {knee_db:g}: must be at least 0")
    if sample_rate <= 0:
        raise ValueError(f"sample_rate {sample_rate:g}: must be above 0 Hz")
    smooth = _SMOOTHERS[smoothing]
    curvature = 0.5 / knee_db if knee_db > 0 else 0.0
    shared, place = np.unique(
        np.stack([settings.threshold_db, settings.attack_ms, settings.release_ms]),
        axis=1,
        return_inverse=True,
    )
    smoothed = np.empty((LANES, _SEGMENT), np.float32)
    for first in range(0, shared.shape[1], LANES):
        rows = np.flatnonzero((place >= first) & (place < first + LANES))
        lanes = place[rows] - first
        threshold, attack_ms, release_ms = _filled(shared[:, first : first + LANES])
        attack, release = _step(attack_ms, sample_rate), _step(release_ms, sample_rate)
        state = np.zeros((2, LANES))  # y_L[-1] = 0
        for start in range(0, level.size, _SEGMENT):
            span = slice(start, min(start + _SEGMENT, level.size))
            smooth(level[span], threshold, attack, release, knee_db, curvature, state, smoothed)
            yield rows, lanes, span, smoothed


def _filled(columns: np.ndarray) -> np.ndarray:
    """Repeat the last column until there are LANES of them, rows contiguous."""
    filled = np.pad(columns, [(0, 0), (0, LANES - columns.shape[1])], mode="edge")
    return np.ascontiguousarray(filled)


def _step(time_ms: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return 1 - a of eq. 7, where a = exp(-1 / (tau fs)), without cancellation."""
    return -np.expm1(-1000 / (time_ms * sample_rate))
