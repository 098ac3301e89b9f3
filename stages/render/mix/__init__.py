"""Composer of polyphonic mixes: drums, bass, guitar, keyboards and one more part."""

from __future__ import annotations

import numpy as np

from stages.render.drum import drum_stems
from stages.render.drum.groove import write_groove
from stages.render.drum.styles import STYLES as DRUM_STYLES
from stages.render.guitar import guitar_stem
from stages.render.guitar.styles import STYLES as GUITAR_STYLES
from stages.render.harmony import Harmony, write_harmony
from stages.render.humanise import Player, Pulse
from stages.render.mix.genres import GENRES, Part
from stages.render.score import Score, Stem
from stages.render.variety import choose, draw_pulse, draw_room, take_turns

_GUITAR_LEVEL_DB = -7.0
_WETTEST_DB = -12.0  # a whole band drowns sooner than a kit does


def compose(loop: int, random: np.random.Generator) -> Score:
    """Compose one polyphonic mix.

    Parameters
    ----------
    loop : int
        Its number: genres take turns, and each genre's tempos spread evenly over its range.
    random : numpy Generator
        Everything else is drawn from it.

    Returns
    -------
    Score
    """
    name, share = take_turns(loop, list(GENRES))
    genre = GENRES[name]
    drums, guitar = DRUM_STYLES[genre.drums], GUITAR_STYLES[genre.guitar]
    pulse = draw_pulse(drums.tempo_bpm, share, drums.swing, random)
    progression = choose(genre.progressions, random)
    harmony = write_harmony(progression, genre.scale, beats=pulse.beats, random=random)
    kit, sound = choose(drums.kits, random), choose(guitar.sounds, random)
    stems = [
        *drum_stems(write_groove(drums, random), kit, pulse, random),
        guitar_stem(guitar, sound, harmony, pulse, random, level_db=_GUITAR_LEVEL_DB),
        *(_part_stem(part, harmony, pulse, random) for part in genre.parts),
    ]
    return Score(
        name=f"{name} {loop:03d}",
        style=name,
        tempo_bpm=pulse.tempo_bpm,
        programme=f"{kit} kit, {sound} guitar",
        seconds=pulse.seconds,
        stems=tuple(stems),
        room=draw_room(random, wettest_db=_WETTEST_DB),
    )


def _part_stem(part: Part, harmony: Harmony, pulse: Pulse, random: np.random.Generator) -> Stem:
    player = Player(pulse, random, late_ms=float(random.uniform(-3, 8)))
    pattern = choose(part.patterns, random)
    return Stem(
        name=part.name,
        bank=0,
        programme=choose(part.programmes, random),
        notes=tuple(part.technique(harmony, pattern, part.lowest, player, random)),
        level_db=part.level_db + float(random.uniform(-2, 2)),
        tilt_db=float(random.uniform(-2, 2)),
        room_send=0.2 if part.name == "bass" else 1.0,
    )
