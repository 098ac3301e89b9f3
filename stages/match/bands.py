"""A signal split into bands that add up to it, without phase shift.

Lossy coding leaves much of a signal in some bands and little in others. A gain that changes slowly
against a band's response goes through the split: the bands of the product are the products of the
bands, and each can be believed as far as it deserves.
"""

from __future__ import annotations

import numpy as np
import scipy.fft

_EDGES_HZ = (900.0, 2200.0, 4500.0, 8500.0, 15000.0)
_TRANSITION = 0.3  # width of the transition from band to band, as a share of its frequency


def split(signal: np.ndarray, *, sample_rate: int) -> np.ndarray:
    """Split a signal into bands.

    Parameters
    ----------
    signal : ndarray, shape (samples,), float64
    sample_rate : int, Hz

    Returns
    -------
    ndarray, shape (bands, samples), float32
        Their sum is the signal, to rounding.
    """
    edges = [edge for edge in _EDGES_HZ if edge < 0.4 * sample_rate]
    length = scipy.fft.next_fast_len(signal.size + sample_rate // 100, real=True)
    spectrum = scipy.fft.rfft(signal.astype(np.float32), length)
    frequency = scipy.fft.rfftfreq(length, 1 / sample_rate)
    bands = np.empty((len(edges) + 1, signal.size), np.float32)
    below = np.zeros(frequency.size, np.float32)
    for band in range(len(bands)):
        above = _low_pass(frequency, edges[band]) if band < len(edges) else np.ones_like(below)
        bands[band] = scipy.fft.irfft(spectrum * (above - below), length)[: signal.size]
        below = above
    return bands


def _low_pass(frequency: np.ndarray, edge: float) -> np.ndarray:
    """Return 1 below the edge and 0 above, with a raised cosine in between."""
    place = np.clip((frequency / edge - 1) / _TRANSITION, -0.5, 0.5)
    return (0.5 - 0.5 * np.sin(np.pi * place)).astype(np.float32)
