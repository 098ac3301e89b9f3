"""Users' files: what libsndfile opens, read in blocks, so that their length does not matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from stages.common.errors import InputError
from stages.match.checks import require_duration, require_finite, require_sound
from stages.match.process import mono

BLOCK = 2**16  # frames in memory at a time
LONGEST_PART_S = 30.0  # settings are found from so much of a file


@dataclass(frozen=True)
class Sound:
    """An audio file that can be read.

    Attributes
    ----------
    path : Path
    sample_rate : int, Hz
    channels : int
    frames : int
    container, encoding : str
        libsndfile's names: "WAV", "FLAC" ..., "PCM_16", "FLOAT" ...
    """

    path: Path
    sample_rate: int
    channels: int
    frames: int
    container: str
    encoding: str

    def blocks(self, *, start: int = 0, frames: int | None = None) -> Iterator[np.ndarray]:
        """Yield the samples from frame `start` on, shape (channels, at most BLOCK), float32.

        Raises
        ------
        InputError
            If the file cannot be decoded, ends before its time or holds samples that are not
            finite.
        """
        left = self.frames - start if frames is None else frames
        try:
            with soundfile.SoundFile(self.path) as file:
                file.seek(start)
                while left:
                    block = file.read(min(BLOCK, left), dtype="float32", always_2d=True)
                    if not len(block):
                        raise InputError(
                            f"{self.path}: ends {left} samples too early, the file is incomplete"
                        )
                    require_finite(self.path, block)
                    yield np.ascontiguousarray(block.T)
                    left -= len(block)
        except soundfile.LibsndfileError as error:
            raise InputError(f"{self.path}: cannot be read as audio ({error})") from error


def open_sound(path: Path) -> Sound:
    """Read a file's header.

    Raises
    ------
    InputError
        If there is no such file, it may not be read, or it is not audio, empty or shorter than
        half a second.
    """
    try:
        with path.open("rb") as file:
            content = file.read(1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    if not content:
        raise InputError(f"{path}: is empty, must be an audio file")
    try:
        info = soundfile.info(path)
    except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: .raw has no header
        raise InputError(f"{path}: cannot be read as audio ({error})") from error
    require_duration(path, info.frames, info.samplerate)
    return Sound(path, info.samplerate, info.channels, info.frames, info.format, info.subtype)


class Part(NamedTuple):
    """What settings are found from: the whole of a file, or the loudest part of a long one."""

    signal: np.ndarray
    """Shape (channels, samples), float32."""
    start: int
    """Where in the file it begins, in frames."""


def read_part(sound: Sound, *, start: int | None = None) -> Part:
    """Read a file whole, or of a long one the `LONGEST_PART_S` with the most energy.

    Parameters
    ----------
    sound : Sound
    start : int, frames, optional
        Where the part of a long file is to begin, in place of where it is loudest.

    Raises
    ------
    InputError
        Those of `Sound.blocks`; or the part is silent.
    """
    longest = round(LONGEST_PART_S * sound.sample_rate)
    frames = min(sound.frames, longest)
    if frames == sound.frames:
        start = 0
    elif start is None:
        start = _loudest(sound, frames)
    signal = np.concatenate(list(sound.blocks(start=start, frames=frames)), axis=1)
    require_sound(sound.path, float(np.abs(mono(signal)).max()))
    return Part(signal, start)


def _loudest(sound: Sound, frames: int) -> int:
    """Return where the `frames` with the most energy begin, to a block."""
    energy = [float(np.square(mono(block), dtype=np.float64).sum()) for block in sound.blocks()]
    before = np.concatenate([[0.0], np.cumsum(energy)])
    span = min(-(-frames // BLOCK), len(energy))
    loudest = int(np.argmax(before[span:] - before[: before.size - span]))
    return min(loudest * BLOCK, sound.frames - frames)
