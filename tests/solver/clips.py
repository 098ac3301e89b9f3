"""Settings that are known, and clips as they are stored."""

from __future__ import annotations

import numpy as np

from siamese_drc.audio import FULL_SCALE, quantise
from siamese_drc.compressor.settings import PARAMETERS, Settings

RATE = 44100
SETTINGS = Settings(
    [-37.5, -12.0, -50.0, -10.0, -3.0, -24.0],
    [2.0, 8.0, 1.3, 20.0, 4.0, 3.1],
    [5.0, 99.0, 1.0, 21.0, 2.0, 41.0],
    [200.0, 990.0, 10.0, 835.0, 50.0, 41.0],
)
TRUE = np.stack([getattr(SETTINGS, name) for name in PARAMETERS], axis=1)


def stored(signal: np.ndarray) -> np.ndarray:
    """Return the samples as 24 bits hold them."""
    return ((quantise(signal) >> 8) / FULL_SCALE).astype(np.float32)
