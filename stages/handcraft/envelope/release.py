"""Measurements of an event's release: what the release time of a compressor changes."""

from __future__ import annotations

import numpy as np

from stages.handcraft.envelope.attack import SMALLEST_RISE_DB
from stages.handcraft.envelope.times import fall_time
from stages.handcraft.events import Event
from stages.handcraft.rms_curve import decibels


def note_release(envelopes: np.ndarray, event: Event, *, frame_ms: float) -> dict[str, np.ndarray]:
    """Measure how the event's note ends.

    Parameters
    ----------
    envelopes : ndarray, shape (n, components, frames)
        Of the notes in n clips of the loop.
    event : Event
    frame_ms : float
        Time from frame to frame.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        The release lasts from the peak until the note is 20 dB below it or sounds again:
        `decay_time`, ms; `mean_amplitude`; `slope` of the level, dB per second. NaN where the note
        is silent.
    """
    falling = envelopes[:, event.note, event.onset : event.note_end]
    peak = falling[:, : event.end - event.onset].argmax(axis=1)
    duration = fall_time(falling, peak, 0.1)
    silent = np.isnan(duration)
    frame = np.arange(falling.shape[1])
    last = np.where(silent, peak, np.floor(peak + np.nan_to_num(duration) + 1e-9))
    within = (frame >= peak[:, None]) & (frame <= last[:, None])
    count = within.sum(axis=1)
    centred = np.where(within, frame - (np.where(within, frame, 0).sum(axis=1) / count)[:, None], 0)
    spread = np.square(centred).sum(axis=1)
    slope = (centred * decibels(falling)).sum(axis=1) / np.where(spread > 0, spread, 1.0)
    amplitude = np.where(within, falling, 0.0).sum(axis=1) / count
    return {
        "decay_time": duration * frame_ms,
        "mean_amplitude": np.where(silent, np.nan, amplitude),
        "slope": np.where(silent | (spread == 0), np.nan, slope * 1000 / frame_ms),
    }


def gain_fall_time(reduction: np.ndarray, event: Event, *, frame_ms: float) -> np.ndarray:
    """Return the time in which the gain reduction falls to 37 % of its maximum.

    Parameters
    ----------
    reduction : ndarray, shape (n, frames), dB
    event : Event
    frame_ms : float

    Returns
    -------
    ndarray, shape (n,), ms
        Until the same note sounds again where it does not fall so far; NaN where its maximum is
        below 0.5 dB.
    """
    falling = reduction[:, event.onset : event.note_end]
    within = falling[:, : event.end - event.onset]
    duration = fall_time(falling, within.argmax(axis=1), np.exp(-1.0)) * frame_ms
    return np.where(within.max(axis=1) < SMALLEST_RISE_DB, np.nan, duration)
