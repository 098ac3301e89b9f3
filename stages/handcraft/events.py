"""The events of a dry loop: where to look in all of its compressed clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DECAYED = 0.1  # 20 dB below the peak


@dataclass(frozen=True)
class Event:
    """One note of a dry loop, in frames: its attack from onset to peak, its release from there on.

    Attributes
    ----------
    onset : int
    peak : int
    decayed : int
        Where the envelope is 20 dB below its peak, or the last frame before the next onset.
    end : int
        The next onset, or the number of frames.
    """

    onset: int
    peak: int
    decayed: int
    end: int


def find_events(onsets: np.ndarray, envelopes: Sequence[np.ndarray]) -> list[Event]:
    """Find the peak and the decay after every onset.

    Parameters
    ----------
    onsets : ndarray of frames, ascending
    envelopes : sequence of ndarray, shape (frames,)
        Of the dry loop, one for each onset.
    """
    events = []
    ends = np.append(onsets[1:], len(envelopes[0]))
    for onset, end, envelope in zip(onsets.tolist(), ends.tolist(), envelopes, strict=True):
        peak = onset + int(envelope[onset:end].argmax())
        low = np.flatnonzero(envelope[peak:end] <= DECAYED * envelope[peak])
        events.append(Event(onset, peak, peak + int(low[0]) if len(low) else end - 1, end))
    return events


def sounding_notes(onsets: np.ndarray, envelopes: np.ndarray) -> np.ndarray:
    """Return, for every onset, the note that is loudest until the next.

    Parameters
    ----------
    onsets : ndarray of frames, ascending
    envelopes : ndarray, shape (notes, frames)
        Of the dry loop's notes.
    """
    return np.maximum.reduceat(envelopes, onsets, axis=1).argmax(axis=0)
