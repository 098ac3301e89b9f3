"""Measurements of an event's release: what the release time of a compressor changes."""

from __future__ import annotations

import numpy as np

from stages.handcraft.envelope.attack import SMALLEST_DB
from stages.handcraft.envelope.times import fall_time
from stages.handcraft.events import DECAYED, Event
from stages.handcraft.rms_curve import decibels


def release(envelopes: np.ndarray, event: Event, *, frame_ms: float) -> dict[str, np.ndarray]:
    """Measure how an event ends.

    Parameters
    ----------
    envelopes : ndarray, shape (n, frames)
        Of n clips of the loop.
    event : Event
    frame_ms : float
        Time from frame to frame.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        `decay_time` from a clip's maximum until it is 20 dB below, or the next onset, ms;
        `mean_amplitude` and `slope` of the level, dB per second, from the event's peak until it
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


def gain_fall_time(reduction: np.ndarray, event: Event, *, frame_ms: float) -> np.ndarray:
    """Return the time in which the gain reduction falls to 37 % of its maximum in the event.

    Parameters
    ----------
    reduction : ndarray, shape (n, frames), dB
    event : Event
    frame_ms : float

    Returns
    -------
    ndarray, shape (n,), ms
        NaN where the maximum is below 0.5 dB, or the loop ends before.
    """
    falling = reduction[:, event.onset :]
    peaks = falling[:, : event.end - event.onset].argmax(axis=1)
    duration = fall_time(falling, peaks, np.exp(-1.0))
    height = np.take_along_axis(falling, peaks[:, None], axis=1)[:, 0]
    ended = duration >= falling.shape[1] - 1 - peaks
    return np.where(ended | (height < SMALLEST_DB), np.nan, duration * frame_ms)
