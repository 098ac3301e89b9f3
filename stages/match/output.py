"""The processed loop as a file: the loop's rate and channels, at least 24 bits, whole or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import soundfile

from stages.common.audio import quantise
from stages.common.disk import require_space
from stages.common.errors import InputError
from stages.common.files import replaced
from stages.common.progress import progress
from stages.compress.level import Detector
from stages.match.overview import Overview
from stages.match.process import LinkedCompressor
from stages.match.sound import BLOCK, Sound

# Containers that hold 24 bits and more, by the ending of the name; the first is made anew.
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
_BYTES = {"PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}  # a sample
_BEYOND_FULL_SCALE = ("FLOAT", "DOUBLE")
_HEADER = 2**16  # bytes, more than any of them takes
_SIZE_IN_32_BITS = ("WAV", "WAVEX", "AIFF", "AU")


class Form(NamedTuple):
    """How samples are stored, in libsndfile's names."""

    container: str
    encoding: str


class Rendered(NamedTuple):
    """What came of processing a file."""

    overview: Overview
    warnings: list[str]


def form_of(output: Path, loop: Sound) -> Form:
    """Return how the processed loop will be stored.

    The container is the loop's where the output's ending is one of that container, else what the
    ending says. A file that would outgrow the 4 GB of WAV becomes RF64.

    Raises
    ------
    InputError
        If the ending is of no container with 24 bits or more, or the container cannot hold so many
        samples.
    """
    containers = CONTAINERS.get(output.suffix.lower())
    if containers is None:
        raise InputError(
            f"{output}: its ending must be one of {', '.join(CONTAINERS)}, which hold 24 bits"
        )
    container = loop.container if loop.container in containers else containers[0]
    encoding = loop.encoding if loop.encoding in _BYTES else "PCM_24"
    if not soundfile.check_format(container, encoding):
        encoding = "PCM_24"  # FLAC has no more
    if container in _SIZE_IN_32_BITS and _size(loop, encoding) >= 2**32:
        if "RF64" not in containers:
            raise InputError(f"{output}: {container} holds 4 GB at most; name it .caf or .w64")
        container = "RF64"
    return Form(container, encoding)


def render(
    loop: Sound,
    settings: Mapping[str, float],
    output: Path | None,
    *,
    detector: Detector = "peak",
) -> Rendered:
    """Compress a file of any length and write it, block by block.

    Where the make-up gain would clip, an output in integers is written again, lower by what it
    takes; an output in floating point keeps what is above full scale. Either is said.

    Parameters
    ----------
    loop : Sound
    settings : mapping of str to float
    output : Path, optional
        Without one, nothing is written.
    detector : {"peak", "rms"}

    Raises
    ------
    InputError
        If the loop cannot be read to its end, or the output cannot be written; nothing of it is
        left then.
    """
    if output is None:
        return Rendered(_compress(loop, settings, detector, None), [])
    form = form_of(output, loop)
    with _written(output, loop, form) as temporary:
        overview = _compress(loop, settings, detector, (temporary, form))
        over_db = overview.peak_db
        if over_db <= 0:
            return Rendered(overview, [])
        if form.encoding in _BEYOND_FULL_SCALE:
            warning = f"the output exceeds full scale by {over_db:.1f} dB, which its format keeps"
            return Rendered(overview, [warning])
        over_db += 0.01
        lower = {**settings, "makeup_db": settings["makeup_db"] - over_db}
        warning = (
            f"the output would clip: it was made {over_db:.1f} dB quieter, with a make-up gain of"
            f" {lower['makeup_db']:.1f} dB"
        )
        return Rendered(_compress(loop, lower, detector, (temporary, form)), [warning])


def _compress(
    loop: Sound,
    settings: Mapping[str, float],
    detector: Detector,
    target: tuple[Path, Form] | None,
) -> Overview:
    compressor = LinkedCompressor(settings, sample_rate=loop.sample_rate, detector=detector)
    overview = Overview(loop.frames, loop.sample_rate)
    blocks = progress(
        loop.blocks(),
        total=-(-loop.frames // BLOCK),
        description=loop.path.name,
        unit="block",
    )
    with ExitStack() as stack:
        file = None
        if target is not None:
            path, form = target
            file = stack.enter_context(
                soundfile.SoundFile(
                    *(path, "w", loop.sample_rate, loop.channels, form.encoding),
                    format=form.container,
                )
            )
        for block in blocks:
            processed = compressor.process(block)
            overview.add(block, processed)
            if file is not None:
                frames = processed.signal.T
                file.write(quantise(frames) if form.encoding == "PCM_24" else frames)
    return overview


@contextmanager
def _written(output: Path, loop: Sound, form: Form) -> Iterator[Path]:
    """Yield a temporary name for the output; whatever fails is an InputError that names it."""
    if output.is_dir():
        raise InputError(f"{output}: is a folder, must be the name of a file")
    require_space(output.parent, _size(loop, form.encoding))
    try:
        with replaced(output) as temporary:
            temporary.touch()  # says why it cannot, which libsndfile does not
            yield temporary
    except OSError as error:
        raise InputError(f"{output}: cannot be written ({error.strerror})") from error
    except soundfile.LibsndfileError as error:
        raise InputError(
            f"{output}: writing stopped, is the disk full? ({error.error_string})"
        ) from error


def _size(loop: Sound, encoding: str) -> int:
    return loop.frames * loop.channels * _BYTES[encoding] + _HEADER
