"""Sound files decoded by FFmpeg, through PyAV: AAC, video, and what libsndfile cannot read whole.

`recoded` codes a signal as such a file was. PyAV is imported when a file needs it: it takes a tenth
of a second.
"""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

# The containers that may be opened: none of those that refer to other files or to addresses.
_CONTAINERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,eac3,flac,flv,gsm,iff,loas,matroska,mov,mp3,mpc,"
    "mpc8,mpeg,mpegts,mxf,nut,ogg,oma,rm,tak,truehd,tta,voc,w64,wav,wv"
)
# Those that state their length; of others FFmpeg guesses it from the bit rate.
_STATING_LENGTH = {"asf", "avi", "caf", "flac", "matroska", "mov", "tta", "wv"}
# Lossy encodings that FFmpeg also writes: the coder, and a container for its packets.
_CODERS = {"aac": ("aac", "mp4"), "mp3": ("libmp3lame", "mp3"), "opus": ("libopus", "ogg")}
_LONGEST_DELAY_S = 0.2  # of a coder


class Header(NamedTuple):
    """What a file says about its sound."""

    sample_rate: int  # Hz
    channels: int
    container: str
    encoding: str
    frames: float  # length of the sound; 0 if unknown
    states_length: bool  # whether `frames` is stated; otherwise FFmpeg has guessed it


@dataclass(frozen=True)
class Coding:
    """How a sound was coded with loss."""

    encoding: str  # "aac", "mp3" or "opus"
    bit_rate: float  # bit/s for each channel
    sample_rate: int  # Hz


def read_header(path: Path) -> Header:
    """Return what a file says; ValueError if FFmpeg cannot open it, or it holds no sound."""
    with _opened(path) as (container, stream):
        frames = _seconds(container, stream) * stream.rate
        kinds = container.format.name.split(",")
        stated = not _STATING_LENGTH.isdisjoint(kinds)
        encoding = stream.codec_context.name
        return Header(stream.rate, stream.channels, kinds[0], encoding, frames, stated)


def _seconds(container: InputContainer, stream: AudioStream) -> float:
    """Return how long a stream is by its container; 0 if unknown."""
    import av

    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if tag := stream.metadata.get("DURATION"):  # Matroska
        hours, minutes, seconds = map(float, tag.split(":"))
        return 3600 * hours + 60 * minutes + seconds
    alone = len(container.streams) == 1
    return (container.duration or 0) / av.time_base if alone else 0.0


def coded_seconds(path: Path) -> float:
    """Return how long the sound in a file is, s, from its packets, which are not decoded.

    0 where FFmpeg cannot open the file.
    """
    import av

    total = 0.0
    with suppress(av.error.FFmpegError, ValueError), _opened(path) as (container, stream):
        for packet in container.demux(stream):
            total += float((packet.duration or 0) * (packet.time_base or 0))
    return total


def lossy_coding(path: Path) -> Coding | None:
    """Return how the sound in a file was coded; None if without loss, or `recoded` cannot do it."""
    with suppress(ValueError), _opened(path) as (container, stream):
        encoding, bits = stream.codec_context.name, stream.bit_rate
        encoding = encoding.removeprefix("lib").removesuffix("float")
        if not bits and len(container.streams) == 1:
            bits = container.bit_rate
        if encoding in _CODERS and bits:
            return Coding(encoding, bits / stream.channels, stream.rate)
    return None


def encode(
    target: str | IO[bytes],
    signal: np.ndarray,
    coder: str,
    *,
    sample_rate: int,
    bit_rate: int | None = None,
    **options: Any,
) -> None:
    """Write a signal, shape (one or two channels, samples), by one of FFmpeg's coders.

    `options` are those of `av.open`. ValueError if the coder does not take the signal.
    """
    import av

    layout = "mono" if len(signal) == 1 else "stereo"
    try:
        with av.open(target, "w", **options) as container:
            stream: Any = container.add_stream(coder, rate=sample_rate, layout=layout)
            if bit_rate is not None:
                stream.bit_rate = bit_rate
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(signal, np.float32), format="fltp", layout=layout
            )
            frame.sample_rate = sample_rate
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                container.mux(packet)
    except av.error.FFmpegError as error:
        raise ValueError(error.strerror) from error


def recoded(signal: np.ndarray, coding: Coding) -> np.ndarray:
    """Return a signal, (one or two channels, samples), coded and decoded, in time with it.

    Its rate is that of the coding; ValueError if the coder does not take it or the channels.
    """
    coder, container = _CODERS[coding.encoding]
    file, bits = io.BytesIO(), round(coding.bit_rate * len(signal))
    encode(file, signal, coder, sample_rate=coding.sample_rate, bit_rate=bits, format=container)
    file.seek(0)
    found = np.concatenate([*decoded(file, block=signal.shape[1])], axis=1)
    return _in_time(found, signal, round(_LONGEST_DELAY_S * coding.sample_rate))


def _in_time(late: np.ndarray, signal: np.ndarray, longest: int) -> np.ndarray:
    """Return a signal that comes at most `longest` samples after another in time with it."""
    from scipy.signal import correlate

    samples = signal.shape[1]
    late = np.pad(late, ((0, 0), (0, max(0, samples + longest - late.shape[1]))))
    likeness = sum(
        correlate(delayed[: samples + longest], channel, mode="valid", method="fft")
        for delayed, channel in zip(late, signal, strict=True)
    )
    delay = int(np.argmax(likeness))
    return late[:, delay : delay + samples]


def count(path: Path, *, block: int) -> tuple[int, bool]:
    """Return how many frames can be decoded, and whether this is all of the file."""
    frames, blocks = 0, decoded(path, block=block)
    while True:
        try:
            frames += next(blocks).shape[1]
        except StopIteration as end:
            return frames, end.value


def decoded(path: Path | IO[bytes], *, block: int) -> Generator[np.ndarray, None, bool]:
    """Yield the sound in a file in blocks, shape (channels, at most `block`), float32.

    Where it is damaged, it ends; damaged packets before the first good one are left out, because a
    stream that was cut may begin with packets that refer to earlier ones. Returned is whether the
    file was decoded to its end. ValueError if FFmpeg cannot open the file, or its sample rate or
    channels change.
    """
    import av

    with _opened(path) as (container, stream):
        resampler = av.AudioResampler("fltp", stream.layout, stream.rate, frame_size=block)
        begun, whole = False, True
        try:
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except av.error.InvalidDataError:
                    if begun:
                        whole = False
                        break
                    continue
                for frame in frames:
                    begun = True
                    yield from (part.to_ndarray() for part in resampler.resample(frame))
        except av.error.FFmpegError:
            whole = False
        if begun:
            yield from (part.to_ndarray() for part in resampler.resample(None))
    return whole


@contextmanager
def _opened(source: Path | IO[bytes]) -> Iterator[tuple[InputContainer, AudioStream]]:
    """Open a file and the audio stream in it that FFmpeg takes for the best."""
    import av

    options = {"format_whitelist": _CONTAINERS}
    with source.open("rb") if isinstance(source, Path) else source as file:
        try:
            container = av.open(file, "r", options=options, metadata_errors="ignore")
        except av.error.FFmpegError as error:
            raise ValueError(error.strerror) from error
        with container:
            stream = container.streams.best("audio")
            if not isinstance(stream, av.AudioStream) or stream.codec_context is None:
                raise ValueError("it holds no sound")
            yield container, stream
