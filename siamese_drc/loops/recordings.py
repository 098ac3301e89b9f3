"""Loops from recordings: sound files of any format, cut into windows of the clip length."""

from __future__ import annotations

import os
import sys
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import soxr

from siamese_drc.audio import Sound, open_sound
from siamese_drc.core.errors import InputError

# A file with one of these endings must be a sound that can be decoded. Any other that libsndfile
# opens is used as well, and the rest is ignored (a README, a .gitignore).
AUDIO_ENDINGS = {
    *(".wav", ".wave", ".rf64", ".w64", ".aif", ".aiff", ".aifc", ".caf", ".au", ".snd", ".voc"),
    *(".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".ac3", ".wma", ".wv", ".raw"),
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi"),
}


class ImportedLoop(NamedTuple):
    """A window of a recording. Loops are numbered in the order of `file` and `start_s`."""

    file: str  # name of the recording, relative to its folder
    start_s: float  # where in the recording the window starts
    signal: np.ndarray  # shape (samples,), float32, peak 1.0


def import_loops(
    folder: Path, *, count: int, samples: int, sample_rate: int, silence_db: float
) -> Iterator[ImportedLoop]:
    """Cut the recordings in a folder into loops, one at a time.

    Each file, in a subfolder or not, is mixed to mono (the mean of its channels), resampled and
    cut into consecutive windows; an incomplete window at its end is dropped. A file shorter than
    one window is repeated to fill it. Silent windows are dropped. Where there are more windows
    than `count`, the first windows of all files come before the second windows. Standard error
    says how many windows of a file were dropped, and how much was used of one that is incomplete.

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
        If the folder is missing or gives fewer than two loops, or a file cannot be read (see
        `open_sound`) or holds samples that are not finite.
    """
    sounds = _sounds(folder)
    waiting = deque((sound, _windows(sound, samples, sample_rate)) for sound in sounds)
    silent = Counter[Path]()
    found = 0
    while waiting and found < count:
        sound, windows = waiting.popleft()
        for index, window in windows:
            peak = np.abs(window).max()
            if peak <= 10 ** (silence_db / 20):
                silent[sound.path] += 1
                continue
            found += 1
            name = sound.path.relative_to(folder).as_posix()
            yield ImportedLoop(name, index * samples / sample_rate, window / peak)
            waiting.append((sound, windows))
            break
    seconds = f"{samples / sample_rate:g} s"
    for path, windows_left_out in silent.items():
        left_out = f"left out {windows_left_out} silent windows of {seconds}"
        print(f"{path}: {left_out}, their peaks do not exceed {silence_db:g} dBFS", file=sys.stderr)
    if found < 2:
        given = f"{len(sounds)} audio files give {found} loops of {seconds}"
        raise InputError(f"{folder}: {given}, must give at least 2")


def _sounds(folder: Path) -> list[Sound]:
    """Return the recordings in a folder, sorted by name; say which are incomplete."""
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder of recordings")
    sounds = []
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if hidden or path.is_dir() or not _is_recording(path):
            continue
        if not path.is_file():
            raise InputError(f"{path}: is not a file: a link that leads nowhere, or a pipe")
        sounds.append(open_sound(path))
        for warning in sounds[-1].warnings:
            print(warning, file=sys.stderr)
    return sounds


def _is_recording(path: Path) -> bool:
    """Return whether a file is a recording, by its name or, under any name, by libsndfile."""
    if path.suffix.lower() in AUDIO_ENDINGS:
        return True
    try:
        return path.is_file() and soundfile.info(os.fsencode(path)).frames > 0
    except (soundfile.LibsndfileError, TypeError):
        return False


def _windows(sound: Sound, samples: int, sample_rate: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the number and the samples of each whole window of a file."""
    index = 0
    pending = np.empty(0, np.float32)
    for block in _resampled(sound, sample_rate):
        pending = np.concatenate([pending, block])
        while len(pending) >= samples:
            yield index, pending[:samples]
            pending = pending[samples:]
            index += 1
    if not index:
        yield 0, np.resize(pending, samples)


def _resampled(sound: Sound, sample_rate: int) -> Iterator[np.ndarray]:
    """Yield a file's samples as mono blocks at `sample_rate`."""
    resampler = soxr.ResampleStream(
        sound.sample_rate, sample_rate, num_channels=1, dtype="float32", quality="VHQ"
    )
    for block in sound.blocks():
        yield resampler.resample_chunk(block.mean(axis=0))
    yield resampler.resample_chunk(np.empty(0, np.float32), last=True)
