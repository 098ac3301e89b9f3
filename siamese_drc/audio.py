"""Sound files: the user's in any format, and the pipeline's in 24 bits.

Arrays hold float32 at full scale 1.0. `open_sound` reads what the user has: libsndfile decodes what
it can read whole; FFmpeg, through PyAV, the rest (AAC, video, streams of unknown length). Samples
come in blocks, so that memory does not grow with the file. A file that ends early is used as far as
it can be decoded, with a warning that says how far.

`write_audio` and `read_audio` store a sample as round(x * 2**23), clipped to 24 bits, and read it
back as that integer over 2**23: a dry loop and its compressed versions share one scale to the last
bit.
"""

from __future__ import annotations

import os
import re
import select
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
import soundfile

from siamese_drc.core import ffmpeg
from siamese_drc.core.errors import InputError
from siamese_drc.core.ffmpeg import Coding

FULL_SCALE = 2**23
BLOCK = 2**16  # frames in memory at a time
SHORTEST_S = 0.5  # a shorter sound is a single hit rather than a loop
LOWEST_RATE, HIGHEST_RATE = 4000, 768_000  # Hz; other values are errors in a header
MOST_CHANNELS = 64  # Ambisonics of order 7
PIPE_WAIT_S = 20.0  # without data from a pipe
LARGEST_PIPE = 2**32  # bytes

_LOSSY_CONTAINERS = ("MP3", "OGG")  # of those that libsndfile decodes
_PADDING = 4096  # frames that a codec may add or take away at the ends
_STANDARD_INPUT = Path("/dev/stdin")
_NO_LENGTH = 2**63 - 1  # libsndfile's number of frames for a FLAC file of unknown length
_MALFORMED = 3  # libsndfile's code of an error: a CAF file that was cut off

# Lines of libsndfile's log that compare the bytes of audio in the header with those in the file.
_SIZES = re.compile(r"^ *(?:data|Data Size|SSND|riff|Riff size) *: (\d+) \(should be (\d+)\)", re.M)
_UNKNOWN_SIZES = (range(2**31 - 2**12, 2**31), range(2**32 - 2**12, 2**32))  # of streaming writers
_CUT_OFF = re.compile(r"Last page lacks an end-of-stream bit|Seems to be a truncated file")


@dataclass(frozen=True)
class Sound:
    """A sound file that can be read."""

    path: Path
    sample_rate: int  # Hz
    channels: int
    frames: int  # what can be decoded, whatever the header states
    container: str  # libsndfile's name: "WAV", "FLAC" ...; FFmpeg's where it decodes
    encoding: str  # the same: "PCM_16", "FLOAT" ...
    warnings: tuple[str, ...] = ()  # say how much was used of a file that is incomplete
    by_ffmpeg: bool = False  # whether FFmpeg decodes the file
    # The bytes that came through a pipe, in a temporary file
    spool: IO[bytes] | None = field(default=None, repr=False, compare=False)

    @property
    def seconds(self) -> float:
        """Length in s."""
        return self.frames / self.sample_rate

    def coding(self) -> Coding | None:
        """Return how the sound was coded with loss; None if it was not, or nobody can repeat it."""
        if not self.by_ffmpeg and self.container not in _LOSSY_CONTAINERS:
            return None
        return ffmpeg.lossy_coding(self._source)

    @property
    def _source(self) -> Path:
        return Path(self.spool.name) if self.spool else self.path

    def blocks(self, *, start: int = 0, frames: int | None = None) -> Iterator[np.ndarray]:
        """Yield the samples from frame `start` on, shape (channels, at most BLOCK), float32.

        InputError if the file cannot be decoded, or holds samples that are not finite.
        """
        decoder = _by_ffmpeg if self.by_ffmpeg else _by_libsndfile
        decoded = decoder(self._source, start)
        left = self.frames - start if frames is None else frames
        reason = "it was cut off"
        try:
            while left and (block := next(decoded, None)) is not None:
                block = block[:, :left]
                require_finite(self.path, block)
                yield block
                left -= block.shape[1]
        except InputError:
            raise
        except (soundfile.LibsndfileError, ValueError) as error:
            reason = getattr(error, "error_string", str(error))
        if left:
            missing = f"{left / self.sample_rate:.2f} s are missing ({reason})"
            raise InputError(f"{self.path}: cannot be decoded to its end, {missing}")


