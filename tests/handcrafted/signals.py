"""Signals whose features are known."""

from __future__ import annotations

import numpy as np

RATE = 44100


def seconds(duration: float) -> np.ndarray:
    return np.arange(round(duration * RATE)) / RATE


def tone(frequency: float, envelope: np.ndarray) -> np.ndarray:
    """A sine under an envelope of samples, float32."""
    time = np.arange(len(envelope)) / RATE
    return (envelope * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def hits(*starts: float, duration: float = 1.0, decay: float = 0.1) -> np.ndarray:
    """Bursts of a falling tone, each with a time constant of `decay` seconds, float32."""
    time, signal = seconds(duration), np.zeros(round(duration * RATE))
    for start in starts:
        since = np.maximum(time - start, 0)
        signal += (time >= start) * np.exp(-since / decay) * np.sin(2 * np.pi * 400 * since)
    return (0.7 * signal).astype(np.float32)
