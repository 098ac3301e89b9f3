"""Settings as the fit sees them: slope in the ratio's place, times as logarithms of samples."""

from __future__ import annotations

import numpy as np

from stages.match.gain_fit import HIGHEST, LOWEST

NAMES = ("threshold_db", "ratio", "attack_ms", "release_ms", "makeup_db")


def from_settings(settings: dict[str, float], *, sample_rate: int) -> np.ndarray:
    """Return the coordinates of some settings, NaN for those that are not given.

    Parameters
    ----------
    settings : dict
        By the names `NAMES`.
    sample_rate : int, Hz

    Returns
    -------
    ndarray, shape (5,)
        Threshold (dBFS), 1 - 1/ratio, logarithms of attack and release in samples, make-up (dB).

    Raises
    ------
    ValueError
        If a name is unknown, or a value is outside the range that the fit allows.
    """
    at = np.full(len(NAMES), np.nan)
    for name, value in settings.items():
        if name not in NAMES:
            raise ValueError(f"lock {name}: must be one of {', '.join(NAMES)}")
        coordinate = NAMES.index(name)
        if name == "ratio":
            at[coordinate] = 1 - 1 / value if value > 0 else np.nan
        elif name.endswith("_ms"):
            at[coordinate] = np.log(value * sample_rate / 1000) if value > 0 else np.nan
        else:
            at[coordinate] = value
        if not LOWEST[coordinate] <= at[coordinate] <= HIGHEST[coordinate]:
            low, high = (_one(bound[coordinate], name, sample_rate) for bound in (LOWEST, HIGHEST))
            raise ValueError(f"lock {name}={value:g}: must be from {low:.4g} to {high:.4g}")
    return at


def to_settings(at: np.ndarray, *, sample_rate: int) -> dict[str, float]:
    """Return the settings at given coordinates, shape (5,)."""
    return {name: _one(value, name, sample_rate) for name, value in zip(NAMES, at, strict=True)}


def _one(value: float, name: str, sample_rate: int) -> float:
    if name == "ratio":
        return float(1 / (1 - value))
    if name.endswith("_ms"):
        return float(np.exp(value) * 1000 / sample_rate)
    return float(value)
