"""Processed files, and the overview of them that pictures show.

A file is processed block by block, so that its length is not limited by memory. The output has the
sample rate and the channels of the loop, and at least 24 bits.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from siamese_drc.audio import BLOCK, Sound, quantise
from siamese_drc.compressor.ballistics import Detector
from siamese_drc.compressor.compressor import LinkedCompressor, Processed
from siamese_drc.core.errors import InputError
from siamese_drc.core.outputs import replaced
from siamese_drc.core.parallel import progress
from siamese_drc.match.families import Family, FamilyCompressor, Link
from siamese_drc.match.sound import compressor

# libsndfile's containers that hold at least 24 bits, by the ending of the file's name. The first is
# used unless the loop is in another of them.
CONTAINERS = {
    ".wav": ("WAV", "WAVEX", "RF64"),
    ".flac": ("FLAC",),
    ".aiff": ("AIFF",),
    ".aif": ("AIFF",),
    ".caf": ("CAF",),
    ".w64": ("W64",),
    ".rf64": ("RF64",),
    ".au": ("AU",),
}
SPANS = 1500  # of an overview at most: more than a picture has columns
_BYTES = {"PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}  # a sample
BEYOND_FULL_SCALE = ("FLOAT", "DOUBLE")
_SIZE_IN_32_BITS = ("WAV", "WAVEX", "AIFF", "AU")
_LARGEST = 2**32 - 2**16  # bytes of samples in these; the rest is for the header


class Format(NamedTuple):
    """How samples are stored, in libsndfile's names."""

    container: str
    encoding: str


class Rendered(NamedTuple):
    """The result of processing a file."""

    overview: Overview
    warnings: list[str]
    settings: Mapping[str, float]
    """Those of the output: with a lower make-up gain where it would have clipped."""


