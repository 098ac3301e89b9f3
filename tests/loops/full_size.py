"""The composed libraries at the paper's size, as scores."""

from __future__ import annotations

from functools import cache

from siamese_drc.loops.composers import compose
from siamese_drc.loops.score import Score

LOOPS = {"drum": 64, "guitar": 65, "mix": 50}
MATERIALS = tuple(LOOPS)


@cache
def library(material: str) -> list[Score]:
    return [compose(material, loop, seed=1) for loop in range(LOOPS[material])]
