"""Measurements of an event's attack: what the attack time of a compressor changes."""

from __future__ import annotations

import numpy as np

from stages.handcraft.envelope.times import rise_time
from stages.handcraft.events import Event
from stages.handcraft.rms_curve import decibels

SETTLED_MS = (50.0, 150.0)  # after the peak
SMALLEST_DB = 0.5  # of a rise of the gain reduction: less is no answer to the event


def attack(envelopes: np.ndarray, event: Event, *, frame_ms: float) -> dict[str, np.ndarray]:
    """Measure how an event begins.

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
        `rise_time` from 10 to 90 %, ms; `mean_amplitude` from the event's onset to its peak;
        `overshoot` of the clip's maximum over the mean of the 50 to 150 ms after the event's peak,
        dB. NaN where a clip is silent or does not rise, or the loop ends within 50 ms.
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


def gain_rise_time(reduction: np.ndarray, event: Event, *, frame_ms: float) -> np.ndarray:
    """Return the time in which the gain reduction goes from 10 to 63 % of its maximum.

    Parameters
    ----------
    reduction : ndarray, shape (n, frames), dB
    event : Event
    frame_ms : float

    Returns
    -------
    ndarray, shape (n,), ms; NaN where it rises by less than 0.5 dB
    """
    rising = reduction[:, event.onset : event.end]
    small = rising.max(axis=1) - rising[:, 0] < SMALLEST_DB
    return np.where(small, np.nan, rise_time(rising, 0.1, 0.63) * frame_ms)
