"""Numbers that describe a loop in `loops.csv`."""

from __future__ import annotations

import numpy as np
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

_FRAME = 2048


def describe(signal: np.ndarray, *, sample_rate: int) -> dict[str, float]:
    """Measure level, crest factor and brightness.

    Parameters
    ----------
    signal : ndarray, shape (samples,), full scale 1.0, not silent
    sample_rate : int, Hz

    Returns
    -------
    dict
        `rms_db` (dBFS), `crest_factor_db` (peak over RMS) and `spectral_centroid_hz` (of the
        magnitude spectrum, averaged over frames of 2048 samples).
    """
    signal = signal.astype(np.float64)
    rms = np.sqrt(np.mean(signal**2))
    frames = ShortTimeFFT(hann(_FRAME, sym=False), hop=_FRAME // 2, fs=sample_rate)
    spectrum = np.abs(frames.stft(signal)).mean(axis=1)
    return {
        "rms_db": round(float(20 * np.log10(rms)), 3),
        "crest_factor_db": round(float(20 * np.log10(np.max(np.abs(signal)) / rms)), 3),
        "spectral_centroid_hz": round(float(np.average(frames.f, weights=spectrum)), 1),
    }
