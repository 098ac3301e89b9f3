"""Stage `plot-data`: learning curves, and predicted beside true values, for the report's figures.

`python -m stages.plot_data` writes reports/<scale>/plots/learning-curves.csv and predicted.csv.
Both are in git: with them, the report can be made anew in a clone that has no data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from siamese_drc.core.errors import InputError
from siamese_drc.core.outputs import replaced
from stages.project.command import run_stage
from stages.project.files import METRICS, MODELS, PREDICTIONS, REPORTS
from stages.project.params import Params, unseen_loops_name

PREDICTED_EXPERIMENTS = {"drum-dm2": "drum-cnn-stft128", "drum-d4p": "drum-d4p-cnn-stft128"}
"""Data sets whose predictions are drawn, and their experiments: both are the tuned Model 1."""

CURVES = ["experiment", "grid", "epoch", "loss", "val_loss"]
PREDICTED = ["data_set", "protocol", "parameter", "true", "predicted"]
POINTS = 300  # per panel: more would hide one another and make the files large


def main(params: Params) -> None:
    """Write both tables."""
    check_leftovers(params)
    trained = [name for name in params.trained if params.model_of(name).kind != "none"]
    plots = {
        "learning-curves": learning_curves(MODELS, trained),
        "predicted": predicted_values(PREDICTIONS, prediction_tables(params)),
    }
    for name, table in plots.items():
        with replaced(REPORTS / params.scale / "plots" / f"{name}.csv") as path:
            table.to_csv(path, index=False, float_format="%.6g")


def learning_curves(folder: Path, names: Iterable[str]) -> pd.DataFrame:
    """Return <folder>/<experiment>/history.csv of all: a row per experiment, grid and epoch."""
    tables = [
        read_whole(folder / name / "history.csv", f"train@{name}").assign(experiment=name)[CURVES]
        for name in names
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=CURVES)


def predicted_values(folder: Path, tables: Mapping[str, Iterable[str]]) -> pd.DataFrame:
    """Return predicted and true values of `PREDICTED_EXPERIMENTS`, at most `POINTS` a panel.

    `tables`: of each experiment, the names of the tables in `folder`.
    """
    drawn = []
    for data_set, experiment in PREDICTED_EXPERIMENTS.items():
        for name in tables.get(experiment, []):
            path = folder / f"{name}.csv"
            rows = read_whole(path, f"evaluate@{experiment}")
            panels = rows.groupby(["data_set", "protocol", "parameter"], sort=False)
            if panels.size().groupby(["data_set", "protocol"]).nunique().max() > 1:
                raise InputError(f"{path}: rows are missing; `dvc repro` makes it anew")
            for (of_data_set, *_), panel in panels:
                if of_data_set == data_set:
                    chosen = panel.sample(min(POINTS, len(panel)), random_state=0).sort_index()
                    drawn.append(chosen[PREDICTED])
    return pd.concat(drawn, ignore_index=True) if drawn else pd.DataFrame(columns=PREDICTED)


def read_whole(path: Path, stage: str) -> pd.DataFrame:
    """Return a table; raise InputError if it is missing or was cut."""
    if not path.is_file():
        raise InputError(f"{path}: missing; `dvc repro {stage}` makes it")
    if not path.read_bytes().endswith(b"\n"):
        raise InputError(f"{path}: was cut; `dvc repro {stage}` makes it anew")
    return pd.read_csv(path)


def check_leftovers(params: Params) -> None:
    """Check that the folders of metrics, models and predictions hold nothing but params.yaml's.

    DVC locks the hash of a whole folder: with anything else in it, dvc.lock would name a hash that
    no clone can reproduce. Hidden and temporary (`*.tmp`) files are ignored. The InputError names
    each leftover, and the command that removes them.
    """
    metrics = METRICS / params.scale
    tables = {f"{name}.csv" for names in prediction_tables(params).values() for name in names}
    expected = {
        metrics / "experiments": {f"{name}.json" for name in params.evaluated},
        metrics / "unseen_loops": {f"{name}.json" for name in params.unseen_loops},
        MODELS: {"README.md", *params.trained},
        PREDICTIONS: tables,
    }
    leftovers = [
        str(path)
        for folder, known in expected.items()
        for path in sorted(folder.glob("[!.]*"))
        if path.name not in known and path.suffix != ".tmp"
    ]
    if leftovers:
        raise InputError(
            f"{', '.join(leftovers)}: belongs to no entry of params.yaml;"
            f" remove with `rm -rf {' '.join(leftovers)}`, then run `dvc repro` again"
        )


def prediction_tables(params: Params) -> dict[str, list[str]]:
    """Return the names of the tables of predictions of each experiment and transfer."""
    tables = {name: [name] for name in params.evaluated}
    for name in params.unseen_loops:
        tables.setdefault(name, []).append(unseen_loops_name(name))
    return tables


if __name__ == "__main__":
    run_stage(main)
