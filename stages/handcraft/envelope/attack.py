"""Measurements of an event's attack: what the attack time of a compressor changes."""

from __future__ import annotations

import numpy as np

from stages.handcraft.envelope.times import rise_time
from stages.handcraft.events import Event
from stages.handcraft.rms_curve import decibels

SETTLED_MS = (50.0, 150.0)  # after the peak
SMALLEST_RISE_DB = 0.5  # of the gain reduction: less is not the compressor's answer to the event


def note_attack(envelopes: np.ndarray, event: Event, *, frame_ms: float) -> dict[str, np.ndarray]:
    """Measure how the event's note begins.

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
        `rise_time` from 10 to 90 %, ms; `mean_amplitude` from the onset to the peak; `overshoot`
        of the peak over the mean of the 50 to 150 ms that follow, dB. NaN where the note does not
        rise, or the loop ends within 50 ms.
    """
    rising = envelopes[:, event.note, event.onset : event.end]
    peak = rising.argmax(axis=1)
    silent = rising.max(axis=1) <= 0
    until_peak = np.arange(rising.shape[1]) <= peak[:, None]
    whole = envelopes[:, event.note]
    after = np.arange(whole.shape[1]) - (event.onset + peak)[:, None]
    settled = (after >= SETTLED_MS[0] / frame_ms) & (after <= SETTLED_MS[1] / frame_ms)
    overshoot = decibels(rising.max(axis=1)) - decibels(_mean(whole, settled))
    return {
        "rise_time": rise_time(rising, 0.1, 0.9) * frame_ms,
        "mean_amplitude": np.where(silent, np.nan, _mean(rising, until_peak)),
        "overshoot": np.where(silent, np.nan, overshoot),
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
    small = rising.max(axis=1) - rising[:, 0] < SMALLEST_RISE_DB
    return np.where(small, np.nan, rise_time(rising, 0.1, 0.63) * frame_ms)


def _mean(curves: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return each curve's mean over its chosen frames, NaN where there are none."""
    count = chosen.sum(axis=1)
    total = np.where(chosen, curves, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
