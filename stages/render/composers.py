"""The composers: packages of this room with a function `compose`."""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from stages.common.errors import InputError
from stages.render.score import Score

Composer = Callable[[int, np.random.Generator], Score]


def find_composer(folder: str) -> Composer:
    """Return the `compose` of the package `folder`, as in `materials.<name>.source.folder`.

    Raises
    ------
    InputError
        If there is no such composer.
    """
    name = Path(folder).name
    here = Path(__file__).parent
    known = sorted(package.parent.name for package in here.glob("*/__init__.py"))
    if name not in known:
        raise InputError(f"{folder}: there is no such composer, must be one of {', '.join(known)}")
    composer: Composer = importlib.import_module(f"stages.render.{name}").compose
    return composer


def seeded(material: str, loop: int, *, seed: int) -> np.random.Generator:
    """Return the random numbers of one loop: they depend on nothing but the arguments."""
    return np.random.default_rng([seed, zlib.crc32(material.encode()), loop])
