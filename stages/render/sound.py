"""From the bare samples of a stem to its sound in the mix: body, saturation, brightness."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from stages.render.score import Resonance, Stem

_PIVOT_HZ = 1000.0


def decibels(level_db: float) -> float:
    """Return the amplitude of a level in dB."""
    return 10 ** (level_db / 20)


def shape(signal: np.ndarray, stem: Stem, *, reference: int, sample_rate: int) -> np.ndarray:
    """Give a stem its body, saturation, brightness and level.

    Parameters
    ----------
    signal : ndarray, shape (samples,)
    stem : Stem
        Of it: `resonances`, `drive_db`, `tilt_db` and `level_db`.
    reference : int
        Levels are measured on this many first samples, one pass through the loop, so that the
        sound does not depend on the length of the clip.
    sample_rate : int, Hz

    Returns
    -------
    ndarray, shape (samples,)
    """
    signal = _normalise(signal, reference)
    for resonance in stem.resonances:
        body = _normalise(_resonate(signal, resonance, sample_rate), reference)
        signal = signal + decibels(resonance.level_db) * body
    if stem.drive_db:
        signal = np.tanh(decibels(stem.drive_db) * _normalise(signal, reference))
    if stem.tilt_db:
        signal = _tilt(signal, stem.tilt_db, sample_rate)
    return decibels(stem.level_db) * _normalise(signal, reference)


def _normalise(signal: np.ndarray, reference: int) -> np.ndarray:
    peak = np.max(np.abs(signal[:reference]))
    return signal / peak if peak > 0 else signal


def _resonate(signal: np.ndarray, resonance: Resonance, sample_rate: int) -> np.ndarray:
    """Two-pole resonator: a damped sine in answer to an impulse."""
    radius = 10 ** (-3 / (resonance.decay_s * sample_rate))
    angle = 2 * np.pi * resonance.frequency_hz / sample_rate
    poles = [1.0, -2 * radius * np.cos(angle), radius**2]
    return lfilter([0.0, radius * np.sin(angle)], poles, signal)


def _tilt(signal: np.ndarray, tilt_db: float, sample_rate: int) -> np.ndarray:
    """First-order tilt (g s + w) / (s + g w): gain 1/g at 0 Hz, 1 at the pivot w, g at the top."""
    gain = decibels(tilt_db)
    pivot = np.tan(np.pi * _PIVOT_HZ / sample_rate)
    zeros = [gain + pivot, pivot - gain]
    poles = [1 + gain * pivot, gain * pivot - 1]
    return lfilter(zeros, poles, signal)
