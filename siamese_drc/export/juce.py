"""The compressor of JUCE's dsp module, which is also pedalboard's.

Its ballistics come before the gain computer. A one-pole filter follows the rectified samples with
the coefficient exp(-2 pi / (t fs)), where t (s) is the attack while the samples exceed the filter's
output and the release while they are below; t is 2 pi times the time constant. Where the output e
exceeds the threshold, the gain is (e / threshold)^(1/ratio - 1), else 1.

References
----------
JUCE, juce_dsp/widgets/juce_Compressor.cpp and juce_dsp/processors/juce_BallisticsFilter.cpp.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_SHORTEST_MS = 1e-3  # JUCE's filter has no memory below this


@njit(cache=True)
def _follow(signal, attack, release, every, envelopes):
    """Follow |signal| with many filters side by side; keep the last of `every` samples."""
    lanes = attack.size
    state = np.zeros(lanes, np.float32)
    for point in range(envelopes.shape[0]):
        for n in range(point * every, (point + 1) * every):
            size = np.abs(signal[n])
            for lane in range(lanes):
                last = state[lane]
                if_rising, if_falling = attack[lane], release[lane]
                keep = if_rising if size > last else if_falling
                state[lane] = size + keep * (last - size)
        for lane in range(lanes):
            envelopes[point, lane] = state[lane]


def gain_db(
    signal: np.ndarray,
    threshold_db: np.ndarray,
    ratio: np.ndarray,
    attack_ms: np.ndarray,
    release_ms: np.ndarray,
    *,
    sample_rate: int,
    every: int = 1,
) -> np.ndarray:
    """Return the gain of JUCE's compressor under n settings.

    Parameters
    ----------
    signal : ndarray, shape (samples,), float32, full scale 1.0
    threshold_db, ratio, attack_ms, release_ms : ndarray, shape (n,)
        As JUCE defines them.
    sample_rate : int, Hz
    every : int
        Return the gain at the last of every `every` samples only.

    Returns
    -------
    ndarray, shape (n, samples // every), float64, dB, at most 0

    Examples
    --------
    >>> steady = np.ones(44100, np.float32)
    >>> gain = gain_db(steady, [-20.0], [4.0], [10.0], [100.0], sample_rate=44100)
    >>> round(float(gain[0, -1]), 3)
    -15.0
    """
    attack, release = (
        np.where(
            time_ms < _SHORTEST_MS,
            0.0,
            np.exp(-2000 * np.pi / (np.maximum(time_ms, _SHORTEST_MS) * sample_rate)),
        ).astype(np.float32)
        for time_ms in (np.asarray(attack_ms, float), np.asarray(release_ms, float))
    )
    envelopes = np.empty((signal.size // every, attack.size), np.float32)
    _follow(np.asarray(signal, np.float32), attack, release, every, envelopes)
    level = 20 * np.log10(np.maximum(envelopes.T, np.finfo(np.float32).tiny), dtype=np.float64)
    over = np.maximum(level - np.asarray(threshold_db, float)[:, None], 0.0)
    return (1 / np.asarray(ratio, float)[:, None] - 1) * over
