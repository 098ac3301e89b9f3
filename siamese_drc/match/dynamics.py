"""The dynamics of a recording independent of its level: loudness, and the model's input features.

Levels are in dB of the mean power of frames of 1.45 ms, relative to the recording's loudness
(BS.1770), so that a constant gain does not change the features. So are thresholds.
"""

from __future__ import annotations

import warnings
from itertools import pairwise

import numpy as np

_BLOCK_S = 0.4  # a gating block of BS.1770

_FRAME_S = 64 / 44100
_FLOOR_DB = -60.0  # below the loudness: silence between notes counts as this
_QUANTILES = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 1.0)
_WINDOWS = (1, 4, 16, 64)  # frames
# Place of the quantiles of the peaks among the features
PEAKS = slice(len(_WINDOWS) * len(_QUANTILES), (len(_WINDOWS) + 1) * len(_QUANTILES))
_LAGS = (1, 2, 4, 8, 16, 32, 64, 128, 256)  # frames
_CHANGE_QUANTILES = (0.01, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 0.99)
_ACTIVE_DB = -30.0  # changes count from frames that are louder than this
_AFTER_ONSET = (0, 1, 2, 3, 5, 7, 10, 14, 20, 28, 40, 56, 80, 112, 160, 224)  # frames
_ONSET_QUANTILES = (0.25, 0.5, 0.75)
_ONSETS = 32
_RISE_DB = 3.0  # over four frames
_APART = 48  # frames
_BANDS_HZ = (150.0, 600.0, 2400.0, 8000.0)  # their edges


