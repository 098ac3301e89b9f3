"""Sounds in formats that libsndfile does not write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from siamese_drc.core.ffmpeg import encode

RATE = 44100


def write_by_ffmpeg(path: Path, signal: np.ndarray, codec: str, **options: Any) -> None:
    """Write a signal, shape (samples, channels), with PyAV."""
    encode(str(path), signal.T, codec, sample_rate=RATE, **options)
