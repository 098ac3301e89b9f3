"""What is written: the processed loop, its overview for pictures, and settings as files.

A file is processed block by block, so that its length is not limited by memory. The output has the
sample rate and the channels of the loop, and at least 24 bits.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import soundfile

from siamese_drc.audio import BLOCK, Sound, quantise, writing
from siamese_drc.core.errors import InputError
from siamese_drc.core.parallel import progress
from siamese_drc.match.answer import Answer
from siamese_drc.match.families import Family, FamilyCompressor, Link, Processed
from siamese_drc.match.sound import loudest_part

if TYPE_CHECKING:
    from siamese_drc.export.files import Export

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
_BEYOND_FULL_SCALE = ("FLOAT", "DOUBLE")
_BYTES = {"PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}  # a sample
_SIZE_IN_32_BITS = ("WAV", "WAVEX", "AIFF", "AU")
_LARGEST = 2**32 - 2**16  # bytes of samples in these; the rest is for the header
_FLAC_CHANNELS, _FLAC_RATE = 8, 655_350  # at most
_EXPORTED_S = 30.0  # of the loop, for settings of other compressors


class Format(NamedTuple):
    """How samples are stored, in libsndfile's names."""

    container: str
    encoding: str


class Applied(NamedTuple):
    """What a file is processed with, as an answer states it."""

    settings: Mapping[str, float]
    family: Family = "branching"
    link: Link | None = None

    def quieter(self, by_db: float) -> Applied:
        """Return the same with less make-up gain."""
        makeup_db = self.settings["makeup_db"] - by_db
        return self._replace(settings={**self.settings, "makeup_db": makeup_db})


class Rendered(NamedTuple):
    """The result of processing a file."""

    overview: Overview
    warnings: list[str]
    settings: Mapping[str, float]  # lower make-up gain where the output would have clipped


class Overview:
    """Peaks and gain reduction of a file of `frames` in spans, gathered block by block.

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


def overview_of(loop: Sound) -> Overview:
    """Return the overview of an unprocessed file."""
    overview = Overview(loop.frames, loop.sample_rate)
    for block in loop.blocks():
        overview.add(block, Processed(block, np.zeros(block.shape[1], np.float32)))
    return overview


def stored_name(path: Path, suffix: str = "") -> Path:
    """Return the name of a processed file: in the format of the file, if it holds 24 bits."""
    ending = path.suffix if path.suffix.lower() in CONTAINERS else ".wav"
    return path.with_name(path.stem + suffix + ending)


def output_format(output: Path, loop: Sound) -> Format:
    """Return how the processed loop will be stored.

    The ending of `output` sets the container; where it allows several, the loop's own is kept. A
    WAV file that would exceed 4 GB becomes RF64. InputError if the ending is not that of a
    container with at least 24 bits, or the container cannot hold the loop.
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
    if container == "FLAC" and (loop.channels > _FLAC_CHANNELS or loop.sample_rate > _FLAC_RATE):
        raise InputError(
            f"{output}: FLAC holds at most {_FLAC_CHANNELS} channels and {_FLAC_RATE} Hz, the loop"
            f" has {loop.channels} channels and {loop.sample_rate} Hz; name it .wav"
        )
    size = loop.frames * loop.channels * _BYTES[encoding]
    if container in _SIZE_IN_32_BITS and size > _LARGEST:
        if "RF64" not in containers:
            raise InputError(f"{output}: {container} holds 4 GB at most; name it .caf or .w64")
        container = "RF64"
    return Format(container, encoding)


