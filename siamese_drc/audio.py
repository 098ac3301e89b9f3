"""Audio files as arrays: 24-bit integers on disk, float32 at full scale 1.0 in memory.

A sample is stored as round(x * 2**23), clipped to 24 bits, and read back as that integer over
2**23. What comes back is exactly what was stored, so that a dry loop and its compressed versions
share one scale to the last bit.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from siamese_drc.core.errors import InputError

FULL_SCALE = 2**23


def quantise(signal: np.ndarray) -> np.ndarray:
    """Round float samples to 24 bits: int32, the value in the upper three bytes."""
    steps = signal * FULL_SCALE  # a power of two: exact in float32 too
    np.rint(steps, out=steps)
    np.clip(steps, -FULL_SCALE, FULL_SCALE - 1, out=steps)
    return steps.astype(np.int32) << 8


def write_audio(path: Path, signal: np.ndarray, sample_rate: int) -> None:
    """Write mono float samples as 24-bit WAV or FLAC, by the name's ending."""
    kind = "FLAC" if path.suffix == ".flac" else "WAV"
    soundfile.write(path, quantise(signal), sample_rate, subtype="PCM_24", format=kind)


def read_audio(
    path: Path, *, sample_rate: int, start: int = 0, samples: int | None = None
) -> np.ndarray:
    """Read mono samples as float32.

    Parameters
    ----------
    path : Path
    sample_rate : int, Hz
        The rate that the file must have.
    start, samples : int
        The part to read; `samples=None` reads to the end.

    Returns
    -------
    ndarray, shape (samples,), float32, full scale 1.0

    Raises
    ------
    InputError
        If the file is missing, cannot be decoded, is not mono, has another rate or is too short.
    """
    try:
        with soundfile.SoundFile(path) as file:
            if file.samplerate != sample_rate:
                raise InputError(
                    f"{path}: its rate is {file.samplerate} Hz, must be {sample_rate} Hz"
                )
            if file.channels != 1:
                raise InputError(f"{path}: has {file.channels} channels, must have 1")
            file.seek(min(start, file.frames))
            # libsndfile divides 24-bit samples by 2**23, which is exact in float32.
            signal = file.read(-1 if samples is None else samples, dtype="float32")
    except soundfile.LibsndfileError as error:
        raise InputError(f"{path}: cannot be read as audio ({error})") from error
    if samples is not None and len(signal) < samples:
        raise InputError(f"{path}: has {start + len(signal)} samples, must have {start + samples}")
    return signal
