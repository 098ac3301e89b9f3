"""Loops to measure on: the project's own composed ones, rendered anew."""

from __future__ import annotations

import numpy as np

from stages.common.params import load_params
from stages.render.composers import find_composer, seeded
from stages.render.performance import perform
from stages.render.synthesizer import bundled_library, bundled_soundfont


def rendered_loops(material: str, count: int, *, seconds: float) -> list[np.ndarray]:
    """Return the first loops of a composed material, float32, peak 1.0, at the project's rate."""
    params = load_params()
    compose = find_composer(f"stages/render/{material}")
    return [
        perform(
            compose(loop, seeded(material, loop, seed=params.render.seed)),
            samples=round(seconds * params.sample_rate),
            sample_rate=params.sample_rate,
            soundfont=bundled_soundfont(),
            library=bundled_library(),
        )
        for loop in range(count)
    ]
