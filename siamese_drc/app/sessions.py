"""One visit to the page: its two files, the settings found from them, and the results."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
import pyloudnorm
import soundfile

from siamese_drc.app.output import CONTAINERS, Overview, overview_of, render
from siamese_drc.app.uploads import remove_uploads
from siamese_drc.audio import Sound, open_sound
from siamese_drc.core.errors import InputError
from siamese_drc.match.answer import Answer
from siamese_drc.match.matching import match
from siamese_drc.match.sound import read_part

CLOSED = "the connection to this page was lost, and its files are removed; load the page again"
LONGEST_S = 600.0  # longer files would make the page slow; the command line takes any length


@dataclass(frozen=True)
class Result:
    """The loop under some settings.

    Attributes
    ----------
    audio, answer : Path
        For download: the processed loop; the answer and the applied settings as JSON.
    overview : Overview
    copies : dict of str to Path
        Files to listen to: "loop", "result" and "reference".
    gains_db : dict of str to float
        Gains at which the copies are equally loud.
    warnings : list of str
    """

    audio: Path
    answer: Path
    overview: Overview
    copies: dict[str, Path]
    gains_db: dict[str, float]
    warnings: list[str]


class Session:
    """The state of one open page.

    Parameters
    ----------
    root : Path
        Folder for the folder of this session.

    Attributes
    ----------
    folder : Path
        Holds copies to listen to and results.
    uploads : set of Path
        The visitor's files.
    answer : Answer or None
        What was found for the last two files.
    reference : Overview
        Of the last reference; only beside an answer.
    lock : Lock
        Held during work, so that `end` waits for it.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(dir=root))
        self.uploads: set[Path] = set()
        self.answer: Answer | None = None
        self.reference: Overview
        self.lock = Lock()
        self._ended = False
        self._loop: Sound
        self._start = 0  # frame of the loop where the part begins that is listened to
        self._copies: dict[str, Path] = {}
        self._loudness: dict[str, float] = {}
        self._results: list[Path] = []

    def find(self, loop: Path, reference: Path) -> Answer:
        """Return the settings for a loop from a reference; earlier results are removed.

        Raises
        ------
        InputError
            If a file cannot be read or matched; the message names it without its folder.
        """
        self._require_open()
        for old in self.folder.iterdir():
            shutil.rmtree(old)
        self._results, self.answer = [], None
        try:
            sounds = {"loop": open_sound(loop), "reference": open_sound(reference)}
            for sound in sounds.values():
                if sound.seconds > LONGEST_S:
                    raise InputError(
                        f"{sound.path}: lasts {sound.seconds / 60:.0f} min, the page takes"
                        f" {LONGEST_S / 60:.0f} min; the command line takes any length"
                    )
            parts = {name: read_part(sound) for name, sound in sounds.items()}
            answer = match(
                parts["loop"].signal,
                parts["reference"].signal,
                sample_rate=sounds["loop"].sample_rate,
                reference_rate=sounds["reference"].sample_rate,
            )
            self.reference = overview_of(sounds["reference"])
        except InputError as error:
            message = str(error)
            for path in (loop, reference):
                message = message.replace(str(path), path.name)
            raise InputError(message) from error
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        self._loop, self._start = sounds["loop"], parts["loop"].start
        for name, part in parts.items():
            self._copies[name] = folder / f"{name}.wav"
            self._loudness[name] = write_copy(
                self._copies[name], part.signal, sounds[name].sample_rate
            )
        self.answer = answer
        return answer

    def apply(self, settings: Mapping[str, float]) -> Result:
        """Return the loop under `settings`; the result before is kept, it may be playing."""
        self._require_open()
        assert self.answer is not None
        for old in self._results[:-1]:
            shutil.rmtree(old)
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        self._results = [*self._results[-1:], folder]
        source = self._loop.path
        ending = source.suffix if source.suffix.lower() in CONTAINERS else ".wav"
        audio = folder / f"{source.stem}-matched{ending}"
        design = self.answer.family, self.answer.link
        rendered = render(self._loop, settings, audio, family=design[0], link=design[1])
        document = {**self.answer.as_json(), "applied": dict(settings)}
        answer = folder / f"{source.stem}-settings.json"
        answer.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        copy = folder / "result.wav"
        part = read_part(open_sound(audio), start=self._start)
        loudness = write_copy(copy, part.signal, self._loop.sample_rate)
        return Result(
            audio,
            answer,
            rendered.overview,
            {**self._copies, "result": copy},
            equal_loudness_db({**self._loudness, "result": loudness}),
            rendered.warnings,
        )

    def end(self) -> None:
        """Remove uploads, copies and results."""
        with self.lock:
            self._ended = True
            remove_uploads(self.uploads)
            shutil.rmtree(self.folder)

    def _require_open(self) -> None:
        if self._ended:
            raise InputError(CLOSED)


def write_copy(path: Path, signal: np.ndarray, sample_rate: int) -> float:
    """Write a signal, scaled to full scale, as 16-bit WAV, which every browser plays.

    Parameters
    ----------
    path : Path
    signal : ndarray, shape (channels, samples), float32, not silent
    sample_rate : int, Hz

    Returns
    -------
    float, LUFS
        Integrated loudness of the copy (ITU-R BS.1770).
    """
    frames = (signal / np.abs(signal).max()).T
    soundfile.write(path, frames, sample_rate, subtype="PCM_16", format="WAV")
    return float(pyloudnorm.Meter(sample_rate).integrated_loudness(frames))


def equal_loudness_db(loudness: Mapping[str, float]) -> dict[str, float]:
    """Return the gains, dB, that turn all copies down to the loudness of the quietest.

    Examples
    --------
    >>> equal_loudness_db({"loop": -20.0, "result": -14.0})
    {'loop': 0.0, 'result': -6.0}
    """
    target = min(loudness.values())
    return {name: target - value for name, value in loudness.items()}
