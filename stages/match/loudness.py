"""Loudness by ITU-R BS.1770, for clips of any length."""

from __future__ import annotations

import warnings

import numpy as np
import pyloudnorm

_BLOCK_S = 0.4  # a gating block; shorter signals have no loudness of their own


def loudness_lufs(signal: np.ndarray, *, sample_rate: int) -> float:
    """Return the integrated loudness of a mono signal.

    A signal shorter than four gating blocks is repeated to their length, as a loop is.

    Parameters
    ----------
    signal : ndarray, shape (samples,), full scale 1.0
    sample_rate : int, Hz

    Returns
    -------
    float, LUFS
        Minus infinity where every block is below the absolute gate of -70 LUFS.

    References
    ----------
    ITU-R BS.1770-4, annex 1.
    """
    shortest = int(np.ceil(4 * _BLOCK_S * sample_rate))
    if signal.size < shortest:
        signal = np.tile(signal, -(-shortest // signal.size))
    with warnings.catch_warnings():  # of silence, which the caller is told by the value
        warnings.simplefilter("ignore", RuntimeWarning)
        meter = pyloudnorm.Meter(sample_rate, block_size=_BLOCK_S)
        return float(meter.integrated_loudness(signal.astype(np.float64)))
