"""Fit the match model: `python -m stages.match_fit`.

The network is trained on pairs of composed loops and on pairs of real recordings, whose dynamics
are in git (`python -m experiments dynamics` makes them). Its intervals and its score are calibrated
on others of both.
"""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path

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
    composed, recorded = (read_table(path) for path in (files.MATCH_EXAMPLES, files.RECORDED))
    tables = [composed, recorded]
    if (made_at := recorded["sample_rate"]) != params.sample_rate:
        left_out = f"left out, made at {made_at} Hz, not at `sample_rate`, {params.sample_rate} Hz"
        print(f"{files.RECORDED}: {left_out}", file=sys.stderr)
        tables = [composed]
    model = fit_model(tables, training_options(params))
    with replaced(files.MATCH_MODEL) as path:
        write_model(model, path)


def read_table(path: Path) -> dict[str, np.ndarray]:
    """Read a table as `make_examples` gives it."""
    with reading(path), np.load(path, allow_pickle=False) as file:
        return dict(file)


def training_options(params: Params) -> TrainingOptions:
    """Return how the model is trained."""
    given = params.match.model_dump() | {"epochs": params.match.sizes[params.scale].epochs}
    return TrainingOptions(**{field.name: given[field.name] for field in fields(TrainingOptions)})


if __name__ == "__main__":
    run_stage(main)
