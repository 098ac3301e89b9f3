"""The level of a signal over time, and by how much a compressed one lies below its dry loop."""

from __future__ import annotations

import numpy as np

FLOOR_DB = -160.0  # of silence
# Dry frames below this tell nothing about the gain: the compressed ones drown in 24-bit rounding.
AUDIBLE_DB = -90.0


def rms_curve(signal: np.ndarray, *, frame: int, hop: int) -> np.ndarray:
    """Return the root mean square of every frame.

    Parameters
    ----------
    signal : ndarray, shape (*batch, samples), float32
    frame : int, samples
    hop : int, samples, a divisor of `frame`

    Returns
    -------
    ndarray, shape (*batch, 1 + samples // hop), float64
        Frame t is centred on sample t * hop; beyond the signal's ends lie zeros.
    """
    frames, hops = 1 + signal.shape[-1] // hop, frame // hop
    around = [(0, 0)] * (signal.ndim - 1) + [(frame // 2, frame - frame // 2)]
    padded = np.pad(signal, around)[..., : (frames + hops - 1) * hop]
    parts = padded.reshape(*signal.shape[:-1], -1, hop)
    # A hop's energy counts in every frame that holds it: it is summed up once.
    energy = np.einsum("...s,...s->...", parts, parts).astype(np.float64)
    of_frame = sum(energy[..., first : first + frames] for first in range(hops))
    return np.sqrt(of_frame / frame)


def decibels(amplitude: np.ndarray) -> np.ndarray:
    """Return 20 log10 of amplitudes, dB, at least -160."""
    return 20 * np.log10(np.maximum(amplitude, 10 ** (FLOOR_DB / 20)))


def gain_reduction(dry_level: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Return by how much compressed clips lie below their dry loop.

    Parameters
    ----------
    dry_level : ndarray, shape (frames,), dB
    level : ndarray, shape (clips, frames), dB

    Returns
    -------
    ndarray, shape (clips, frames), dB
        Where the dry loop is silent, the value of the last frame in which it was not; 0 before
        the first such frame.
    """
    audible = dry_level > AUDIBLE_DB
    last = np.maximum.accumulate(np.where(audible, np.arange(len(audible)), -1))
    return np.where(last < 0, 0.0, np.take(dry_level - level, last, axis=1))
