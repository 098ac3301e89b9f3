"""Stage `plot-data`: learning curves, and predicted beside true values, for the report's figures.

`python -m stages.plot_data` writes reports/<scale>/plots/learning-curves.csv and predicted.csv.
Both are in git: with them, the report can be made anew in a clone that has no data.
"""

from __future__ import annotations

import pandas as pd

from siamese_drc.core.errors import InputError
from siamese_drc.core.outputs import replaced
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params, unseen_loops_name

PREDICTED_EXPERIMENTS = {"drum-dm2": "drum-cnn-stft128", "drum-d4p": "drum-d4p-cnn-stft128"}
"""Data sets whose predictions are drawn, and their experiments: both are the tuned Model 1."""

CURVES = ["experiment", "grid", "epoch", "loss", "val_loss"]
PREDICTED = ["data_set", "protocol", "parameter", "true", "predicted"]
POINTS = 300  # per panel: more would hide one another and make the files large


def main(params: Params) -> None:
    """Write both tables."""
    check_leftovers(params)
    plots = {"learning-curves": learning_curves(params), "predicted": predicted_values(params)}
    for name, table in plots.items():
        with replaced(files.REPORTS / params.scale / "plots" / f"{name}.csv") as path:
            table.to_csv(path, index=False, float_format="%.6g")


def learning_curves(params: Params) -> pd.DataFrame:
    """Return history.csv of all that is trained: a row per experiment, grid and epoch."""
    tables = [
        files.read_table(files.MODELS / name / "history.csv").assign(experiment=name)[CURVES]
        for name in params.trained
        if params.model_of(name).kind != "none"
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=CURVES)


def predicted_values(params: Params) -> pd.DataFrame:
    """Return predicted and true values of `PREDICTED_EXPERIMENTS`, at most `POINTS` a panel."""
    drawn = []
    for data_set, experiment in PREDICTED_EXPERIMENTS.items():
        for name in (experiment, unseen_loops_name(experiment)):
            if name not in params.metrics:
                continue
            path = files.predictions_table(name)
            rows = files.read_table(path)
            panels = rows.groupby(["data_set", "protocol", "parameter"], sort=False)
            if panels.size().groupby(["data_set", "protocol"]).nunique().max() > 1:
                raise InputError(f"{path}: is damaged: rows are missing")
            for (of_data_set, *_), panel in panels:
                if of_data_set == data_set:
                    chosen = panel.sample(min(POINTS, len(panel)), random_state=0).sort_index()
                    drawn.append(chosen[PREDICTED])
    return pd.concat(drawn, ignore_index=True) if drawn else pd.DataFrame(columns=PREDICTED)


def check_leftovers(params: Params) -> None:
    """Check that the folders of metrics, models and predictions hold nothing but params.yaml's.

    DVC locks the hash of a whole folder: with anything else in it, dvc.lock would name a hash that
    no clone can reproduce. Hidden and temporary (`*.tmp`) files are ignored. The InputError names
    each leftover, and the command that removes them.
    """
    known = {
        *params.metrics.values(),
        *map(files.predictions_table, params.metrics),
        *(files.MODELS / name for name in ("README.md", *params.trained)),
    }
    metrics = files.METRICS / params.scale
    folders = (metrics / "experiments", metrics / "unseen_loops", files.MODELS, files.PREDICTIONS)
    leftovers = [
        str(path)
        for folder in folders
        for path in sorted(folder.glob("[!.]*"))
        if path not in known and path.suffix != ".tmp"
    ]
    if leftovers:
        raise InputError(
            f"{', '.join(leftovers)}: belongs to no entry of params.yaml;"
            f" remove with `rm -rf {' '.join(leftovers)}`, then run `dvc repro` again"
        )


if __name__ == "__main__":
    run_stage(main)
