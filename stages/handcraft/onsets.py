"""Where the notes of a dry loop begin."""

from __future__ import annotations

import librosa
import librosa.util.utils  # compiles now: two workers at once would spoil numba's cache
import numpy as np

# librosa compares with what was before: silence is put there, or a first hit would not be seen.
LEAD_SECONDS = 0.2


def find_onsets(signal: np.ndarray, curve: np.ndarray, *, sample_rate: int, hop: int) -> np.ndarray:
    """Find onsets by librosa's detector, each moved back to where the level began to rise.

    Parameters
    ----------
    signal : ndarray, shape (samples,), float32
    curve : ndarray, shape (frames,)
        The signal's RMS curve, on whose minima the onsets fall.
    sample_rate : int, Hz
    hop : int, samples

    Returns
    -------
    ndarray, shape (at least 1,), int
        Frames, ascending, each once; frame 0 where no onset is found.
    """
    lead = round(LEAD_SECONDS * sample_rate / hop)
    found = librosa.onset.onset_detect(
        y=np.pad(signal, (lead * hop, 0)),
        sr=sample_rate,
        hop_length=hop,
        backtrack=True,
        energy=np.pad(curve, (lead, 0)),
    )
    onsets = np.unique(np.maximum(found.astype(int) - lead, 0))
    return onsets if len(onsets) else np.zeros(1, int)