def open_sound(path: Path) -> Sound:
    """Return a sound file, its header read; `-` is standard input.

    A pipe is read to its end, into a temporary file. InputError if there is no such file or nobody
    writes to the pipe, if it may not be read, or is not audio, or its rate, its number of channels
    or its length is outside the limits.
    """
    if str(path) == "-":
        path = _STANDARD_INPUT
    try:
        spool = None if path.is_file() or path.is_dir() else _spooled(path)
        source = Path(spool.name) if spool else path
        with source.open("rb") as content:
            if not content.read(1):
                raise InputError(f"{path}: is empty, must be an audio file")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    reason, stated = "", 0.0
    try:
        with soundfile.SoundFile(_name(source)) as file:
            _require_header(path, file.samplerate, file.channels)
            stated = 0.0 if file.frames == _NO_LENGTH else _frames_stated(file)
            if stated and (frames := _frames_read(file, source)):
                header = file.samplerate, file.channels, frames, file.format, file.subtype
                tolerance = _PADDING if file.format == "OGG" else 1
                warnings = _checked_length(path, frames, stated, file.samplerate, tolerance)
                return Sound(path, *header, warnings, spool=spool)
    except soundfile.LibsndfileError as error:
        reason = error.error_string
        stated = np.inf if error.code == _MALFORMED else 0.0
    except TypeError as error:  # .raw has no header
        reason = str(error)
    return _ffmpeg_sound(path, source, spool, reason, stated)


def require_duration(name: object, samples: int, sample_rate: int) -> None:
    """Raise InputError where a sound, called `name` in the message, is too short."""
    if samples < SHORTEST_S * sample_rate:
        length = f"lasts {samples / sample_rate:.3g} s" if samples else "is empty"
        raise InputError(f"{name}: {length}, must last at least {SHORTEST_S:g} s")


def require_finite(name: object, signal: np.ndarray) -> None:
    """Raise InputError where a signal holds NaN or infinity."""
    if not np.isfinite(signal).all():
        raise InputError(f"{name}: holds samples that are not finite numbers")


def quantise(signal: np.ndarray) -> np.ndarray:
    """Round float samples to 24 bits: int32, the value in the upper three bytes."""
    steps = signal * FULL_SCALE  # a power of two: exact in float32 too
    np.rint(steps, out=steps)
    np.clip(steps, -FULL_SCALE, FULL_SCALE - 1, out=steps)
    return steps.astype(np.int32) << 8


def write_audio(path: Path, signal: np.ndarray, sample_rate: int) -> None:
    """Write mono float samples as 24-bit WAV or FLAC, by the name's ending."""
    with writing(path):
        soundfile.write(path, quantise(signal), sample_rate, subtype="PCM_24")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an error of libsndfile, which hides the system's reason, into an InputError."""
    try:
        yield
    except soundfile.LibsndfileError as error:
        raise InputError(
            f"{path}: writing stopped, is the disk full? ({error.error_string})"
        ) from error


def read_audio(
    path: Path, *, sample_rate: int, start: int = 0, samples: int | None = None
) -> np.ndarray:
    """Return samples of a mono file from `start` on, (samples,), float32; without `samples`, all.

    InputError: the file is missing, cannot be decoded, is not mono, has another rate, is too short.
    """
    try:
        with soundfile.SoundFile(_name(path)) as file:
            rate = file.samplerate
            if rate != sample_rate:
                raise InputError(f"{path}: its rate is {rate} Hz, must be {sample_rate} Hz")
            if file.channels != 1:
                raise InputError(f"{path}: has {file.channels} channels, must have 1")
            file.seek(min(start, file.frames))
            # libsndfile divides 24-bit samples by 2**23, which is exact in float32.
            signal = file.read(-1 if samples is None else samples, dtype="float32")
    except soundfile.LibsndfileError as error:
        raise InputError(f"{path}: cannot be read as audio ({error.error_string})") from error
    if samples is not None and len(signal) < samples:
        raise InputError(f"{path}: has {start + len(signal)} samples, must have {start + samples}")
    return signal


def _name(path: Path) -> Path | bytes:
    """Return a path as soundfile takes it: names outside UTF-8 only as bytes."""
    return path if os.name == "nt" else os.fsencode(path)


def _require_header(path: Path, sample_rate: int, channels: int) -> None:
    if not LOWEST_RATE <= sample_rate <= HIGHEST_RATE:
        rule = f"must be from {LOWEST_RATE} to {HIGHEST_RATE} Hz"
        raise InputError(f"{path}: its sample rate is {sample_rate} Hz, {rule}")
    if not 1 <= channels <= MOST_CHANNELS:
        raise InputError(f"{path}: has {channels} channels, must have 1 to {MOST_CHANNELS}")


