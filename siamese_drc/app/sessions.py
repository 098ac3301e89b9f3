"""One visit to the page: its files, the settings found from them, and the results."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import numpy as np
import pyloudnorm
import soundfile

from siamese_drc.app.output import (
    Applied,
    Overview,
    document_of,
    exports_of,
    overview_of,
    render,
    stored_name,
    write_exports,
)
from siamese_drc.audio import Sound, open_sound
from siamese_drc.core.errors import InputError
from siamese_drc.export.files import Export
from siamese_drc.match.answer import Answer, Estimate, Position
from siamese_drc.match.matching import match_sounds
from siamese_drc.match.sound import loudest_part, one_channel, read_part, require_sound

CLOSED = "the connection to this page was lost, and its files are removed; load the page again"
MOST_REFERENCES = 5  # of the page, whose visitors share its memory: a reference can take 256 MB
USED_S = 30.0  # of a longer file, at most: the settings are found in, and the page plays, this much
LONGEST_S = 600.0  # longer files would make the page slow; the command line takes any length
_LOUDNESS_S = 0.4  # a gating block: a shorter sound is repeated, as a loop is
UNCLAIMED_S = 60.0  # a tab claims its upload at once; one that was closed does not


@dataclass(frozen=True)
class Result:
    """The loop under some settings."""

    audio: Path  # the processed loop, for download
    answer: Path  # the answer and the applied settings as JSON, for download
    settings: dict[str, float]  # applied: lower make-up gain where the result would have clipped
    overview: Overview
    copies: dict[str, Path]  # to listen to: "loop", "result" and "reference"
    gains_db: dict[str, float]  # at which the copies are equally loud
    warnings: list[str]


class Session:
    """The state of one open page, whose files lie in a folder of its own under `root`."""

    def __init__(self, root: Path) -> None:
        root.mkdir(exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(dir=root))  # copies to listen to, and results
        self.uploads: set[Path] = set()
        self.answer: Answer | None = None  # for the last files
        self.notes: list[str] = []  # how much of long and of incomplete files was used
        self.applied: dict[str, float] = {}  # the settings of the last result
        self.reference: Overview  # of the reference that is played; only beside an answer
        self._lock = Lock()
        self._ended = False
        self._asked: Any = None  # files and options of the answer
        self._loop: Sound
        self._stretch = slice(0, 0)  # frames of the loop that are listened to
        self._copies: dict[str, Path] = {}
        self._loudness: dict[str, float] = {}
        self._results: list[Path] = []

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Work on the session: meanwhile it does not end; InputError if it has ended."""
        with self._lock:
            if self._ended:
                raise InputError(CLOSED)
            yield

    def find(self, loop: Path, references: Sequence[Path], **options: Any) -> bool:
        """Find the settings for a loop from references; return whether that was needed.

        The options are `weights`, `lock` and `amount` of `match`. Earlier results are removed, but
        what was found from the same files and options is kept: each of several uploads asks for an
        answer once all are there. InputError if a file cannot be read or matched; the message names
        it without its folder.
        """
        asked = (loop, [*references], options)
        if self.answer is not None and asked == self._asked:
            return False
        for old in self.folder.iterdir():
            shutil.rmtree(old)
        self._results, self.answer, self.applied = [], None, {}
        try:
            self._loop, *others = sounds = [open_sound(path) for path in (loop, *references)]
            for sound in sounds:
                if sound.seconds > LONGEST_S:
                    raise InputError(
                        f"{sound.path}: lasts {sound.seconds / 60:.0f} min, the page takes"
                        f" {LONGEST_S / 60:.0f} min; the command line takes any length"
                    )
            if len(references) > MOST_REFERENCES:
                raise InputError(
                    f"{len(references)} references: the page takes {MOST_REFERENCES}, the command"
                    " line any number"
                )
            answer, inputs = match_sounds(self._loop, others, **options)
            told = [said.weight for said in answer.references]
            played = int(np.argmax(told)) if len(told) == len(references) else 0
            self.reference = overview_of(others[played])
        except InputError as error:
            raise InputError(_named(str(error), loop, *references)) from error
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        signals = {"loop": inputs.loop, "reference": inputs.references[played]}
        rate = self._loop.sample_rate
        by_name = {"loop": rate, "reference": inputs.rates[played]}
        stretches = played_stretches(signals, by_name, answer.position)
        self._stretch = stretches["loop"]
        for name, signal in signals.items():
            self._copies[name] = folder / f"{name}.wav"
            part = signal[:, stretches[name]]
            self._loudness[name] = write_copy(self._copies[name], part, by_name[name])
        self.notes = [_named(note, loop, *references) for note in inputs.warnings]
        self.notes += [
            f"{sound.path.name}: lasts {sound.seconds:.0f} s, of which {USED_S:.0f} s were used"
            for sound in sounds
            if sound.seconds > USED_S
        ]
        if self._loop.seconds > USED_S:
            seconds = (self._stretch.stop - self._stretch.start) / rate
            self.notes.append(
                f"{seconds:.0f} s of the loop, from {self.start_s:.0f} s on, are played; the"
                " download is the whole loop"
            )
        self.answer, self._asked = answer, asked
        return True

    def apply(self, settings: Mapping[str, float]) -> Result:
        """Return the loop under `settings`; the result before is kept, it may be playing."""
        assert self.answer is not None
        for old in self._results[:-1]:
            shutil.rmtree(old)
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        self._results = [*self._results[-1:], folder]
        source = Path(self._loop.path.name)
        audio = folder / stored_name(source, "-matched")
        applied = Applied(settings, self.answer.family, self.answer.link)
        rendered = render(self._loop, applied, audio)
        self.applied = dict(rendered.settings)
        document = {**document_of(self.answer), "applied": self.applied}
        answer = folder / f"{source.stem}-settings.json"
        answer.write_text(json.dumps(document, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        copy = folder / "result.wav"
        frames = self._stretch.stop - self._stretch.start
        played = open_sound(audio).blocks(start=self._stretch.start, frames=frames)
        loudness = write_copy(copy, np.concatenate([*played], axis=1), self._loop.sample_rate)
        return Result(
            audio,
            answer,
            self.applied,
            rendered.overview,
            {**self._copies, "result": copy},
            equal_loudness_db({**self._loudness, "result": loudness}),
            rendered.warnings,
        )

    @property
    def start_s(self) -> float:
        """Where in the loop begins what is listened to, s."""
        return self._stretch.start / self._loop.sample_rate

    def export(self) -> tuple[Path, list[Export]]:
        """Return the applied settings for other programs: an archive of all files, and each."""
        assert self.answer is not None
        settings = {name: Estimate.known(value) for name, value in self.applied.items()}
        applied, part = replace(self.answer, settings=settings), read_part(self._loop)
        exported = exports_of(applied, part.signal, self._loop.sample_rate, part.start)
        folder = self._results[-1] / "exports"
        write_exports(exported, folder)
        name = self._results[-1] / f"{self._loop.path.stem}-exports"
        return Path(shutil.make_archive(str(name), "zip", folder)), exported

    def end(self) -> None:
        """Remove uploads, copies and results."""
        with self._lock:
            self._ended = True
            remove_uploads(self.uploads)
            shutil.rmtree(self.folder)


def played_stretches(
    signals: Mapping[str, np.ndarray], rates: Mapping[str, int], position: Position | None
) -> dict[str, slice]:
    """Return which frames of loop and reference are listened to: at most 30 s of each.

    Those of the same performance begin at the same place of it and are equally long; of other
    recordings they are the loudest.
    """
    if position is None:
        return {name: loudest_part(signals[name], round(USED_S * rates[name])) for name in signals}
    loop = max(position.start_s, -position.delay_s * position.speed)
    starts = {"loop": loop, "reference": max(position.delay_s + loop / position.speed, 0.0)}
    lengths = {name: signals[name].shape[1] / rates[name] for name in signals}
    seconds = min(USED_S, *(lengths[name] - starts[name] for name in signals))
    stretches = {}
    for name, rate in rates.items():
        first = round(starts[name] * rate)
        last = min(first + round(seconds * rate), signals[name].shape[1])
        stretches[name] = slice(first, last)
    return stretches


def remove_uploads(paths: Iterable[Path]) -> None:
    """Remove uploads and the folder of each."""
    for path in paths:
        path.unlink(missing_ok=True)
        with suppress(OSError):  # another file in it
            path.parent.rmdir()


@contextmanager
def unclaimed_removed(
    uploaded: set[Any], claimed: Callable[[], set[Path]], *, after_s: float = UNCLAIMED_S
) -> Iterator[None]:
    """Remove uploads whose tab was closed before it could claim them, within `after_s`.

    The server adds to `uploaded`; what is gone is taken out. `claimed` returns the uploads of the
    open tabs.
    """
    ended = Event()

    def watch() -> None:
        while not ended.wait(after_s / 4):
            kept = claimed()
            for name in [*uploaded]:
                path = Path(name)
                with suppress(FileNotFoundError):
                    if path in kept or time.time() - path.stat().st_ctime < after_s:
                        continue
                remove_uploads([path])
                uploaded.discard(name)

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _named(text: str, *paths: Path) -> str:
    """Return a text with the files' names instead of their paths."""
    for path in paths:
        text = text.replace(str(path), path.name)
    return text


def write_copy(path: Path, signal: np.ndarray, sample_rate: int) -> float:
    """Write a signal, (channels, samples), at full scale as 16-bit WAV, which every browser plays.

    Of more than two channels, their mean is written. Returned is the integrated loudness of the
    copy, LUFS (ITU-R BS.1770). InputError if the signal is silent.
    """
    heard = signal if len(signal) <= 2 else one_channel(signal)[np.newaxis]
    peak = float(np.abs(heard).max())
    require_sound("the part that is played", peak)
    frames = (heard / peak).T
    soundfile.write(path, frames, sample_rate, subtype="PCM_16", format="WAV")
    shortest = int(np.ceil(_LOUDNESS_S * sample_rate))
    frames = np.tile(frames, (-(-shortest // len(frames)), 1))
    loudness = float(pyloudnorm.Meter(sample_rate).integrated_loudness(frames))
    return loudness if np.isfinite(loudness) else 10 * float(np.log10(np.mean(frames**2)))


def equal_loudness_db(loudness: Mapping[str, float]) -> dict[str, float]:
    """Return the gains, dB, that turn all copies down to the loudness of the quietest."""
    target = min(loudness.values())
    return {name: target - value for name, value in loudness.items()}
