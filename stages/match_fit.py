"""Fit the match model: `python -m stages.match_fit`.

The network is trained on pairs of loops. Its intervals and its score are calibrated on loops that
it has not seen.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from siamese_drc.core.errors import reading
from siamese_drc.core.outputs import replaced
from siamese_drc.match.model import write_model
from siamese_drc.match.model_training import TrainingOptions, fit_model
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params


def main(params: Params) -> None:
    """Write siamese_drc/pretrained/match.npz, which is kept in git."""
    with reading(files.MATCH_EXAMPLES), np.load(files.MATCH_EXAMPLES, allow_pickle=False) as file:
        arrays = dict(file)
    section = params.match.model_dump()
    given = section | {"epochs": params.match.sizes[params.scale].epochs}
    options = TrainingOptions(
        **{field.name: given[field.name] for field in fields(TrainingOptions)}
    )
    made_under = {"sample_rate": params.sample_rate, "match": section}
    model = fit_model(arrays, options, made_under=made_under)
    with replaced(files.MATCH_MODEL) as path:
        write_model(model, path)


if __name__ == "__main__":
    run_stage(main)
