"""Compressors that smooth the level before the gain computer, one or several in series.

A one-pole filter e follows the magnitude |x| of the samples, or their square, with one coefficient
while they exceed it (attack) and another while they are below it (release). The gain computer of
eq. 4 of Giannoulis, Massberg and Reiss (2012) acts on the level of e, so that the gain is
-(1 - 1/ratio) times its overshoot: these are the families "level" and "power" of `gain_model`.
Programs define the times of the filter differently:

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

from collections.abc import Iterable

import numpy as np

from siamese_drc.solver.gain_model import Family, model_gain_db

# `start_db` of a compressor in silence, by family
REST_DB = {"branching": 0.0, "level": -200.0, "power": -200.0}
_LOWEST_DB = -120.0


def magnitude_db(magnitude: np.ndarray) -> np.ndarray:
    """Return the level of |x|, dBFS, at least -120."""
    return 20 * np.log10(np.maximum(magnitude, 1e-6, dtype=float))


def chain_gain_db(
    level: np.ndarray, points: Iterable[np.ndarray], family: Family = "level"
) -> np.ndarray:
    """Return the gain of compressors in series, each fed with the output of the one before it.

    `level`, shape (samples,), dBFS, is that of what the first one follows; the points, shape (7,)
    each, are those of `gain_model`; the gain has shape (samples,), dB.
    """
    gain = np.zeros(level.size)
    for point in points:
        gain += model_gain_db(level + gain, point, family)
    return gain


def smoothed_level_db(level: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the level of the filter that follows |x|, dBFS, at least -120.

    `times` are the natural logarithms of attack and release in samples.
    """
    over_silence = np.array([_LOWEST_DB, 1.0, *times, 0.0, REST_DB["level"], 0.0])
    return _LOWEST_DB - model_gain_db(level, over_silence, "level")
