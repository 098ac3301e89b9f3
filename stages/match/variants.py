"""What happens to a compressed loop before it reaches a user as a reference."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import soundfile
import soxr

from stages.common.audio import FULL_SCALE, quantise

_SHIFT_SECONDS = 0.01
_QUIETER = np.float32(10 ** (-6 / 20))
_OTHER_RATE = 48000
# Of libsndfile, from 0 (largest file) to 1: on rendered drum loops of 4 s at 44.1 kHz they give
# MP3 files of 130 kbit/s, and Ogg files of between 111 and 144.
_MP3_LEVEL = 0.65
_OGG_LEVEL = 0.25


def as_24_bits(clip: np.ndarray, sample_rate: int) -> np.ndarray:
    """Round to 24 bits."""
    return ((quantise(clip) >> 8) / FULL_SCALE).astype(np.float32)


def as_16_bits(clip: np.ndarray, sample_rate: int) -> np.ndarray:
    """Round to 16 bits, without dither."""
    steps = np.clip(np.rint(clip * 2**15), -(2**15), 2**15 - 1)
    return (steps / 2**15).astype(np.float32)


def quieter(clip: np.ndarray, sample_rate: int) -> np.ndarray:
    """Turn down by 6 dB."""
    return as_24_bits(clip * _QUIETER, sample_rate)


def later(clip: np.ndarray, sample_rate: int) -> np.ndarray:
    """Put 10 ms of silence in front."""
    silence = np.zeros(round(_SHIFT_SECONDS * sample_rate), np.float32)
    return as_24_bits(np.concatenate([silence, clip]), sample_rate)


def resampled(clip: np.ndarray, sample_rate: int) -> np.ndarray:
    """Resample to 48 kHz, round, and resample back."""
    there = as_24_bits(soxr.resample(clip, sample_rate, _OTHER_RATE), sample_rate)
    return as_24_bits(soxr.resample(there, _OTHER_RATE, sample_rate), sample_rate)


def mp3(clip: np.ndarray, sample_rate: int) -> np.ndarray:
    """Code as MP3 of 128 kbit/s, constant, and decode."""
    return _coded(clip, sample_rate, "MP3", "MPEG_LAYER_III", _MP3_LEVEL, "CONSTANT")


def ogg(clip: np.ndarray, sample_rate: int) -> np.ndarray:
    """Code as Ogg Vorbis of the quality nearest to 128 kbit/s, and decode."""
    return _coded(clip, sample_rate, "OGG", "VORBIS", _OGG_LEVEL, None)


def _coded(
    clip: np.ndarray, rate: int, kind: str, subtype: str, level: float, mode: str | None
) -> np.ndarray:
    memory = io.BytesIO()
    options = {"compression_level": level, "bitrate_mode": mode}
    with soundfile.SoundFile(memory, "w", rate, 1, subtype=subtype, format=kind, **options) as file:
        file.write(clip)
    memory.seek(0)
    return soundfile.read(memory, dtype="float32")[0]


VARIANTS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "24 bit": as_24_bits,
    "16 bit": as_16_bits,
    "-6 dB": quieter,
    "10 ms later": later,
    "to 48 kHz and back": resampled,
    "MP3, 128 kbit/s": mp3,
    "Ogg, 128 kbit/s": ogg,
}
