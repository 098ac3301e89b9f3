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
from typing import Literal, TypedDict, Unpack

import numpy as np

from siamese_drc.compressor.ballistics import (
    LANES,
    Detector,
    apply_gain,
    level_db,
    require_signal,
    smooth,
    smoothing_step,
)
from siamese_drc.compressor.settings import Settings

Smoothing = Literal["branching", "decoupled"]


class Design(TypedDict, total=False):
    """Options that decide the gain reduction, as for `compress`."""

    detector: Detector
    smoothing: Smoothing
    knee_db: float


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
    key: np.ndarray | None = None,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Return one loop under many settings.

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
    key : ndarray, shape (samples,), float32, optional
        The side chain: the signal whose level controls the gain; without it, `signal`. Channels
        that are compressed with a common key get the same gain (linked stereo).
    out : ndarray, shape (n, samples), float32, optional
        Where to write the result; allocating it here would cost half as much time again.

    Returns
    -------
    ndarray, shape (n, samples), float32
        Row i is `signal` under `settings[i]`, bit-identical to compressing it alone. At a ratio
        of 1 without make-up it is `signal` itself.

    Raises
    ------
    ValueError
        If the signal or the key is empty or not finite, their lengths differ, or an option is
        unknown or outside its range.

    References
    ----------
    Giannoulis, Massberg and Reiss (2012), eqs. 4, 7, 16, 17 and 23.

    Examples
    --------
    One second of a 100 Hz sine of -6 dBFS, under 2:1 and 8:1 from -26 dBFS on:

    >>> import numpy as np
    >>> sine = 0.5 * np.sin(2 * np.pi * 100 * np.arange(44100) / 44100).astype(np.float32)
    >>> settings = Settings([-26, -26], [2, 8], [5, 5], [100, 100])
    >>> compressed = compress(sine, settings, sample_rate=44100)
    >>> compressed.shape
    (2, 44100)
    >>> (20 * np.log10(np.abs(compressed[:, -4410:]).max(axis=1))).round(1)
    array([-15.5, -22.5], dtype=float32)
    """
    if not np.isfinite(makeup_db):
        raise ValueError(f"makeup_db {makeup_db:g}: must be finite")
    signal = np.asarray(signal, np.float32)
    require_signal(signal)
    if key is not None and len(key) != signal.size:
        raise ValueError(f"the key has {len(key)} samples, must have {signal.size}")
    if out is None:
        out = np.empty((len(settings), signal.size), np.float32)
    elif (out.shape, out.dtype) != ((len(settings), signal.size), np.float32):
        raise ValueError(f"out: must be float32 of shape {(len(settings), signal.size)}")
    octaves = _octaves_per_overshoot(settings)
    louder = signal * np.float32(10 ** (makeup_db / 20))
    chain = _smoothed_overshoots(
        signal if key is None else key, settings, sample_rate, detector, smoothing, knee_db
    )
    for rows, lanes, span, smoothed in chain:
        apply_gain(louder[span], smoothed, lanes, octaves[rows], rows, span.start, out)
    return out


def gain_reduction_db(
    signal: np.ndarray, settings: Settings, *, sample_rate: int, **design: Unpack[Design]
) -> np.ndarray:
    """Return by how much each setting turns each sample down, without make-up gain.

    Parameters and errors are those of `compress`; `design` are detector, smoothing and knee_db.

    Returns
    -------
    ndarray, shape (n, samples), float32, dB, at least 0

    Examples
    --------
    >>> import numpy as np
    >>> loud = np.full(44100, 0.1, np.float32)  # -20 dBFS, 10 dB above the threshold
    >>> curve = gain_reduction_db(loud, Settings(-30, 5, 10, 100), sample_rate=44100)
    >>> curve[0, [0, 441, 44099]].round(2)
    array([0.02, 5.06, 8.  ], dtype=float32)
    """
    reduction = np.empty((len(settings), np.size(signal)), np.float32)
    slope = (1 - 1 / settings.ratio).astype(np.float32)
    chain = _smoothed_overshoots(signal, settings, sample_rate, **design)
    for rows, lanes, span, smoothed in chain:
        of_span = smoothed[:, : span.stop - span.start]
        reduction[rows, span] = slope[rows, np.newaxis] * of_span[lanes]
    return reduction


def max_gain_reduction_db(
    signal: np.ndarray, settings: Settings, *, sample_rate: int, **design: Unpack[Design]
) -> np.ndarray:
    """Return the largest gain reduction of each setting, shape (n,), float64, dB, at least 0.

    Parameters and errors are those of `gain_reduction_db`.
    """
    highest = np.zeros(len(settings))
    chain = _smoothed_overshoots(signal, settings, sample_rate, **design)
    for rows, lanes, span, smoothed in chain:
        of_span = smoothed[:, : span.stop - span.start].max(axis=1)
        highest[rows] = np.maximum(highest[rows], of_span[lanes])
    return (1 - 1 / settings.ratio) * highest


def _smoothed_overshoots(
    key: np.ndarray,
    settings: Settings,
    sample_rate: int,
    detector: Detector = "peak",
    smoothing: Smoothing = "branching",
    knee_db: float = 0.0,
) -> Iterator[tuple[np.ndarray, np.ndarray, slice, np.ndarray]]:
    """Smooth the overshoot of a signal's level (eqs. 4, 16 and 17), span by span.

    It is computed once for settings that differ in ratio alone. Yields the settings' rows, their
    lanes, a span of time, and the result of all lanes in that span, in dB for an infinite ratio,
    shape (LANES, _SEGMENT), to be used before the next one.
    """
    if smoothing not in ("branching", "decoupled"):
        raise ValueError(f"smoothing {smoothing!r}: must be 'branching' or 'decoupled'")
    if not (np.isfinite(knee_db) and knee_db >= 0):
        raise ValueError(f"knee_db {knee_db:g}: must be at least 0")
    if sample_rate <= 0:
        raise ValueError(f"sample_rate {sample_rate:g}: must be above 0 Hz")
    shape = knee_db, 0.5 / knee_db if knee_db > 0 else 0.0, smoothing == "decoupled"
    level = level_db(np.asarray(key, np.float32), detector)
    shared, place = np.unique(
        np.stack([settings.threshold_db, settings.attack_ms, settings.release_ms]),
        axis=1,
        return_inverse=True,
    )
    shared[1:] = smoothing_step(shared[1:], sample_rate)
    smoothed = np.empty((LANES, _SEGMENT), np.float32)
    for first in range(0, shared.shape[1], LANES):
        rows = np.flatnonzero((place >= first) & (place < first + LANES))
        lanes = place[rows] - first
        some = shared[:, first : first + LANES]
        # The last column is repeated until there are LANES of them.
        filled = np.pad(some, [(0, 0), (0, LANES - some.shape[1])], mode="edge")
        threshold, attack, release = np.ascontiguousarray(filled)
        state = np.zeros((2, LANES))  # y_L[-1] = 0
        for start in range(0, level.size, _SEGMENT):
            span = slice(start, min(start + _SEGMENT, level.size))
            smooth(level[span], threshold, attack, release, *shape, state, smoothed)
            yield rows, lanes, span, smoothed


def _octaves_per_overshoot(settings: Settings) -> np.ndarray:
    """Return the gain of each setting in octaves per dB of smoothed overshoot, float32."""
    return (-_OCTAVES_PER_DB * (1 - 1 / settings.ratio)).astype(np.float32)