def loudness_lufs(signal: np.ndarray, *, sample_rate: int) -> float:
    """Return the integrated loudness of a mono signal, LUFS; minus infinity of silence.

    A signal, shape (samples,), shorter than four gating blocks is repeated to their length, as a
    loop is. The absolute gate is applied at a peak of 1, so that quiet recordings have a loudness,
    and a gain changes it by that gain.

    References
    ----------
    ITU-R BS.1770-4, annex 1.

    Examples
    --------
    >>> sine = np.sin(2 * np.pi * 997 * np.arange(48000) / 48000)
    >>> round(loudness_lufs(sine, sample_rate=48000))
    -3
    """
    import pyloudnorm  # imports scipy.signal, which takes 0.7 s

    shortest = int(np.ceil(4 * _BLOCK_S * sample_rate))
    if signal.size < shortest:
        signal = np.tile(signal, -(-shortest // signal.size))
    with warnings.catch_warnings():  # about silence, which the return value tells
        warnings.simplefilter("ignore", RuntimeWarning)
        meter = pyloudnorm.Meter(sample_rate, block_size=_BLOCK_S)
        peak = float(np.abs(signal).max()) or 1.0
        loudness = meter.integrated_loudness(signal.astype(np.float64) / peak)
        return float(loudness) + 20 * np.log10(peak)


def dynamics(signal: np.ndarray, *, sample_rate: int) -> np.ndarray:
    """Return features of the dynamics of a recording, shape (features,), float32, tens of dB.

    Quantiles of the level over several windows; of the peaks; of the changes of the level over
    several lags; the level after onsets; the same quantiles of five bands. The signal, shape
    (samples,), is not silent.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(0, 0.1, 44100)
    >>> features = dynamics(noise, sample_rate=44100)
    >>> features.shape
    (200,)
    >>> bool(np.allclose(features, dynamics(0.5 * noise, sample_rate=44100), atol=1e-3))
    True
    """
    loudness = loudness_lufs(signal, sample_rate=sample_rate)
    frame = max(round(_FRAME_S * sample_rate), 1)
    framed = frames(signal, frame).astype(np.float64)
    power = np.mean(framed**2, axis=1)
    level = _relative_db(power, loudness)
    parts = [
        *(np.quantile(_smoothed(power, size, loudness), _QUANTILES) for size in _WINDOWS),
        np.quantile(_relative_db(np.max(framed**2, axis=1), loudness), _QUANTILES),
        *(_changes(level, lag) for lag in _LAGS),
        _after_onsets(level),
        *_of_bands(signal, loudness, sample_rate, frame),
    ]
    return np.concatenate(parts).astype(np.float32) / 10


def frames(signal: np.ndarray, size: int) -> np.ndarray:
    """Return the whole frames of a signal (..., samples), shape (..., frames, size).

    Examples
    --------
    >>> frames(np.arange(7), 3)
    array([[0, 1, 2],
           [3, 4, 5]])
    """
    count = signal.shape[-1] // size
    return signal[..., : count * size].reshape(*signal.shape[:-1], count, size)


def relative(settings: np.ndarray, loudness: float) -> np.ndarray:
    """Return settings (..., 4) whose threshold is in dB above a loudness in LUFS."""
    return settings - np.array([loudness, 0.0, 0.0, 0.0])


def absolute(settings: np.ndarray, loudness: float) -> np.ndarray:
    """Undo `relative`: the threshold in dBFS, at most 0, the compressor's highest."""
    settings = relative(settings, -loudness)
    settings[..., 0] = np.minimum(settings[..., 0], 0.0)
    return settings


def _relative_db(power: np.ndarray, loudness: float) -> np.ndarray:
    return np.maximum(10 * np.log10(power + 1e-20) - loudness, _FLOOR_DB)


def _smoothed(power: np.ndarray, size: int, loudness: float) -> np.ndarray:
    """Return the level of the mean power of `size` frames, at every frame."""
    sums = np.cumsum(np.concatenate([[0.0], power]))
    size = min(size, power.size)
    return _relative_db(np.maximum(sums[size:] - sums[:-size], 0) / size, loudness)


def _changes(level: np.ndarray, lag: int) -> np.ndarray:
    """Return quantiles of the change over a lag, where the louder end is not silence."""
    before, after = level[:-lag], level[lag:]
    active = np.maximum(before, after) > _ACTIVE_DB
    if not active.any():
        return np.zeros(len(_CHANGE_QUANTILES))
    return np.quantile((after - before)[active], _CHANGE_QUANTILES)


def _after_onsets(level: np.ndarray) -> np.ndarray:
    """Return the level after the steepest rises, relative to each one's highest: quantiles."""
    from scipy.signal import find_peaks

    last = _AFTER_ONSET[-1]
    rise = level[4:-last] - level[: -last - 4]
    places, found = find_peaks(rise, height=_RISE_DB, distance=_APART)
    onsets = places[np.argsort(-found["peak_heights"], kind="stable")][:_ONSETS]
    if not onsets.size:
        return np.zeros(len(_AFTER_ONSET) * len(_ONSET_QUANTILES))
    curves = level[onsets[:, np.newaxis] + 4 + np.array(_AFTER_ONSET)]
    curves -= curves[:, :4].max(axis=1, keepdims=True)
    return np.quantile(curves, _ONSET_QUANTILES, axis=0).ravel()


def _of_bands(
    signal: np.ndarray, loudness: float, sample_rate: int, frame: int
) -> list[np.ndarray]:
    """Return quantiles of the level of each band, a Butterworth filter's."""
    from scipy.signal import butter, sosfilt

    edges = [edge for edge in _BANDS_HZ if edge < 0.45 * sample_rate]
    bands = [(edges[0], "lowpass"), *((pair, "bandpass") for pair in pairwise(edges))]
    bands.append((edges[-1], "highpass"))
    found = []
    for cut, kind in bands:
        filters = butter(2, cut, kind, fs=sample_rate, output="sos")
        power = np.mean(frames(sosfilt(filters, signal), frame) ** 2, axis=1)
        found.append(np.quantile(_smoothed(power, 4, loudness), _QUANTILES))
    missing = len(_BANDS_HZ) - len(edges)
    return [*found, *[np.full(len(_QUANTILES), _FLOOR_DB)] * missing]
