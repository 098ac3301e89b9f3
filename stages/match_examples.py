"""Make the training examples of the match model: `python -m stages.match_examples`.

Loops are composed, varied by random productions, compressed under random settings, and described by
their dynamics.
"""

from __future__ import annotations

import numpy as np

from siamese_drc.core.outputs import replaced
from siamese_drc.match.training_examples import ExampleOptions, make_examples
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params


def main(params: Params) -> None:
    """Write data/match/examples.npz; its arrays are those of `make_examples`."""
    size = params.match.sizes[params.scale]
    examples = make_examples(
        params.match.materials,
        example_options(params),
        loops=size.loops,
        calibration_loops=size.calibration_loops,
    )
    with replaced(files.MATCH_EXAMPLES) as path, path.open("wb") as file:
        np.savez(file, **examples)


def example_options(params: Params) -> ExampleOptions:
    """Return how the loops are made, those of the evaluation too."""
    settings = params.match.sizes[params.scale].settings
    return ExampleOptions(
        params.match.clip_seconds, settings, params.match.seed, params.sample_rate
    )


if __name__ == "__main__":
    run_stage(main)
