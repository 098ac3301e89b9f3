"""Network inputs on disk: one array per audio file, written piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import soundfile

from siamese_drc.audio import read_audio
from siamese_drc.core.errors import InputError

# Samples decoded at a time: 8 MB, and long enough that seeking in the file costs little.
_PIECE_SAMPLES = 2**21
Change = Callable[[np.ndarray], np.ndarray]


def write_inputs(
    source: Path,
    target: Path,
    transform: Callable[[np.ndarray], np.ndarray],
    *,
    clips: int,
    clip_samples: int,
    sample_rate: int,
    changes: Sequence[Change] = (),
) -> None:
    """Write the inputs of an audio file that holds `clips` clips one after the other.

    The audio is read, transformed and written in pieces, so that memory stays small for any number
    of clips. `numpy.load(target, mmap_mode="r")` reads the array clip by clip.

    Parameters
    ----------
    source : Path
        Mono audio of exactly `clips * clip_samples` samples.
    target : Path
        The array's file (.npy), shape (clips, *input shape).
    transform : callable
        Makes inputs, shape (n, *input shape), of any n clips, shape (n, clip_samples), float32.
    clips, clip_samples, sample_rate : int
    changes : sequence of callables, optional
        What is done to the clips before they are transformed, each to shape (n, clip_samples): to
        the first clip the first, to the second the second, and so on, over and over.

    Raises
    ------
    InputError
        If the audio is missing, cannot be decoded, is not mono, or has another rate or length.
    """
    try:
        found = soundfile.info(source).frames
    except soundfile.LibsndfileError as error:
        raise InputError(f"{source}: cannot be read as audio ({error})") from error
    if found != clips * clip_samples:
        raise InputError(f"{source}: has {found} samples, must have {clips * clip_samples}")
    at_once = max(1, _PIECE_SAMPLES // clip_samples)
    # Written rather than memory-mapped: the page faults would take longer than the transform.
    with target.open("wb") as file:
        for first in range(0, clips, at_once):
            count = min(at_once, clips - first)
            part = {"start": first * clip_samples, "samples": count * clip_samples}
            piece = read_audio(source, sample_rate=sample_rate, **part)
            pieces = piece.reshape(count, clip_samples)
            for number, change in enumerate(changes):
                its = slice((number - first) % len(changes), None, len(changes))
                if len(pieces[its]):
                    pieces[its] = change(pieces[its])
            inputs = transform(pieces)
            if first == 0:
                header = np.lib.format.header_data_from_array_1_0(inputs)
                header |= {"fortran_order": False, "shape": (clips, *inputs.shape[1:])}
                np.lib.format.write_array_header_1_0(file, header)
            inputs.tofile(file)
