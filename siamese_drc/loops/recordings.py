"""Loops from recordings: files that libsndfile reads, cut into windows of the clip length."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import soxr

from siamese_drc.core.errors import InputError

# Every file that libsndfile opens is used, under any name. A file that it does not open is an error
# if its name ends like an audio file, and is ignored if not (a README, a .gitignore).
AUDIO_ENDINGS = {
    *(".wav", ".wave", ".rf64", ".w64", ".aif", ".aiff", ".aifc", ".caf", ".au", ".snd", ".voc"),
    *(".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".wma", ".raw"),
}
SHORTEST_SECONDS = 0.5  # a shorter file is a single hit, not a loop; it is not repeated
BLOCK = 2**16  # frames decoded at a time, so that memory does not grow with the recording


class ImportedLoop(NamedTuple):
    """A window of a recording. Loops are numbered in the order of `file` and `start_s`."""

    file: str
    """Name of the recording, relative to its folder."""
    start_s: float
    """Where in the recording the window starts."""
    signal: np.ndarray
    """Samples, shape (samples,), float32, peak 1.0."""


def import_loops(
    folder: Path, *, count: int, samples: int, sample_rate: int, silence_db: float
) -> Iterator[ImportedLoop]:
    """Cut the recordings in a folder into loops, one at a time.

    Each file, in a subfolder or not, is mixed to mono (the mean of its channels), resampled and
    cut into consecutive windows; an incomplete window at its end is dropped. A file shorter than
    one window is repeated to fill it. Silent windows are dropped, with a message on standard
    error. Where there are more windows than `count`, the first windows of all files come before
    the second windows.

    Parameters
    ----------
    folder : Path
    count : int
        How many loops to take, at most.
    samples : int
        Length of a loop.
    sample_rate : int, Hz
    silence_db : float, dBFS
        A window whose peak does not exceed this is silent.

    Yields
    ------
    ImportedLoop
        Peak-normalised to 1.0: a file whose decoded samples exceed full scale is never clipped.

    Raises
    ------
    InputError
        If the folder is missing or gives fewer than two loops, or a file cannot be decoded, is too
        short or holds samples that are not finite.
    """
    names = _audio_files(folder)
    waiting = deque((name, _windows(folder / name, samples, sample_rate)) for name in names)
    found = 0
    while waiting and found < count:
        name, windows = waiting.popleft()
        for index, window in windows:
            start_s = index * samples / sample_rate
            peak = np.abs(window).max()
            if peak <= 10 ** (silence_db / 20):
                print(
                    f"{folder / name}: left out the window at {start_s:g} s, "
                    f"its peak does not exceed {silence_db:g} dBFS",
                    file=sys.stderr,
                )
                continue
            found += 1
            yield ImportedLoop(name, start_s, window / peak)
            waiting.append((name, windows))
            break
    if found < 2:
        raise InputError(
            f"{folder}: {len(names)} audio files give {found} loops of "
            f"{samples / sample_rate:g} s, must give at least 2"
        )


def _audio_files(folder: Path) -> list[str]:
    """Names, relative to the folder and sorted, of the files that libsndfile opens."""
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder of recordings")
    names = []
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if not path.is_file() or any(part.startswith(".") for part in name.parts):
            continue
        try:
            soundfile.info(path)
        except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: .raw has no header
            if path.suffix.lower() in AUDIO_ENDINGS:
                raise InputError(f"{path}: cannot be read as audio ({error})") from error
            continue
        names.append(name.as_posix())
    return sorted(names)


def _windows(path: Path, samples: int, sample_rate: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the number and the samples of each whole window of a file."""
    index = 0
    pending = np.empty(0, np.float32)
    for block in _resampled(path, sample_rate):
        pending = np.concatenate([pending, block])
        while len(pending) >= samples:
            yield index, pending[:samples]
            pending = pending[samples:]
            index += 1
    if index:
        return
    if len(pending) < SHORTEST_SECONDS * sample_rate:
        raise InputError(
            f"{path}: lasts {len(pending) / sample_rate:.3g} s, must last at least "
            f"{SHORTEST_SECONDS:g} s to be repeated for a loop of {samples / sample_rate:g} s"
        )
    yield 0, np.resize(pending, samples)


def _resampled(path: Path, sample_rate: int) -> Iterator[np.ndarray]:
    """Yield a file's samples as mono blocks at `sample_rate`."""
    try:
        with soundfile.SoundFile(path) as file:
            resampler = soxr.ResampleStream(
                file.samplerate, sample_rate, num_channels=1, dtype="float32", quality="VHQ"
            )
            for block in file.blocks(BLOCK, dtype="float32", always_2d=True):
                mono = block.mean(axis=1)
                if not np.isfinite(mono).all():
                    raise InputError(f"{path}: holds samples that are not finite numbers")
                yield resampler.resample_chunk(mono)
    except soundfile.LibsndfileError as error:
        raise InputError(f"{path}: cannot be read as audio ({error})") from error
    yield resampler.resample_chunk(np.empty(0, np.float32), last=True)
