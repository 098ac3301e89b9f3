"""What happens between an event of the page and what it then shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stages.common.errors import InputError
from stages.match.answer import Answer
from stages.match.matching import match
from stages.match.output import CONTAINERS, render
from stages.match.overview import Overview
from stages.match.page.listening import equal_loudness_db, write_copy
from stages.match.process import Processed
from stages.match.sound import Sound, open_sound, read_part

LONGEST_S = 600.0  # a result must follow its knob; the command line takes any length


@dataclass(frozen=True)
class Matched:
    """Two files and what was found from them.

    Attributes
    ----------
    answer : Answer
    loop : Sound
    start : int, frames
        Where in the loop's file the part begins that settings were found from.
    reference : Overview
    copies : dict of str to Path
        "loop" and "reference", to listen to.
    loudness : dict of str to float, LUFS
        Of the copies.
    """

    answer: Answer
    loop: Sound
    start: int
    reference: Overview
    copies: dict[str, Path]
    loudness: dict[str, float]


@dataclass(frozen=True)
class Result:
    """A loop under some settings.

    Attributes
    ----------
    audio, answer : Path
        For download: the processed loop, and as JSON what was found and what was applied.
    overview : Overview
    copies : dict of str to Path
        "loop", "result" and "reference", to listen to.
    gains_db : dict of str to float
        What makes the copies equally loud.
    warnings : list of str
    """

    audio: Path
    answer: Path
    overview: Overview
    copies: dict[str, Path]
    gains_db: dict[str, float]
    warnings: list[str]


def find_settings(loop: Path, reference: Path, folder: Path) -> Matched:
    """Match two files; write copies to listen to into `folder`.

    Raises
    ------
    InputError
        If a file cannot be read or matched; the message calls it by its name alone.
    """
    try:
        sounds = {"loop": open_sound(loop), "reference": open_sound(reference)}
        for sound in sounds.values():
            _require_short(sound)
        parts = {name: read_part(sound) for name, sound in sounds.items()}
        answer = match(
            parts["loop"].signal,
            parts["reference"].signal,
            sample_rate=sounds["loop"].sample_rate,
            reference_rate=sounds["reference"].sample_rate,
        )
        reference_overview = _overview(sounds["reference"])
    except InputError as error:
        message = str(error)
        for path in (loop, reference):
            message = message.replace(str(path), path.name)
        raise InputError(message) from error
    copies = {name: folder / f"{name}.wav" for name in sounds}
    loudness = {
        name: write_copy(copies[name], parts[name].signal, sounds[name].sample_rate)
        for name in sounds
    }
    return Matched(
        answer, sounds["loop"], parts["loop"].start, reference_overview, copies, loudness
    )


def apply_settings(matched: Matched, settings: Mapping[str, float], folder: Path) -> Result:
    """Process the loop under `settings`; write the results into `folder`."""
    source = matched.loop.path
    ending = source.suffix if source.suffix.lower() in CONTAINERS else ".wav"
    audio = folder / f"{source.stem}-matched{ending}"
    rendered = render(matched.loop, settings, audio)
    answer = folder / f"{source.stem}-settings.json"
    document = {**matched.answer.as_json(), "applied": dict(settings)}
    answer.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    copy = folder / "result.wav"
    part = read_part(open_sound(audio), start=matched.start)
    loudness = write_copy(copy, part.signal, matched.loop.sample_rate)
    return Result(
        audio,
        answer,
        rendered.overview,
        {**matched.copies, "result": copy},
        equal_loudness_db({**matched.loudness, "result": loudness}),
        rendered.warnings,
    )


def _require_short(sound: Sound) -> None:
    if sound.frames > LONGEST_S * sound.sample_rate:
        raise InputError(
            f"{sound.path}: lasts {sound.frames / sound.sample_rate / 60:.0f} min, the page takes"
            f" {LONGEST_S / 60:.0f} min; the command line takes any length"
        )


def _overview(sound: Sound) -> Overview:
    """Return an overview of a file as it is."""
    overview = Overview(sound.frames, sound.sample_rate)
    for block in sound.blocks():
        overview.add(block, Processed(block, np.zeros(block.shape[1], np.float32)))
    return overview
