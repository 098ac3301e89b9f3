"""Simple statistics of a clip's input beside the dry loop's: features without a network."""

from __future__ import annotations

import numpy as np

FRAME = 64  # samples, of a waveform's levels


def difference_statistics(dry: np.ndarray, compressed: np.ndarray) -> np.ndarray:
    """Return the mean and the deviation over time of dry minus compressed, for each band.

    What a forest makes of them is a baseline of every learnt embedding. `dry` is a spectrogram in
    dB, (bands, frames), or a waveform, (samples,), whose levels (RMS, dB) in frames of 64 samples
    are one band; `compressed`, (clips, *dry.shape). The result is (clips, 2 * bands), float32.

    Examples
    --------
    >>> dry = np.array([[0.0, 2.0]])
    >>> difference_statistics(dry, np.array([[[-1.0, -1.0]]])).tolist()
    [[2.0, 1.0]]
    """
    if dry.ndim == 1:
        dry, compressed = _levels_db(dry)[None], _levels_db(compressed)[:, None]
    rows = []
    for clip in compressed:
        difference = dry.astype(np.float32) - clip.astype(np.float32)
        rows.append([difference.mean(axis=-1), difference.std(axis=-1)])
    return np.array(rows, np.float32).reshape(len(compressed), -1)


def _levels_db(waveforms: np.ndarray) -> np.ndarray:
    """(..., samples) -> (..., frames)."""
    frames = waveforms.shape[-1] // FRAME
    framed = waveforms[..., : frames * FRAME].reshape(*waveforms.shape[:-1], frames, FRAME)
    return 10 * np.log10(np.square(framed.astype(np.float32)).mean(axis=-1) + 1e-10)
