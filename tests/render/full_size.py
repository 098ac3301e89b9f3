"""The composed libraries at the paper's size, as scores."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from stages.common.params import load_params
from stages.render.composers import find_composer, seeded
from stages.render.score import Score

PARAMS = load_params(Path(__file__).parents[2] / "params.yaml")
MATERIALS = ("drum", "guitar", "mix")


@cache
def library(material: str) -> list[Score]:
    compose = find_composer(f"stages/render/{material}")
    count = PARAMS.scales["paper"].loops[material]
    return [compose(loop, seeded(material, loop, seed=1)) for loop in range(count)]
