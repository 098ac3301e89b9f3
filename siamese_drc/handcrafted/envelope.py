"""How envelopes and the gain reduction rise and fall at an event: where attack and release show.

All functions measure n curves at once, shape (n, frames), whose frames are `frame_ms` apart;
between two frames, a curve is a straight line. A measurement that an event does not allow is NaN.
"""

from __future__ import annotations

import numpy as np

from siamese_drc.handcrafted.levels import decibels
from siamese_drc.handcrafted.notes import DECAYED, Event

SETTLED_MS = (50.0, 150.0)  # after the peak
SMALLEST_DB = 0.5  # of a rise of the gain reduction: a smaller one is not caused by the event


def rise_time(curves: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return how long curves take from one share of their rise to another, (n,), frames.

    The rise is from a curve's first value, which need not be 0, to its maximum: at an onset the
    note before may not have ended, nor the compressor have released it. NaN without a rise.
    """
    first = curves[:, 0]
    height = curves.max(axis=1) - first
    duration = _reached(curves, first + high * height) - _reached(curves, first + low * height)
    return np.where(height > 0, duration, np.nan)


def fall_time(curves: np.ndarray, peaks: np.ndarray, share: float) -> np.ndarray:
    """Return how long curves take from their peak to a share of it, or to their last frame.

    The shape is (n,), in frames; NaN where the peak is not above 0.
    """
    height = np.take_along_axis(curves, peaks[:, None], axis=1)
    before = np.arange(curves.shape[1]) < peaks[:, None]
    falling = _reached(-np.where(before, height, curves), -share * height[:, 0])
    return np.where(height[:, 0] > 0, falling - peaks, np.nan)


def _reached(curves: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Return where curves first reach a level, in frames; their last frame where they do not."""
    reached = curves >= level[:, None]
    reached[:, -1] = True
    frame = np.argmax(reached, axis=1)
    rows = np.arange(len(curves))
    value, before = curves[rows, frame], curves[rows, np.maximum(frame - 1, 0)]
    rising = (frame > 0) & (value >= level)
    step = np.where(rising, value - before, 1.0)
    return frame - np.where(rising, (value - level) / step, 0.0)


def attack(envelopes: np.ndarray, event: Event, *, frame_ms: float) -> dict[str, np.ndarray]:
    """Return measurements of how an event begins, shape (n,).

    `rise_time` is from 10 to 90 %, ms; `mean_amplitude` from the event's onset to its peak;
    `overshoot`, dB, is that of the clip's maximum over the mean of the 50 to 150 ms after the
    event's peak. NaN where a clip is silent or does not rise, or the loop ends within 50 ms.
    """
    rising = envelopes[:, event.onset : event.end]
    highest = rising.max(axis=1)
    first, last = (event.peak + after / frame_ms for after in SETTLED_MS)
    settled = envelopes[:, int(np.ceil(first)) : int(last) + 1]
    overshoot = np.full(len(envelopes), np.nan)
    if settled.shape[1]:
        overshoot = decibels(highest) - decibels(settled.mean(axis=1))
    mean_amplitude = envelopes[:, event.onset : event.peak + 1].mean(axis=1)
    return {
        "rise_time": rise_time(rising, 0.1, 0.9) * frame_ms,
        "mean_amplitude": np.where(highest > 0, mean_amplitude, np.nan),
        "overshoot": np.where(highest > 0, overshoot, np.nan),
    }


def release(envelopes: np.ndarray, event: Event, *, frame_ms: float) -> dict[str, np.ndarray]:
    """Return measurements of how an event ends, shape (n,).

    `decay_time` is from a clip's maximum until it is 20 dB below, or the next onset, ms;
    `mean_amplitude` and `slope` (of the level, dB per second) are from the event's peak until it
    has decayed. NaN where a clip is silent, or the event has no frame after its peak.
    """
    falling = envelopes[:, event.onset : event.end]
    decay_time = fall_time(falling, falling.argmax(axis=1), DECAYED) * frame_ms
    released = envelopes[:, event.peak : event.decayed + 1]
    count = released.shape[1]
    slope = np.full(len(envelopes), np.nan)
    if count > 1:
        frame = np.arange(count) - (count - 1) / 2
        per_frame = (decibels(released) * frame).sum(axis=1) / np.square(frame).sum()
        slope = per_frame * 1000 / frame_ms
    silent = np.isnan(decay_time)
    return {
        "decay_time": decay_time,
        "mean_amplitude": np.where(silent, np.nan, released.mean(axis=1)),
        "slope": np.where(silent, np.nan, slope),
    }


def gain_rise_time(reduction: np.ndarray, event: Event, *, frame_ms: float) -> np.ndarray:
    """Return the time in which the gain reduction goes from 10 to 63 % of its maximum, (n,), ms.

    NaN where it rises by less than 0.5 dB.
    """
    rising = reduction[:, event.onset : event.end]
    small = rising.max(axis=1) - rising[:, 0] < SMALLEST_DB
    return np.where(small, np.nan, rise_time(rising, 0.1, 0.63) * frame_ms)


def gain_fall_time(reduction: np.ndarray, event: Event, *, frame_ms: float) -> np.ndarray:
    """Return the time in which the gain reduction falls to 37 % of its maximum, (n,), ms.

    From the maximum in the event; NaN where it is below 0.5 dB, or the loop ends before.
    """
    falling = reduction[:, event.onset :]
    peaks = falling[:, : event.end - event.onset].argmax(axis=1)
    duration = fall_time(falling, peaks, np.exp(-1.0))
    height = np.take_along_axis(falling, peaks[:, None], axis=1)[:, 0]
    ended = duration >= falling.shape[1] - 1 - peaks
    return np.where(ended | (height < SMALLEST_DB), np.nan, duration * frame_ms)
