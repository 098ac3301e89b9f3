"""Network inputs on disk: one array per loop, written and read clip by clip."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from stages.common.audio import read_audio
from stages.common.errors import InputError
from stages.common.params import Representation
from stages.spectrogram.alignment import delayed
from stages.spectrogram.gain_profiles import GainProfiler
from stages.spectrogram.representations import input_shape, represent

# Audio decoded at once: small in memory, and long beside the time to find a place in the file.
PIECE_SAMPLES = 2**21


def cache_inputs(
    source: Path,
    target: Path,
    *,
    representation: Representation,
    clips: int,
    clip_samples: int,
    sample_rate: int,
    dry: np.ndarray | None = None,
    delay: int = 0,
) -> None:
    """Write the network inputs of an audio file that holds `clips` clips back to back.

    The audio is read, transformed and written in pieces, so that memory stays small for any number
    of clips. The array is written rather than memory-mapped: a fault for every new page of a file
    takes longer than the transform.

    Parameters
    ----------
    source : Path
        Mono audio, exactly `clips * clip_samples` samples.
    target : Path
        Where the array goes: .npy, float16, shape (clips, *input shape).
    representation : Representation
    clips, clip_samples : int
    sample_rate : int, Hz
    dry : ndarray, shape (clip_samples,), float32, optional
        The loop before compression: what a representation `gain` is measured against.
    delay : int, samples
        By how much the clips are moved before they are transformed.

    Raises
    ------
    InputError
        If the audio is missing, cannot be decoded, is not mono, or has another rate or length.
    """
    _check_length(source, clips * clip_samples)
    transform: Callable[[np.ndarray], np.ndarray] = partial(
        represent, representation=representation, sample_rate=sample_rate
    )
    if representation.gain is not None:
        assert dry is not None
        transform = GainProfiler(dry, representation.gain, sample_rate=sample_rate).profiles
    header = {
        "descr": np.lib.format.dtype_to_descr(np.dtype(np.float16)),
        "fortran_order": False,
        "shape": (clips, *input_shape(representation, clip_samples)),
    }
    at_once = max(1, PIECE_SAMPLES // clip_samples)
    with target.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for first in range(0, clips, at_once):
            count = min(at_once, clips - first)
            piece = read_audio(
                source,
                sample_rate=sample_rate,
                start=first * clip_samples,
                samples=count * clip_samples,
            ).reshape(count, clip_samples)
            transform(delayed(piece, delay) if delay else piece).tofile(file)


def _check_length(source: Path, samples: int) -> None:
    """Raise InputError unless the audio file holds exactly `samples` samples."""
    try:
        found = soundfile.info(source).frames
    except soundfile.LibsndfileError as error:
        raise InputError(f"{source}: cannot be read as audio ({error})") from error
    if found != samples:
        raise InputError(f"{source}: has {found} samples, must have {samples}")
