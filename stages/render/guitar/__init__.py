"""Composer of guitar loops: two bars of one technique on one of several guitars."""

from __future__ import annotations

import numpy as np

from stages.render.guitar.sounds import SOUNDS
from stages.render.guitar.styles import STYLES, Style
from stages.render.harmony import Harmony, write_harmony
from stages.render.humanise import Player, Pulse
from stages.render.score import Score, Stem
from stages.render.variety import choose, draw_pulse, draw_room, take_turns


def compose(loop: int, random: np.random.Generator) -> Score:
    """Compose one guitar loop.

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
    progression = choose(style.progressions, random)
    harmony = write_harmony(progression, style.scale, beats=pulse.beats, random=random)
    sound = choose(style.sounds, random)
    return Score(
        name=f"{name} {loop:03d}",
        style=name,
        tempo_bpm=pulse.tempo_bpm,
        programme=sound,
        seconds=pulse.seconds,
        stems=(guitar_stem(style, sound, harmony, pulse, random),),
        room=draw_room(random),
    )


def guitar_stem(
    style: Style,
    sound: str,
    harmony: Harmony,
    pulse: Pulse,
    random: np.random.Generator,
    *,
    level_db: float = 0.0,
) -> Stem:
    """Play one pattern of a style over a harmony."""
    player = Player(pulse, random, late_ms=float(random.uniform(-3, 6)))
    pattern, position = choose(style.patterns, random), choose(style.positions, random)
    guitar = SOUNDS[sound]
    return Stem(
        name="guitar",
        bank=0,
        programme=guitar.programme,
        notes=tuple(style.technique(harmony, pattern, position, player, random)),
        level_db=level_db,
        resonances=guitar.resonances,
        drive_db=guitar.drive_db,
        tilt_db=guitar.tilt_db + float(random.uniform(-3, 3)),
    )
