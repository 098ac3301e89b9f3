"""Magnitude spectra of a signal, and the measurements of its timbre."""

from __future__ import annotations

import numpy as np

from siamese_drc.inputs.spectrogram import hann_window, mel_filters

MINIMUM_POWER = 1e-10  # the floor of the mel levels does not depend on the clip's own maximum


def magnitudes(signal: np.ndarray, *, frame: int, hop: int) -> np.ndarray:
    """Return the magnitude spectrum of every frame, with a Hann window, float32.

    The shape is (1 + samples // hop, frame // 2 + 1). Frame t is centred on sample t * hop; beyond
    the signal's ends lie zeros.
    """
    from scipy.fft import rfft

    padded = np.pad(signal, (frame // 2, frame - frame // 2))
    frames = np.lib.stride_tricks.sliding_window_view(padded, frame)[::hop]
    return np.abs(rfft(frames * hann_window(frame)))


def centroid_and_variance(
    magnitude: np.ndarray, *, sample_rate: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return each frame's spectral centroid, Hz, and the variance around it, Hz squared.

    `magnitude` has the shape (frames, bins), the results (frames,), float64. They are 0 in silence.
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
    """Return the means over time of the first mel-frequency cepstral coefficients, (count,), dB.

    The cosine transform is linear: the mean of the coefficients is that of the mean mel spectrum.
    `magnitude` has the shape (frames, bins).
    """
    from scipy.fft import dct

    filters = mel_filters(sample_rate, 2 * (magnitude.shape[1] - 1), mel_bands).toarray()
    mel = np.square(magnitude) @ filters.T
    level = 10 * np.log10(np.maximum(mel, MINIMUM_POWER)).mean(axis=0, dtype=np.float64)
    return dct(level, norm="ortho")[:count]
