"""Composed loops as if they had been played, recorded and produced elsewhere.

The composers know one library of clean sounds. What a user loads was mixed, equalised and
compressed before; a network that is to hear what the last compressor did has to learn it from
loops of which that is true: what varies at random in training is not relied on (Tobin et al.,
2017).

References
----------
J. Tobin, R. Fong, A. Ray, J. Schneider, W. Zaremba and P. Abbeel, "Domain randomization for
transferring deep neural networks from simulation to the real world", IROS 2017.
"""

from __future__ import annotations

import numpy as np
import soxr
from scipy.ndimage import uniform_filter1d
from scipy.signal import fftconvolve

from stages.compress.compressor import compress
from stages.compress.settings import Settings

_SPEEDS = (0.7, 1.4)
_LAYER_DB = (-20.0, 0.0)
_TONE_HZ = np.geomspace(40, 16000, 7)
_TONE_DB = 8.0  # standard deviation of the gains at these frequencies
_ENVELOPE_S = (0.003, 0.1)
_POWERS = (-0.4, 0.5)  # of the envelope: notes become longer below 0, shorter above
_LOWEST_POWER = 1e-6  # of the envelope: what is quieter is not turned up further
_DECAY_S = (0.08, 1.2)  # by 60 dB
_REVERB_DB = (-30.0, -3.0)
_THRESHOLD_DB = (-30.0, -6.0)
_INVERSE_RATIO = (0.2, 0.8)
_ATTACK_MS = (0.5, 50.0)
_RELEASE_MS = (20.0, 500.0)
_DRIVE_DB = (-6.0, 12.0)
_NOISE_DB = (-90.0, -45.0)


def produced(signal: np.ndarray, random: np.random.Generator, *, sample_rate: int) -> np.ndarray:
    """Put a loop through a chain of production that is drawn at random.

    Parameters
    ----------
    signal : ndarray, shape (samples,), full scale 1.0
        Not silent.
    random : Generator
    sample_rate : int, Hz

    Returns
    -------
    ndarray, shape (samples,), float32, peak 1.0
    """
    for chance, step in _CHAIN:
        if random.random() < chance:
            signal = step(signal, random, sample_rate)
            signal = signal / np.abs(signal).max()
    return signal.astype(np.float32)


def _faster(signal: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Play at another speed, and repeat or cut to the old length."""
    speed = _log_uniform(random, _SPEEDS)
    return np.resize(soxr.resample(signal, speed * sample_rate, sample_rate, "MQ"), signal.size)


def _layered(signal: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Add the loop at another speed and in another tone, begun elsewhere."""
    other = _toned(_faster(signal, random, sample_rate), random, sample_rate)
    other = np.roll(other, random.integers(other.size))
    return signal + _amplitude(random.uniform(*_LAYER_DB)) * other / np.abs(other).max()


def _toned(signal: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Equalise: gains at some frequencies, interpolated between them on a log scale."""
    gains_db = random.normal(0, _TONE_DB, _TONE_HZ.size)
    hertz = np.fft.rfftfreq(signal.size, 1 / sample_rate)
    gains_db = np.interp(np.log(np.maximum(hertz, 1)), np.log(_TONE_HZ), gains_db)
    return np.fft.irfft(np.fft.rfft(signal) * 10 ** (gains_db / 20), signal.size)


def _shaped(signal: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Multiply by a power of the envelope: hits stand out more, or less."""
    size = max(round(_log_uniform(random, _ENVELOPE_S) * sample_rate), 1)
    power = uniform_filter1d(np.square(signal, dtype=np.float64), size, mode="wrap")
    envelope = np.maximum(power / power.max(), _LOWEST_POWER)
    return signal * envelope ** (random.uniform(*_POWERS) / 2)


def _reverberant(signal: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Add a tail of decaying noise."""
    decay_s = _log_uniform(random, _DECAY_S)
    seconds = np.arange(round(decay_s * sample_rate)) / sample_rate
    response = random.standard_normal(seconds.size) * _amplitude(-60) ** (seconds / decay_s)
    response *= _amplitude(random.uniform(*_REVERB_DB)) / np.sqrt(np.sum(response**2))
    return signal + fftconvolve(signal, response)[: signal.size]


def _compressed(signal: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Compress under moderate settings: those to be found are the last compressor's."""
    settings = Settings(
        threshold_db=[random.uniform(*_THRESHOLD_DB)],
        ratio=[1 / random.uniform(*_INVERSE_RATIO)],
        attack_ms=[_log_uniform(random, _ATTACK_MS)],
        release_ms=[_log_uniform(random, _RELEASE_MS)],
    )
    return compress(signal, settings, sample_rate=sample_rate)[0]


def _saturated(signal: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Round the peaks, as tape and valves do."""
    return np.tanh(_amplitude(random.uniform(*_DRIVE_DB)) * signal)


def _noisy(signal: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Add white noise."""
    level = _amplitude(random.uniform(*_NOISE_DB))
    return signal + level * random.standard_normal(signal.size)


def _log_uniform(random: np.random.Generator, ends: tuple[float, float]) -> float:
    return float(np.exp(random.uniform(*np.log(ends))))


def _amplitude(db: float) -> float:
    return float(10 ** (db / 20))


# How often a production has each step, in their order.
_CHAIN = (
    (1.0, _faster),
    (0.3, _layered),
    (0.8, _toned),
    (0.6, _shaped),
    (0.5, _reverberant),
    (0.5, _compressed),
    (0.4, _saturated),
    (0.5, _noisy),
)
