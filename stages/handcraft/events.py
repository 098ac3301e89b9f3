"""The events of a dry loop: where to look in all of its compressed clips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Event:
    """One note that begins.

    Attributes
    ----------
    note : int
        Which note of the loop's dictionary it is.
    onset : int, frame
    end : int, frame
        The next onset of any note, or the end of the loop.
    note_end : int, frame
        The next onset of the same note, or the end of the loop.
    """

    note: int
    onset: int
    end: int
    note_end: int


def find_events(onsets: np.ndarray, envelopes: np.ndarray) -> list[Event]:
    """Assign to every onset the note that rises most after it.

    Parameters
    ----------
    onsets : ndarray of frames, ascending
    envelopes : ndarray, shape (components, frames)
        Of the dry loop's notes.
    """
    last = envelopes.shape[1]
    ends = np.append(onsets[1:], last)
    notes = [
        int(np.argmax(envelopes[:, onset:end].max(axis=1) - envelopes[:, onset]))
        for onset, end in zip(onsets, ends, strict=True)
    ]
    return [
        Event(
            note,
            int(onset),
            int(end),
            next((int(onsets[j]) for j in range(i + 1, len(notes)) if notes[j] == note), last),
        )
        for i, (note, onset, end) in enumerate(zip(notes, onsets, ends, strict=True))
    ]