def _checked_length(
    path: Path, frames: int, stated: float, sample_rate: int, tolerance: int
) -> tuple[str, ...]:
    """Return the warning where fewer frames than stated (infinity: unknown) can be decoded."""
    require_duration(path, frames, sample_rate)
    if stated - frames <= tolerance:
        return ()
    of = f"of {stated / sample_rate:.2f} s " if np.isfinite(stated) else ""
    used = f"{frames / sample_rate:.2f} s {of}can be decoded and were used"
    return (f"{path}: is incomplete: {used}",)


def _spooled(path: Path) -> IO[bytes]:
    """Return a temporary file with all that comes through a pipe."""
    standard = path == _STANDARD_INPUT
    descriptor = os.dup(0) if standard else os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISCHR(kind) or stat.S_ISBLK(kind):
            raise InputError(f"{path}: is a device, must be a file or a pipe")
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        spool = tempfile.NamedTemporaryFile(prefix="drc-")  # noqa: SIM115 - lives as long as the sound
        while waiting.poll(1000 * PIPE_WAIT_S):
            data = os.read(descriptor, BLOCK)
            if not data:
                spool.flush()
                return spool
            if spool.tell() + len(data) > LARGEST_PIPE:
                raise InputError(f"{path}: gives more than 4 GiB, save it as a file first")
            spool.write(data)
    finally:
        os.close(descriptor)
    raise InputError(f"{path}: gave no data for {PIPE_WAIT_S:g} s, must be written to and closed")


def _by_libsndfile(source: Path, start: int) -> Iterator[np.ndarray]:
    """Yield blocks from frame `start` to the end."""
    with soundfile.SoundFile(_name(source)) as file:
        if file.seekable():
            file.seek(start)
        else:
            file.read(start, dtype="float32")
        while len(block := file.read(BLOCK, dtype="float32", always_2d=True)):
            yield np.ascontiguousarray(block.T)


def _by_ffmpeg(source: Path, start: int) -> Iterator[np.ndarray]:
    """Yield blocks from frame `start` to the end."""
    for block in ffmpeg.decoded(source, block=BLOCK):
        if start < block.shape[1]:
            yield block[:, start:]
        start = max(0, start - block.shape[1])


def _frames_read(file: soundfile.SoundFile, source: Path) -> int:
    """Return how many frames libsndfile reads of an open file, judged from its end.

    0 if that is not the whole. Of an Ogg file whose time does not start at 0 it states more frames
    than there are.
    """
    if file.format == "OGG" and _CUT_OFF.search(file.extra_info):
        return 0  # it reads the file, but seeks only in a part
    if file.format in ("MP3", "OGG"):  # it guesses some lengths, and of two in one file reads one
        coded = ffmpeg.coded_seconds(source) * file.samplerate
        if coded - file.frames > _PADDING:
            return 0
    if not file.seekable():
        return file.frames
    end = max(file.frames - (_PADDING if file.format == "OGG" else 1), 0)
    try:
        file.seek(end)
        read = len(file.read(file.frames - end))
    except soundfile.LibsndfileError:
        return 0
    return end + read if read else 0


def _frames_stated(file: soundfile.SoundFile) -> float:
    """Return how many frames the file had before it was cut off; infinity if this is unknown."""
    log = file.extra_info
    if _CUT_OFF.search(log):
        return np.inf
    stated = float(file.frames)
    for match in _SIZES.finditer(log):
        size, present = map(int, match.groups())
        if present and not any(size in unknown for unknown in _UNKNOWN_SIZES):
            stated = file.frames * size / present
    return stated


def _ffmpeg_sound(
    path: Path, source: Path, spool: IO[bytes] | None, reason: str, stated: float
) -> Sound:
    """Return a sound for FFmpeg to decode; it is decoded once, to know its length.

    Its bytes lie in `source`. `reason` says why libsndfile cannot read it; `stated` are its frames
    according to libsndfile: 0 if unknown, infinity if some are known to be missing.
    """
    try:
        header = ffmpeg.read_header(source)
        _require_header(path, header.sample_rate, header.channels)
        frames, whole = ffmpeg.count(source, block=BLOCK)
        if not frames:
            raise ValueError("it holds no samples")
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{path}: cannot be read as audio ({reason or error})") from error
    tolerance = 1 if header.encoding == "flac" else _PADDING
    if header.states_length or abs(header.frames - stated) <= tolerance:
        stated = max(header.frames, stated)
    elif np.isfinite(stated):  # the two libraries have guessed it
        stated = 0 if whole else np.inf
    warnings = _checked_length(path, frames, stated, header.sample_rate, tolerance)
    kind = header.container, header.encoding
    return Sound(path, header.sample_rate, header.channels, frames, *kind, warnings, True, spool)