def render(loop: Sound, applied: Applied, output: Path | None) -> Rendered:
    """Compress a file of any length and write it to `output`, if that is given.

    If the make-up gain would make an output in integers clip, the output is written again at a
    lower level. An output in floating point keeps samples above full scale. A warning says so.
    InputError if the loop cannot be read to its end, or the output cannot be written; an existing
    file then stays as it is.
    """
    overviews = []  # of each time that it was written

    def compressed(lower_db: float) -> Iterator[list[np.ndarray]]:
        compressing = compressor_of(applied.quieter(lower_db), loop.sample_rate, loop.channels)
        overviews.append(Overview(loop.frames, loop.sample_rate))
        count = -(-loop.frames // BLOCK)
        for block in progress(loop.blocks(), total=count, description=loop.path.name, unit="block"):
            processed = compressing.process(block)
            overviews[-1].add(block, processed)
            yield [processed.signal]

    if output is None:
        for _ in compressed(0.0):
            pass
        return Rendered(overviews[-1], [], applied.settings)
    lower_db = write_unclipped({output: loop}, compressed)
    peak = float(overviews[-1].wet.max())
    warnings = []
    if lower_db:
        applied = applied.quieter(lower_db)
        warnings.append(
            f"the output would clip: it was made {lower_db:.1f} dB quieter, with a make-up gain of"
            f" {applied.settings['makeup_db']:.1f} dB"
        )
    elif peak > 1:
        over_db = 20 * math.log10(peak)
        warnings.append(
            f"the output exceeds full scale by {over_db:.1f} dB, which its format keeps"
        )
    return Rendered(overviews[-1], warnings, applied.settings)


def write_unclipped(
    outputs: Mapping[Path, Sound], blocks: Callable[[float], Iterable[list[np.ndarray]]]
) -> float:
    """Write processed sounds together, all at a lower level if one would clip.

    `blocks` yields the next block of each, shape (channels, samples), that many dB lower. Returned
    is by how much, dB. Outputs in floating point keep samples above full scale.
    """
    stored = [output_format(path, sound) for path, sound in outputs.items()]
    lower_db = 0.0
    with ExitStack() as temporary:
        paths = [temporary.enter_context(temporary_output(path)) for path in outputs]
        while True:
            peak = 0.0
            with ExitStack() as files:
                opened = [
                    files.enter_context(_created(path, form, sound))
                    for path, form, sound in zip(paths, stored, outputs.values(), strict=True)
                ]
                for together in blocks(lower_db):
                    for file, block in zip(opened, together, strict=True):
                        file.write(quantise(block.T) if file.subtype == "PCM_24" else block.T)
                        if file.subtype not in _BEYOND_FULL_SCALE:
                            peak = max(peak, float(np.abs(block).max(initial=0)))
            if peak <= 1:
                return lower_db
            lower_db += 20 * math.log10(peak) + 0.01


def compressor_of(applied: Applied, sample_rate: int, channels: int) -> FamilyCompressor:
    """Return the block-wise compressor of an answer."""
    settings, family, link = applied
    return FamilyCompressor(
        settings, sample_rate=sample_rate, family=family, link=link, channels=channels
    )


def exports_of(answer: Answer, loop: np.ndarray, sample_rate: int, start: int) -> list[Export]:
    """Return the settings for other compressors, fitted to the loudest part of the loop.

    `start` is the first frame of the loop in its file.
    """
    from siamese_drc.export.files import exports

    signal = np.atleast_2d(loop)
    part = loudest_part(signal, round(_EXPORTED_S * sample_rate))
    signal = signal[:, part]
    applied = Applied(answer.values(), answer.family, answer.link)
    gain_db = compressor_of(applied, sample_rate, len(signal)).gain_db(signal)
    document = document_of(answer)
    return exports(
        *(applied.settings, signal, gain_db),
        sample_rate=sample_rate,
        document=document,
        start_s=(start + part.start) / sample_rate,
    )


def write_exports(exported: Sequence[Export], folder: Path) -> list[Path]:
    """Write the files into a folder, and return their paths."""
    paths = [folder / each.file for each in exported]
    for path, each in zip(paths, exported, strict=True):
        with temporary_output(path) as temporary:
            temporary.write_text(each.text, encoding="utf-8")
    return paths


def document_of(answer: Answer) -> dict[str, Any]:
    """Return the answer for JSON, with all that `drc-match apply` needs; None for infinity."""
    document = {**answer.as_json(), "family": answer.family, "link": answer.link}
    return json.loads(json.dumps(document), parse_constant=lambda name: None)


def _created(path: Path, stored: Format, loop: Sound) -> soundfile.SoundFile:
    name = os.fsencode(path)  # soundfile refuses names outside UTF-8 as text
    form = {"subtype": stored.encoding, "format": stored.container}
    return soundfile.SoundFile(name, "w", loop.sample_rate, loop.channels, **form)


@contextmanager
def temporary_output(output: Path) -> Iterator[Path]:
    """Yield a temporary name for the output, which is moved into place when it is complete.

    It lies in a new folder beside the output, so that no file of the user's has its name. Any
    failure is an InputError that names the output.
    """
    # Its name is known before it exists: `tempfile` leaves it if a signal ends it in between.
    folder = output.parent / f".drc-match-{secrets.token_hex(16)}"
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        temporary = folder / output.name
        temporary.touch()  # its error names the reason, libsndfile's does not
        with writing(output):
            yield temporary
        with temporary.open("rb") as file:  # a power failure does not cut it
            os.fsync(file.fileno())
        temporary.replace(output)
    except OSError as error:
        raise InputError(f"{output}: cannot be written ({error.strerror})") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def require_place(output: Path) -> None:
    """Raise InputError where no file of that name can be: it is a folder, or below a file."""
    if is_folder(output):
        raise InputError(f"{output}: is a folder, must be the name of a file")
    for place in output.parents:
        if os.path.lexists(place) and not is_folder(place):
            raise InputError(f"{place}: is a file, must be a folder")


def is_folder(path: Path) -> bool:
    """Return whether a path is a folder; False, not an error, for a name that is too long."""
    return os.path.isdir(path)  # noqa: PTH112


def refuse_inputs(
    inputs: Sequence[Path], targets: Sequence[Path], *, remedy: str = "name another file"
) -> None:
    """Raise InputError where a file to be written is one to be read, under whatever name."""
    read = {os.path.realpath(path) for path in inputs}  # resolve() fails at a loop of links
    for target in targets:
        if os.path.realpath(target) in read:
            raise InputError(f"{target}: is an input and would be overwritten; {remedy}")
