"""What can happen to a compressed clip before anybody compares it with its dry loop."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO

import numpy as np
import soundfile

from siamese_drc.compressor.compressor import compress
from siamese_drc.compressor.settings import Settings

_TILT_HZ = 1000.0
_LIMITER = {"ratio": [100.0], "attack_ms": [0.1], "release_ms": [50.0]}


def changed(
    clips: np.ndarray,
    *,
    sample_rate: int,
    delay_ms: float = 0.0,
    tilt_db: float = 0.0,
    limit_db: float = 0.0,
    mp3_level: float | None = None,
) -> np.ndarray:
    """Return clips (n, samples), float32, after each change that is asked for, in this order.

    Parameters
    ----------
    clips : ndarray, shape (n, samples), float32, full scale 1.0
    sample_rate : int, Hz
    delay_ms : float
        The clips are late by this; what is moved beyond the end is lost.
    tilt_db : float
        A tone control of first order around 1 kHz: the highest frequencies are louder by half of
        this, the lowest quieter by half of it.
    limit_db : float
        A limiter (ratio 100, 0.1 ms, 50 ms) this far below the peak of each clip.
    mp3_level : float, optional
        Coded as MP3 at a constant bit rate, from 0 (largest file) to 0.9 (libsndfile's compression
        level), and decoded. At other rates than 8, 16, 22.05, 24, 32, 44.1 and 48 kHz libsndfile
        changes the length, or fails.

    Examples
    --------
    >>> clips = np.array([[1.0, 0.5, 0.25, 0.0]], np.float32)
    >>> changed(clips, sample_rate=1000, delay_ms=2)
    array([[0. , 0. , 1. , 0.5]], dtype=float32)
    """
    clips = delayed(clips, round(delay_ms * sample_rate / 1000))
    if tilt_db:
        clips = _tilted(clips, tilt_db, sample_rate)
    if limit_db:
        clips = np.stack([_limited(clip, limit_db, sample_rate) for clip in clips])
    if mp3_level is not None:
        clips = np.stack([_coded(clip, mp3_level, sample_rate) for clip in clips])
    return clips


def delayed(clips: np.ndarray, delay: int) -> np.ndarray:
    """Return clips that are late by `delay` samples (early where it is below 0).

    Silence fills the gap, and what is moved beyond the end is lost. The shape of the clips is
    (*batch, samples); the delay must be shorter.
    """
    samples = clips.shape[-1]
    moved = np.zeros_like(clips)
    kept = clips[..., max(-delay, 0) : samples - max(delay, 0)]
    moved[..., max(delay, 0) : samples + min(delay, 0)] = kept
    return moved


def _tilted(clips: np.ndarray, tilt_db: float, sample_rate: int) -> np.ndarray:
    """Filter by (g s + w) / (s + g w), of gain 1 / g below w and g above."""
    from scipy.signal import bilinear, lfilter  # takes 0.7 s

    gain, omega = 10 ** (tilt_db / 40), 2 * np.pi * _TILT_HZ
    filter_ = bilinear([gain, omega], [1.0, gain * omega], sample_rate)
    return lfilter(*filter_, clips).astype(np.float32)


def _limited(clip: np.ndarray, limit_db: float, sample_rate: int) -> np.ndarray:
    peak = np.abs(clip).max()
    if peak == 0:
        return clip
    limiter = Settings([-limit_db], **_LIMITER)
    return compress(clip / peak, limiter, sample_rate=sample_rate)[0] * peak


def write_mp3(target: Path | IO[bytes], clip: np.ndarray, level: float, sample_rate: int) -> None:
    """Write a clip as MP3 at a constant bit rate; the levels are those of `changed`."""
    options = {"format": "MP3", "compression_level": level, "bitrate_mode": "CONSTANT"}
    soundfile.write(target, clip, sample_rate, **options)


def _coded(clip: np.ndarray, level: float, sample_rate: int) -> np.ndarray:
    memory = io.BytesIO()
    write_mp3(memory, clip, level, sample_rate)
    memory.seek(0)
    return soundfile.read(memory, dtype="float32")[0]
