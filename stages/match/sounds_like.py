"""By ear's stand-ins: how far a compressed loop is from what it should sound like."""

from __future__ import annotations

from dataclasses import dataclass

import librosa
import librosa.util.utils  # compiles now: two workers at once would spoil numba's cache
import numpy as np
import pyloudnorm

from stages.match.loudness import loudness_lufs

_MFCCS = 13
_FRAME = 64  # samples
_SILENCE = 1e-9  # power: what is quieter has no gain that could be heard


@dataclass(frozen=True)
class Sound:
    """What is compared of a signal."""

    levels_db: np.ndarray
    """See `levels_db`."""
    crest_factor_db: float
    loudness_range_lu: float
    mfcc: np.ndarray
    """Shape (13,): mean MFCCs at -23 LUFS."""

    @classmethod
    def of(cls, signal: np.ndarray, *, sample_rate: int) -> Sound:
        """Describe a signal, shape (samples,), full scale 1.0."""
        return cls(
            levels_db(signal),
            crest_factor_db(signal),
            loudness_range_lu(signal, sample_rate=sample_rate),
            mean_mfcc(signal, sample_rate=sample_rate),
        )


def levels_db(signal: np.ndarray) -> np.ndarray:
    """Return the level of every frame of 64 samples, dB, shape (frames,)."""
    framed = signal[: signal.size // _FRAME * _FRAME].reshape(-1, _FRAME)
    return 10 * np.log10(np.square(framed).mean(axis=-1) + _SILENCE)


def gain_curve_difference_db(levels: np.ndarray, wanted: np.ndarray) -> float:
    """Return the rms of the difference of the gains of two versions of a loop, by `levels_db`."""
    return float(np.sqrt(np.mean((levels - wanted) ** 2)))


def crest_factor_db(signal: np.ndarray) -> float:
    """Return peak over rms."""
    return float(20 * np.log10(np.abs(signal).max() / np.sqrt(np.mean(signal.astype(float) ** 2))))


def loudness_range_lu(signal: np.ndarray, *, sample_rate: int) -> float:
    """Return the loudness range by EBU Tech 3342, of the loop played until 12 s are full."""
    repeated = np.tile(signal, -(-12 * sample_rate // signal.size))
    return float(pyloudnorm.Meter(sample_rate).loudness_range(repeated.astype(np.float64)))


def mean_mfcc(signal: np.ndarray, *, sample_rate: int) -> np.ndarray:
    """Return the mean MFCCs at -23 LUFS, shape (13,): they tell timbre, and not level."""
    gain = 10 ** ((-23 - loudness_lufs(signal, sample_rate=sample_rate)) / 20)
    mfcc = librosa.feature.mfcc(y=signal * np.float32(gain), sr=sample_rate, n_mfcc=_MFCCS)
    return mfcc.mean(axis=1)
