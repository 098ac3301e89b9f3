"""Composer of guitar loops: two bars of one technique on one of several guitars."""

from __future__ import annotations

import numpy as np

from siamese_drc.loops.guitar.styles import GUITARS, STYLES, Style
from siamese_drc.loops.harmony import Harmony, write_harmony
from siamese_drc.loops.humanise import Player, Pulse, choose, draw_pulse, draw_room, take_turns
from siamese_drc.loops.score import Score, Stem


def compose(loop: int, random: np.random.Generator) -> Score:
    """Compose one guitar loop; styles alternate with its number. See `loops.compose`."""
    name, share = take_turns(loop, list(STYLES))
    style = STYLES[name]
    pulse = draw_pulse(style.tempo_bpm, share, style.swing, random)
    progression = choose(style.progressions, random)
    harmony = write_harmony(progression, style.scale, beats=pulse.beats, random=random)
    guitar = choose(style.guitars, random)
    return Score(
        name=f"{name} {loop:03d}",
        style=name,
        tempo_bpm=pulse.tempo_bpm,
        programme=guitar,
        seconds=pulse.seconds,
        stems=(guitar_stem(style, guitar, harmony, pulse, random),),
        room=draw_room(random),
    )


def guitar_stem(
    style: Style,
    name: str,
    harmony: Harmony,
    pulse: Pulse,
    random: np.random.Generator,
    *,
    level_db: float = 0.0,
) -> Stem:
    """Play one pattern of a style over a harmony, on the guitar `name` of `GUITARS`."""
    player = Player(pulse, random, late_ms=float(random.uniform(-3, 6)))
    pattern, fret = choose(style.patterns, random), choose(style.frets, random)
    guitar = GUITARS[name]
    return Stem(
        name="guitar",
        bank=0,
        programme=guitar.programme,
        notes=tuple(style.technique(harmony, pattern, fret, player, random)),
        level_db=level_db,
        resonances=guitar.resonances,
        drive_db=guitar.drive_db,
        tilt_db=guitar.tilt_db + float(random.uniform(-3, 3)),
    )
