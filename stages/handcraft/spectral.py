"""Spectra of one clip, and what of its timbre is measured."""

from __future__ import annotations

from functools import lru_cache

import librosa
import numpy as np
import scipy.fft

MINIMUM_POWER = 1e-10  # in dB: the floor of MFCCs does not follow the clip's own maximum


def magnitudes(signal: np.ndarray, *, frame: int, hop: int) -> np.ndarray:
    """Return the magnitude spectrum of every frame, under a Hann window.

    Parameters
    ----------
    signal : ndarray, shape (samples,), float32
    frame, hop : int, samples

    Returns
    -------
    ndarray, shape (1 + samples // hop, frame // 2 + 1), float32
        Frame t is centred on sample t * hop; beyond the signal's ends lie zeros.
    """
    padded = np.pad(signal, (frame // 2, frame - frame // 2))
    frames = np.lib.stride_tricks.sliding_window_view(padded, frame)[::hop]
    return np.abs(scipy.fft.rfft(frames * hann(frame)))


@lru_cache(maxsize=4)
def hann(frame: int) -> np.ndarray:
    """Return the periodic Hann window, float32."""
    return librosa.filters.get_window("hann", frame).astype(np.float32)


def centroid_and_variance(
    magnitude: np.ndarray, *, sample_rate: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return each frame's spectral centroid and the variance around it; 0 in silence.

    Parameters
    ----------
    magnitude : ndarray, shape (frames, bins)
    sample_rate : int, Hz

    Returns
    -------
    centroid : ndarray, shape (frames,), float64, Hz
    variance : ndarray, shape (frames,), float64, Hz squared
    """
    frequency = np.linspace(0.0, sample_rate / 2, magnitude.shape[1])
    powers = np.stack([np.ones_like(frequency), frequency, frequency**2], axis=1)
    total, first, second = (magnitude.astype(np.float64) @ powers).T
    total = np.where(total > 0, total, 1.0)
    centroid = first / total
    return centroid, np.maximum(second / total - centroid**2, 0.0)


def mfcc_means(
    magnitude: np.ndarray, *, sample_rate: int, mel_bands: int, count: int
) -> np.ndarray:
    """Return the means over time of the first mel-frequency cepstral coefficients.

    The cosine transform is linear: the mean of the coefficients is that of the mean mel spectrum.

    Parameters
    ----------
    magnitude : ndarray, shape (frames, bins), float32
    sample_rate : int, Hz
    mel_bands, count : int

    Returns
    -------
    ndarray, shape (count,), dB
    """
    filters = _mel_filters(sample_rate, 2 * (magnitude.shape[1] - 1), mel_bands)
    mel = np.square(magnitude) @ filters.T
    level = 10 * np.log10(np.maximum(mel, MINIMUM_POWER)).mean(axis=0, dtype=np.float64)
    return scipy.fft.dct(level, norm="ortho")[:count]


@lru_cache(maxsize=4)
def _mel_filters(sample_rate: int, frame: int, bands: int) -> np.ndarray:
    return librosa.filters.mel(sr=sample_rate, n_fft=frame, n_mels=bands)
