"""By ear's stand-ins: how far a compressed loop is from what it should sound like."""

from __future__ import annotations

import librosa
import librosa.util.utils  # compiles now: two workers at once would spoil numba's cache
import numpy as np
import pyloudnorm

from stages.match.loudness import loudness_lufs

_MFCCS = 13
_FRAME = 64  # samples
_SILENCE = 1e-9  # power: what is quieter has no gain that could be heard


def gain_curve_difference_db(output: np.ndarray, wanted: np.ndarray) -> float:
    """Return the rms, over frames, of the difference of the gains of one dry loop's versions."""
    size = output.size // _FRAME * _FRAME
    powers = np.square(np.stack([output, wanted])[:, :size]).reshape(2, -1, _FRAME).mean(axis=-1)
    levels = 10 * np.log10(powers + _SILENCE)
    return float(np.sqrt(np.mean((levels[0] - levels[1]) ** 2)))


def crest_factor_db(signal: np.ndarray) -> float:
    """Return peak over rms."""
    return float(20 * np.log10(np.abs(signal).max() / np.sqrt(np.mean(signal.astype(float) ** 2))))


def loudness_range_lu(signal: np.ndarray, *, sample_rate: int) -> float:
    """Return the loudness range by EBU Tech 3342, of the loop played until 12 s are full."""
    repeated = np.tile(signal, -(-12 * sample_rate // signal.size))
    return float(pyloudnorm.Meter(sample_rate).loudness_range(repeated.astype(np.float64)))


def mfcc_distance(signal: np.ndarray, reference: np.ndarray, *, sample_rate: int) -> float:
    """Return the Euclidean distance of the mean MFCCs, both signals at one loudness."""
    means = []
    for one in (signal, reference):
        gain = 10 ** ((-23 - loudness_lufs(one, sample_rate=sample_rate)) / 20)
        mfcc = librosa.feature.mfcc(y=one * np.float32(gain), sr=sample_rate, n_mfcc=_MFCCS)
        means.append(mfcc.mean(axis=1))
    return float(np.linalg.norm(means[0] - means[1]))