class Overview:
    """Peaks and gain reduction of a file in spans of equal length, gathered block by block.

    Parameters
    ----------
    frames : int
        Length of the whole file.
    sample_rate : int, Hz

    Attributes
    ----------
    seconds : ndarray, shape (spans,)
        Start of each span.
    dry, wet : ndarray, shape (spans,), full scale 1.0
        The largest magnitude before and after processing, over all channels.
    reduction_db : ndarray, shape (spans,), dB, at least 0
        The largest gain reduction.
    """

    def __init__(self, frames: int, sample_rate: int) -> None:
        self._span = -(-frames // SPANS)
        spans = -(-frames // self._span)
        self._done = 0
        self.seconds = np.arange(spans) * (self._span / sample_rate)
        self.dry, self.wet, self.reduction_db = np.zeros((3, spans))

    def add(self, block: np.ndarray, processed: Processed) -> None:
        """Add the next block of the file, shape (channels, samples), and its processed form."""
        to_next = self._span - self._done % self._span
        first = np.append(0, np.arange(to_next, block.shape[1], self._span))
        spans = (self._done + first) // self._span
        for kept, values in [
            (self.dry, np.abs(block).max(axis=0)),
            (self.wet, np.abs(processed.signal).max(axis=0)),
            (self.reduction_db, processed.reduction_db),
        ]:
            kept[spans] = np.maximum(kept[spans], np.maximum.reduceat(values, first))
        self._done += block.shape[1]

    @property
    def peak_db(self) -> float:
        """Level of the highest sample after processing, dBFS."""
        return 20 * math.log10(max(float(self.wet.max()), 1e-10))


def output_format(output: Path, loop: Sound) -> Format:
    """Return how the processed loop will be stored.

    The ending of `output` sets the container; where it allows several, the loop's own is kept. A
    WAV file that would exceed 4 GB becomes RF64.

    Raises
    ------
    InputError
        If the ending is not that of a container with at least 24 bits, or the container cannot hold
        that many samples.
    """
    containers = CONTAINERS.get(output.suffix.lower())
    if containers is None:
        raise InputError(
            f"{output}: its ending must be one of {', '.join(CONTAINERS)}, which hold 24 bits"
        )
    container = loop.container if loop.container in containers else containers[0]
    encoding = loop.encoding if loop.encoding in _BYTES else "PCM_24"
    if not soundfile.check_format(container, encoding):
        encoding = "PCM_24"  # the most that FLAC holds
    size = loop.frames * loop.channels * _BYTES[encoding]
    if container in _SIZE_IN_32_BITS and size > _LARGEST:
        if "RF64" not in containers:
            raise InputError(f"{output}: {container} holds 4 GB at most; name it .caf or .w64")
        container = "RF64"
    return Format(container, encoding)


def render(
    loop: Sound,
    settings: Mapping[str, float],
    output: Path | None,
    *,
    family: Family = "branching",
    link: Link | None = None,
) -> Rendered:
    """Compress a file of any length and write it to `output`.

    If the make-up gain would make an output in integers clip, the output is written again at a
    lower level. An output in floating point keeps samples above full scale. A warning says so.

    Parameters
    ----------
    loop : Sound
    settings : mapping of str to float
        `threshold_db`, `ratio`, `attack_ms`, `release_ms`, `makeup_db` and, if not 0, `knee_db`.
    output : Path, optional
        Without it, no file is written.
    family, link : str
        Of the answer: the compressor's design, and what controls the gain of several channels.

    Raises
    ------
    InputError
        If the loop cannot be read to its end, or the output cannot be written; an existing file
        then stays as it is.
    """
    if output is None:
        return Rendered(_compress(loop, settings, (family, link), None), [], settings)
    stored = output_format(output, loop)
    with temporary_output(output) as path:
        target = (path, stored)
        overview = _compress(loop, settings, (family, link), target)
        over_db = overview.peak_db
        if over_db <= 0:
            return Rendered(overview, [], settings)
        if stored.encoding in BEYOND_FULL_SCALE:
            warning = f"the output exceeds full scale by {over_db:.1f} dB, which its format keeps"
            return Rendered(overview, [warning], settings)
        over_db += 0.01
        lower = {**settings, "makeup_db": settings["makeup_db"] - over_db}
        warning = (
            f"the output would clip: it was made {over_db:.1f} dB quieter, with a make-up gain of"
            f" {lower['makeup_db']:.1f} dB"
        )
        return Rendered(_compress(loop, lower, (family, link), target), [warning], lower)


def compressor_of(
    settings: Mapping[str, float],
    family: Family,
    link: Link | None,
    sample_rate: int,
    channels: int,
) -> LinkedCompressor | FamilyCompressor:
    """Return the block-wise compressor of an answer."""
    if family in ("branching", "rms") and link in ("mean", None) and not settings.get("knee_db"):
        detector: Detector = "rms" if family == "rms" else "peak"
        return compressor(settings, sample_rate=sample_rate, detector=detector)
    return FamilyCompressor(
        settings, sample_rate=sample_rate, family=family, link=link, channels=channels
    )


def gain_db(
    loop: np.ndarray,
    settings: Mapping[str, float],
    *,
    sample_rate: int,
    family: Family = "branching",
    link: Link | None = None,
) -> np.ndarray:
    """Return the gain on a loop, shape (channels, samples), make-up gain included.

    Returns
    -------
    ndarray, shape (1, samples) or, if the channels are not linked, (channels, samples), dB
    """
    alone = [row[np.newaxis] for row in loop] if link == "unlinked" else [loop]
    gains = []
    for signal in alone:
        compressing = compressor_of(settings, family, link, sample_rate, len(signal))
        gains.append(settings["makeup_db"] - compressing.process(signal).reduction_db)
    return np.array(gains, float)


def overview_of(loop: Sound) -> Overview:
    """Return the overview of an unprocessed file."""
    overview = Overview(loop.frames, loop.sample_rate)
    for block in loop.blocks():
        overview.add(block, Processed(block, np.zeros(block.shape[1], np.float32)))
    return overview


def _compress(
    loop: Sound,
    settings: Mapping[str, float],
    design: tuple[Family, Link | None],
    target: tuple[Path, Format] | None,
) -> Overview:
    compressing = compressor_of(settings, *design, loop.sample_rate, loop.channels)
    overview = Overview(loop.frames, loop.sample_rate)
    blocks = progress(
        loop.blocks(),
        total=-(-loop.frames // BLOCK),
        description=loop.path.name,
        unit="block",
    )
    with writer(*target, loop) if target else nullcontext() as write:
        for block in blocks:
            processed = compressing.process(block)
            overview.add(block, processed)
            if write is not None:
                write(processed.signal)
    return overview


@contextmanager
def writer(path: Path, stored: Format, loop: Sound) -> Iterator[Callable[[np.ndarray], None]]:
    """Yield a function that writes the next block, shape (channels, samples), to a new file."""
    name = os.fsencode(path)  # soundfile refuses names outside UTF-8 as text
    with soundfile.SoundFile(
        name, "w", loop.sample_rate, loop.channels, stored.encoding, format=stored.container
    ) as file:

        def write(block: np.ndarray) -> None:
            frames = block.T
            file.write(quantise(frames) if stored.encoding == "PCM_24" else frames)

        yield write


@contextmanager
def temporary_output(output: Path) -> Iterator[Path]:
    """Yield a temporary name for the output; report any failure as an InputError that names it."""
    if output.is_dir():
        raise InputError(f"{output}: is a folder, must be the name of a file")
    try:
        with replaced(output) as temporary:
            temporary.touch()  # its error names the reason, libsndfile's does not
            yield temporary
    except OSError as error:
        raise InputError(f"{output}: cannot be written ({error.strerror})") from error
    except soundfile.LibsndfileError as error:
        raise InputError(
            f"{output}: writing stopped, is the disk full? ({error.error_string})"
        ) from error
