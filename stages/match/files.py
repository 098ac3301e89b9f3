"""What settings are found from, read from the user's files."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stages.match.sound import LONGEST_PART_S, Sound, read_part

_AS_LONG_S = 1.0  # files whose lengths differ by less may be the same performance


class Inputs(NamedTuple):
    """Arguments of `match`."""

    loop: np.ndarray
    references: list[np.ndarray]
    rates: list[int]
    warnings: list[str]


def read_inputs(loop: Sound, references: list[Sound]) -> Inputs:
    """Read a loop and its references; of long files, `LONGEST_PART_S` of each.

    The part is where a file is loudest; a reference as long as the loop gives the same stretch of
    time, because it may be the same performance.

    Raises
    ------
    InputError
        If a file cannot be read or is silent.
    """
    part = read_part(loop)
    parts = []
    for reference in references:
        start = None
        if abs(_seconds(reference) - _seconds(loop)) < _AS_LONG_S:
            latest = reference.frames - round(LONGEST_PART_S * reference.sample_rate)
            start = min(round(part.start * reference.sample_rate / loop.sample_rate), latest)
        parts.append(read_part(reference, start=start))
    warnings = [
        f"{sound.path}: lasts {_seconds(sound):.0f} s, the settings are found from"
        f" {LONGEST_PART_S:g} s from {read.start / sound.sample_rate:.0f} s on"
        for sound, read in zip([loop, *references], [part, *parts], strict=True)
        if _seconds(sound) > LONGEST_PART_S
    ]
    return Inputs(
        part.signal,
        [each.signal for each in parts],
        [reference.sample_rate for reference in references],
        warnings,
    )


def _seconds(sound: Sound) -> float:
    return sound.frames / sound.sample_rate
