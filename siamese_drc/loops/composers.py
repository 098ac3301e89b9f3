"""Composed loops by material and number.

A composer is a subpackage of this one with a table ``STYLES`` and a function ``play(style, pulse,
random)``, which returns the name of an instrument and the stems; its name is the name of the
material.
"""

from __future__ import annotations

import importlib
import zlib
from pathlib import Path

import numpy as np

from siamese_drc.core.errors import InputError
from siamese_drc.loops.humanise import draw_pulse, draw_room, take_turns
from siamese_drc.loops.score import Score


def compose(material: str, loop: int, *, seed: int, stream: str | None = None) -> Score:
    """Return one loop of a material as a score.

    Parameters
    ----------
    material : str
        Name of a composer: drum, guitar or mix.
    loop : int
        Number of the loop. Styles alternate with it, and tempos spread over a style's range.
    seed : int
    stream : str, optional
        Name of the stream of random numbers; default: the material. Another stream gives
        another library of loops. The score depends on nothing but the arguments.

    Raises
    ------
    InputError
        If there is no such composer.

    Examples
    --------
    >>> score = compose("drum", 2, seed=1)
    >>> score.style, score.tempo_bpm, [stem.name for stem in score.stems]
    ('funk', 92.0, ['kick', 'snare', 'hats'])
    """
    names = sorted(path.parent.name for path in Path(__file__).parent.glob("*/__init__.py"))
    if material not in names:
        raise InputError(f"{material}: no such composer, must be one of {', '.join(names)}")
    composer = importlib.import_module(f"siamese_drc.loops.{material}")
    random = seeded(stream or material, loop, seed=seed)
    name, share = take_turns(loop, list(composer.STYLES))
    style = composer.STYLES[name]
    pulse = draw_pulse(style, share, random)
    programme, stems = composer.play(style, pulse, random)
    return Score(
        name=f"{name} {loop:03d}",
        style=name,
        tempo_bpm=pulse.tempo_bpm,
        programme=programme,
        seconds=pulse.seconds,
        stems=stems,
        room=draw_room(random, wettest_db=style.wettest_db),
    )


def seeded(stream: str, number: int, *, seed: int) -> np.random.Generator:
    """Return the random numbers of one loop of a stream; they depend only on the arguments."""
    return np.random.default_rng([seed, zlib.crc32(stream.encode()), number])
