"""The level that the compressor's gain computer sees, sample by sample."""

from __future__ import annotations

from typing import Literal

import numpy as np

Detector = Literal["peak", "rms"]

FLOOR_DB = -120.0
WINDOW = 4096  # samples in the mean square of the rms detector
REFRESH = 100  # samples from one mean square to the next


def level_db(signal: np.ndarray, detector: Detector = "peak") -> np.ndarray:
    """Return the level of every sample.

    Parameters
    ----------
    signal : ndarray, shape (samples,), float32, full scale 1.0
    detector : {"peak", "rms"}
        "peak": 20 log10 |x|. "rms": the mean square of the last 4096 samples (before the start
        lies silence), taken at samples 0, 100, 200 ... and held in between.

    Returns
    -------
    ndarray, shape (samples,), float64, dBFS, at least -120

    Raises
    ------
    ValueError
        If the signal is empty, has more than one dimension or a value that is not finite, or the
        detector is unknown.
    """
    if signal.ndim != 1 or signal.size == 0:
        raise ValueError(f"the signal's shape is {signal.shape}, must be (samples,), not empty")
    if not np.isfinite(signal).all():
        raise ValueError("the signal has values that are not finite")
    power = np.square(signal, dtype=np.float64)
    if detector == "rms":
        power = _held_mean_square(power)
    elif detector != "peak":
        raise ValueError(f"detector {detector!r}: must be 'peak' or 'rms'")
    return 10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10)))


def _held_mean_square(power: np.ndarray) -> np.ndarray:
    instants = np.arange(0, power.size, REFRESH)
    energy = np.concatenate([[0.0], np.cumsum(power)])
    window = energy[instants + 1] - energy[np.maximum(instants + 1 - WINDOW, 0)]
    return np.repeat(window / WINDOW, REFRESH)[: power.size]
