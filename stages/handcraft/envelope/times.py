"""Rise and fall times of many curves at once, between frames by straight lines."""

from __future__ import annotations

import numpy as np


def rise_time(curves: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return how long curves take from one share of their rise to another.

    The rise is from a curve's first value to its maximum: at an onset the note before may not have
    ended, nor the compressor have let go of it.

    Parameters
    ----------
    curves : ndarray, shape (n, frames)
    low, high : float
        Shares of the rise.

    Returns
    -------
    ndarray, shape (n,), frames; NaN where a curve does not rise
    """
    first = curves[:, 0]
    height = curves.max(axis=1) - first
    duration = _reached(curves, first + high * height) - _reached(curves, first + low * height)
    return np.where(height > 0, duration, np.nan)


def fall_time(curves: np.ndarray, peaks: np.ndarray, share: float) -> np.ndarray:
    """Return how long curves take from their peak to a share of it, or to their last frame.

    Parameters
    ----------
    curves : ndarray, shape (n, frames)
    peaks : ndarray, shape (n,), the frame of each curve's peak
    share : float

    Returns
    -------
    ndarray, shape (n,), frames; NaN where the peak is not above 0
    """
    height = np.take_along_axis(curves, peaks[:, None], axis=1)
    before = np.arange(curves.shape[1]) < peaks[:, None]
    falling = _reached(-np.where(before, height, curves), -share * height[:, 0])
    return np.where(height[:, 0] > 0, falling - peaks, np.nan)


def _reached(curves: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Return where curves first reach a level, in frames; their last frame where they do not."""
    there = curves >= level[:, None]
    there[:, -1] = True
    frame = np.argmax(there, axis=1)
    rows = np.arange(len(curves))
    value, before = curves[rows, frame], curves[rows, np.maximum(frame - 1, 0)]
    rising = (frame > 0) & (value >= level)
    step = np.where(rising, value - before, 1.0)
    return frame - np.where(rising, (value - level) / step, 0.0)
