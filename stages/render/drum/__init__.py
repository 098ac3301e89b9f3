"""Composer of drum loops: two bars of a style's groove with a fill, on one of several kits."""

from __future__ import annotations

import numpy as np

from stages.render.drum.groove import Stroke, strike, write_groove
from stages.render.drum.kits import KITS, PIECES
from stages.render.drum.styles import STYLES
from stages.render.humanise import Pulse
from stages.render.score import PERCUSSION, Score, Stem
from stages.render.variety import choose, draw_pulse, draw_room, take_turns


def compose(loop: int, random: np.random.Generator) -> Score:
    """Compose one drum loop.

    Parameters
    ----------
    loop : int
        Its number: styles take turns, and each style's tempos spread evenly over its range.
    random : numpy Generator
        Everything else is drawn from it.

    Returns
    -------
    Score
    """
    name, share = take_turns(loop, list(STYLES))
    style = STYLES[name]
    pulse = draw_pulse(style.tempo_bpm, share, style.swing, random)
    kit = choose(style.kits, random)
    return Score(
        name=f"{name} {loop:03d}",
        style=name,
        tempo_bpm=pulse.tempo_bpm,
        programme=kit,
        seconds=pulse.seconds,
        stems=drum_stems(write_groove(style, random), kit, pulse, random),
        room=draw_room(random),
    )


def drum_stems(
    strokes: list[Stroke], kit: str, pulse: Pulse, random: np.random.Generator
) -> tuple[Stem, ...]:
    """Play written strokes on a kit, tuned and mixed a little differently each time."""
    brightness_db = float(random.uniform(-6, 6))
    stems = []
    for name, piece in KITS[kit].items():
        keys = {**PIECES[name], **piece.keys}
        notes = strike(strokes, keys, pulse, random)
        transpose = int(random.integers(-3, 4))
        level_db = float(random.uniform(-2, 2))
        if notes:
            stems.append(
                Stem(
                    name=name,
                    bank=PERCUSSION,
                    programme=piece.preset,
                    notes=notes,
                    level_db=piece.level_db + level_db,
                    resonances=piece.resonances,
                    drive_db=piece.drive_db,
                    tilt_db=piece.tilt_db + brightness_db,
                    room_send=piece.room_send,
                    transpose=transpose,
                )
            )
    return tuple(stems)
