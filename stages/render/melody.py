"""Single lines: a phrase, stated again in each bar with another ending."""

from __future__ import annotations

import numpy as np

from stages.render.harmony import Harmony
from stages.render.humanise import Player
from stages.render.score import Note
from stages.render.steps import BEATS_PER_BAR, read_steps

_VELOCITY = {"X": 114, "x": 94}
_ENDING = 0.6  # the share of the phrase that stays
_HIGHEST = 8  # steps of the scale
_LEGATO = 0.95


def play_line(
    harmony: Harmony, pattern: str, lowest: int, player: Player, random: np.random.Generator
) -> list[Note]:
    """Play a phrase in the rhythm of a pattern.

    Parameters
    ----------
    harmony : Harmony
        The phrase is drawn from its scale.
    pattern : str
        Step notation: X, x  next note of the phrase, accented or not;  -  the note ends.
    lowest : int
        The phrase stays above this pitch.
    player : Player
    random : numpy Generator
    """
    phrase, ending = _phrase(random), _phrase(random)
    per_bar = max(1, sum(mark in _VELOCITY for mark in pattern))
    notes = []
    place = {bar: 0 for bar in range(player.pulse.beats // BEATS_PER_BAR)}
    for beat, beats, mark in read_steps(pattern, player.pulse.beats):
        if mark not in _VELOCITY:
            continue
        bar = int(beat // BEATS_PER_BAR)
        changed = bar % 2 == 1 and place[bar] >= _ENDING * per_bar
        degree = (ending if changed else phrase)[place[bar] % len(phrase)]
        pitch = harmony.melody_pitch(degree, lowest)
        notes.append(player.note(beat, _LEGATO * beats, pitch, _VELOCITY[mark]))
        place[bar] += 1
    return notes


def _phrase(random: np.random.Generator, length: int = 16) -> list[int]:
    """Walk up and down the scale from its key note, mostly by step."""
    degrees = [0]
    for step in random.choice([-2, -1, -1, 0, 1, 1, 2, 4], length - 1):
        degrees.append(int(np.clip(degrees[-1] + step, 0, _HIGHEST)))
    return degrees
