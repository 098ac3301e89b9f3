"""Evaluate the match tool on loops that no training saw: `python -m stages.match_evaluate`.

The references are other loops of the material. How exactly the settings are found where the
reference is the loop itself is measured by `python -m benchmarks fit`.
"""

from __future__ import annotations

import json

import numpy as np

from siamese_drc.core.outputs import replaced
from siamese_drc.match import evaluation
from siamese_drc.match.model import read_model
from siamese_drc.match.training_examples import compose_examples
from stages.match_examples import example_options
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params


def main(params: Params) -> None:
    """Write metrics/<scale>/match.json."""
    size, options, materials = params.match.sizes[params.scale], example_options(params), {}
    model = read_model()
    first = size.loops + size.calibration_loops
    for material in params.match.materials:
        loops = compose_examples(material, range(first, first + size.unseen_loops), options)
        fixed = fixed_settings(params, material)
        judged = evaluation.judge_references(loops, options, **fixed, model=model)
        errors = evaluation.another_recording_errors(judged, model)
        materials[material] = {"another_recording": errors}
    metrics = {"held_out": model.held_out, "materials": materials}
    with replaced(files.METRICS / params.scale / "match.json") as path:
        path.write_text(json.dumps(metrics, indent=2) + "\n")


def fixed_settings(params: Params, material: str) -> dict[str, np.ndarray]:
    """Return the preset that is best on the training loops of a material, and their median."""
    options = example_options(params)
    training = range(min(evaluation.PRESET_LOOPS, params.match.sizes[params.scale].loops))
    loops = compose_examples(material, training, options)
    return {
        "preset": evaluation.best_preset(material, loops, options),
        "constant": evaluation.median_settings(loops),
    }


if __name__ == "__main__":
    run_stage(main)
