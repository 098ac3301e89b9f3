"""Copies to listen to: what a browser plays, and the gains that make them equally loud."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyloudnorm
import soundfile


def write_copy(path: Path, signal: np.ndarray, sample_rate: int) -> float:
    """Write a signal at full scale, as 16-bit WAV, which every browser plays.

    Parameters
    ----------
    path : Path
    signal : ndarray, shape (channels, samples), float32, not silent
    sample_rate : int, Hz

    Returns
    -------
    float, LUFS
        Integrated loudness of the copy (ITU-R BS.1770).
    """
    frames = (signal / np.abs(signal).max()).T
    soundfile.write(path, frames, sample_rate, subtype="PCM_16", format="WAV")
    return float(pyloudnorm.Meter(sample_rate).integrated_loudness(frames))


def equal_loudness_db(loudness: Mapping[str, float]) -> dict[str, float]:
    """Return the gains that bring copies at full scale to one loudness, without clipping any.

    The copy that is least loud stays as it is, the others are turned down to it.
    """
    target = min(loudness.values())
    return {name: target - value for name, value in loudness.items()}
