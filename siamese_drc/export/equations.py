"""Compressors that smooth the level before the gain computer, one or several in series.

A one-pole filter e follows the magnitude |x| of the samples, or their square, with one coefficient
while they exceed it (attack) and another while they are below it (release). The gain computer of
eq. 4 of Giannoulis, Massberg and Reiss (2012) acts on the level of e, so that the gain is
-(1 - 1/ratio) times its overshoot. Programs define the times of the filter differently:

- JUCE, and with it pedalboard: a = exp(-2 pi / (t fs)), a hard knee.
- FFmpeg's acompressor: 1 - a = 4 / (t fs); its knee, Hermite's interpolation between the ends of
  the knee, is the parabola of eq. 4. Detection "rms" follows the squares.
- sox's and FFmpeg's compand: a = exp(-1 / (t fs)); the gain computer is a line through points.

References
----------
JUCE, juce_dsp/widgets/juce_Compressor.cpp and juce_dsp/processors/juce_BallisticsFilter.cpp;
FFmpeg, libavfilter/af_sidechaincompress.c and af_compand.c; sox, src/compand.c and compandt.c.
"""

from __future__ import annotations

from math import exp, log

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

_TINY, _TINY_DB = 1e-30, -600.0


@njit(cache=True)
def _chain(magnitude, stages, squared, every, hold, gain):
    """Run a chain of compressors; the gain of a stage is held for `hold` samples."""
    decibels = (10.0 if squared else 20.0) / log(10.0)
    count = len(stages)
    follower, factor, reduction = np.zeros(count), np.ones(count), np.zeros(count)
    for point in range(gain.size):
        end = (point + 1) * every
        for n in range(point * every, end):
            size = magnitude[n]
            for s in range(count):
                drive = size * size if squared else size
                error = drive - follower[s]
                step = stages[s, 2] if error > 0.0 else stages[s, 3]
                follower[s] += step * error
                if n == end - 1 or (s < count - 1 and n % hold == 0):
                    knee = stages[s, 4]
                    level = decibels * log(max(follower[s], _TINY))
                    above = max(level - stages[s, 0] + 0.5 * knee, 0.0)
                    inside = min(above, knee)
                    curve = 0.5 * inside * inside / knee if knee > 0.0 else 0.0
                    reduction[s] = stages[s, 1] * (curve + above - inside)  # eq. 4
                    factor[s] = exp(-reduction[s] * log(10.0) / 20.0)
                size *= factor[s]
        gain[point] = -reduction.sum()


def chain_gain_db(
    magnitude: np.ndarray, stages: ArrayLike, *, squared: bool = False, every: int = 1
) -> np.ndarray:
    """Return the gain of compressors in series, each fed with the output of the one before it.

    Parameters
    ----------
    magnitude : ndarray, shape (samples,)
        What the first stage follows: |x|, full scale 1.0.
    stages : array_like, shape (stages, 5)
        Threshold (dBFS), 1 - 1/ratio, 1 - a of attack and of release, knee (dB).
    squared : bool
        Follow the squares instead of the magnitudes.
    every : int
        Return the gain at the last of every `every` samples only. All stages but the last then
        change their gain every fourth sample.

    Returns
    -------
    ndarray, shape (samples // every,), dB, at most 0

    Examples
    --------
    >>> steady = np.ones(44100)
    >>> round(float(chain_gain_db(steady, [[-20.0, 0.75, 0.01, 0.001, 0.0]])[-1]), 3)
    -15.0
    """
    gain = np.empty(magnitude.size // every)
    hold = 1 if every == 1 else 4
    _chain(np.asarray(magnitude, float), np.array(stages, float), squared, every, hold, gain)
    return gain


def smoothed_level_db(
    magnitude: np.ndarray, attack: float, release: float, *, every: int = 1
) -> np.ndarray:
    """Return the level of the filter that follows |x|, dBFS; see `chain_gain_db`."""
    over_silence = [[_TINY_DB, 1.0, attack, release, 0.0]]
    return _TINY_DB - chain_gain_db(magnitude, over_silence, every=every)


def juce_gain_db(
    signal: np.ndarray,
    threshold_db: float,
    ratio: float,
    attack_ms: float,
    release_ms: float,
    *,
    sample_rate: int,
) -> np.ndarray:
    """Return the gain of JUCE's and pedalboard's compressor under its own settings.

    Parameters
    ----------
    signal : ndarray, shape (samples,), float32, full scale 1.0
    threshold_db, ratio, attack_ms, release_ms : float
        A time below 1 us is none.
    sample_rate : int, Hz

    Returns
    -------
    ndarray, shape (samples,), dB, at most 0

    Examples
    --------
    >>> gain = juce_gain_db(np.ones(44100), -20.0, 4.0, 10.0, 100.0, sample_rate=44100)
    >>> round(float(gain[-1]), 3)
    -15.0
    """
    attack, release = (
        -np.expm1(-2000 * np.pi / (time_ms * sample_rate)) if time_ms >= 1e-3 else 1.0
        for time_ms in (attack_ms, release_ms)
    )
    return chain_gain_db(np.abs(signal), [[threshold_db, 1 - 1 / ratio, attack, release, 0.0]])
