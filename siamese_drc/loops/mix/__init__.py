"""Composer of polyphonic mixes: drums, bass, guitar, keyboards and one more part."""

from __future__ import annotations

import numpy as np

from siamese_drc.loops.drum import drum_stems, write_groove
from siamese_drc.loops.drum.styles import STYLES as DRUM_STYLES
from siamese_drc.loops.guitar import guitar_stem
from siamese_drc.loops.guitar.styles import STYLES as GUITAR_STYLES
from siamese_drc.loops.harmony import Harmony, write_harmony
from siamese_drc.loops.humanise import Player, Pulse, choose, draw_pulse, draw_room, take_turns
from siamese_drc.loops.mix.genres import GENRES, Part
from siamese_drc.loops.score import Score, Stem

_GUITAR_LEVEL_DB = -7.0
_WETTEST_DB = -12.0  # less than for drums alone, which stay clear in more room


def compose(loop: int, random: np.random.Generator) -> Score:
    """Compose one polyphonic mix; genres alternate with its number. See `loops.compose`."""
    name, share = take_turns(loop, list(GENRES))
    genre = GENRES[name]
    drums, guitar = DRUM_STYLES[genre.drums], GUITAR_STYLES[genre.guitar]
    pulse = draw_pulse(drums.tempo_bpm, share, drums.swing, random)
    progression = choose(genre.progressions, random)
    harmony = write_harmony(progression, genre.scale, beats=pulse.beats, random=random)
    kit, sound = choose(drums.kits, random), choose(guitar.guitars, random)
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
