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

STAGE = 5  # values of a stage, see `chain_gain_db`
_TINY = 1e-30


@njit(cache=True)
def _chain(magnitude, stages, squared, every, hold, gain):
    """Run chains of compressors side by side; the gain of a stage is held for `hold` samples."""
    decibels = (10.0 if squared else 20.0) / log(10.0)
    count = stages.shape[1]
    for lane in range(stages.shape[0]):
        follower, factor, reduction = np.zeros(count), np.ones(count), np.zeros(count)
        for point in range(gain.shape[1]):
            end = (point + 1) * every
            for n in range(point * every, end):
                size = magnitude[n]
                for s in range(count):
                    drive = size * size if squared else size
                    error = drive - follower[s]
                    step = stages[lane, s, 0] if error > 0.0 else stages[lane, s, 1]
                    follower[s] += step * error
                    if n == end - 1 or (s < count - 1 and n % hold == 0):
                        knee = stages[lane, s, 4]
                        level = decibels * log(max(follower[s], _TINY))
                        above = max(level - stages[lane, s, 2] + 0.5 * knee, 0.0)
                        inside = min(above, knee)
                        curve = 0.5 * inside * inside / knee if knee > 0.0 else 0.0
                        reduction[s] = stages[lane, s, 3] * (curve + above - inside)  # eq. 4
                        factor[s] = exp(-reduction[s] * log(10.0) / 20.0)
                    size *= factor[s]
            gain[lane, point] = -reduction.sum()


def chain_gain_db(
    magnitude: np.ndarray, stages: np.ndarray, *, squared: bool = False, every: int = 1
) -> np.ndarray:
    """Return the gain of compressors in series, each fed with the output of the one before it.

    Parameters
    ----------
    magnitude : ndarray, shape (samples,), float64
        What the first stage follows: |x|, full scale 1.0.
    stages : ndarray, shape (n, stages, 5)
        Of n chains: 1 - a of attack and of release, threshold (dBFS), 1 - 1/ratio, knee (dB).
    squared : bool
        Follow the squares instead of the magnitudes.
    every : int
        Return the gain at the last of every `every` samples only. All stages but the last then
        change their gain every fourth sample.

    Returns
    -------
    ndarray, shape (n, samples // every), dB, at most 0

    Examples
    --------
    >>> steady = np.ones(44100)
    >>> stage = [0.01, 0.001, -20.0, 0.75, 0.0]
    >>> chain_gain_db(steady, np.array([[stage]]))[:, -1].round(3)
    array([-15.])
    """
    gain = np.empty((len(stages), magnitude.size // every))
    magnitude, stages = np.asarray(magnitude, float), np.ascontiguousarray(stages, float)
    _chain(magnitude, stages, squared, every, 1 if every == 1 else 4, gain)
    return gain


@njit(cache=True)
def _follow(magnitude, attack, release, every, follower):
    last = 0.0
    for point in range(follower.size):
        for n in range(point * every, (point + 1) * every):
            error = magnitude[n] - last
            last += (attack if error > 0.0 else release) * error
        follower[point] = last


def smoothed_level_db(
    magnitude: np.ndarray, attack: float, release: float, *, every: int = 1
) -> np.ndarray:
    """Return the level of the filter that follows |x|, dBFS; see `chain_gain_db`."""
    follower = np.empty(magnitude.size // every)
    _follow(np.asarray(magnitude, float), attack, release, every, follower)
    return 20 * np.log10(np.maximum(follower, _TINY))


def juce_step(time_ms: np.ndarray, sample_rate: float) -> np.ndarray:
    """Return 1 - a of a time of JUCE's compressor; its filter has no memory below 1 us."""
    steps = -np.expm1(-2000 * np.pi / (np.maximum(time_ms, 1e-3) * sample_rate))
    return np.where(np.asarray(time_ms) < 1e-3, 1.0, steps)


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
    attack, release = juce_step(np.array([attack_ms, release_ms]), sample_rate)
    stage = np.array([[[attack, release, threshold_db, 1 - 1 / ratio, 0.0]]])
    return chain_gain_db(np.abs(signal), stage)[0]
