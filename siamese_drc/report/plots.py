"""The data behind the figures, as tables: what `reports/<scale>/plots/` holds as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.errors import InputError
from siamese_drc.report.published import PublishedCell, table_cells
from siamese_drc.report.results import PROTOCOLS, Results

PREDICTED_EXPERIMENTS = {"drum-dm2": "drum-cnn-stft128", "drum-d4p": "drum-d4p-cnn-stft128"}
"""Data sets whose predictions are drawn, and their experiments: both are the tuned Model 1."""

CURVES = ["experiment", "grid", "epoch", "loss", "val_loss"]
PREDICTED = ["data_set", "protocol", "parameter", "true", "predicted"]
FRAME_LENGTH = ["frame_length", "data_set", "parameter", "source", "mae"]
LOOP_COUNTS = ["loops", "parameter", "source", "mae"]
LOOP_COUNT_SOURCES = {
    "trained": "unseen_loops",
    "its own output": "network_unseen_loops",
    "untrained": "untrained/unseen_loops",
    "no network": "no_network/unseen_loops",
    "constant": "constant",
}

POINTS = 300  # per panel: more would hide one another and make the files large


def learning_curves(folder: Path, names: Iterable[str]) -> pd.DataFrame:
    """Return the histories of all trainings: a row per experiment, grid and epoch.

    Parameters
    ----------
    folder : Path
        Holds <experiment>/history.csv.
    names : iterable of str
        The experiments that train networks.

    Raises
    ------
    InputError
        If an experiment's history is missing or was cut.
    """
    tables = [
        pd.read_csv(_existing(folder / name / "history.csv", f"train@{name}"))
        .assign(experiment=name)
        .loc[:, CURVES]
        for name in names
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=CURVES)


def predicted_values(folder: Path, tables: Mapping[str, Iterable[str]]) -> pd.DataFrame:
    """Return predicted and true values of `PREDICTED_EXPERIMENTS`, at most `POINTS` a panel.

    Parameters
    ----------
    folder : Path
        Holds <table>.csv, with a row per prediction of a row outside the training.
    tables : mapping of str to iterable of str
        The tables of each experiment; those of other experiments are not read.

    Raises
    ------
    InputError
        If a table is missing or rows of it are.
    """
    drawn = []
    for data_set, experiment in PREDICTED_EXPERIMENTS.items():
        for name in tables.get(experiment, []):
            path = _existing(folder / f"{name}.csv", f"evaluate@{experiment}")
            rows = pd.read_csv(path)
            panels = rows.groupby(["data_set", "protocol", "parameter"], sort=False)
            if panels.size().groupby(["data_set", "protocol"]).nunique().max() > 1:
                raise InputError(f"{path}: rows are missing; `dvc repro` makes it anew")
            for (of_data_set, *_), panel in panels:
                if of_data_set != data_set:
                    continue
                chosen = panel.sample(min(POINTS, len(panel)), random_state=0).sort_index()
                drawn.append(chosen[PREDICTED])
    return pd.concat(drawn, ignore_index=True) if drawn else pd.DataFrame(columns=PREDICTED)


def frame_length_errors(cells: list[PublishedCell], results: Results) -> pd.DataFrame:
    """Return the errors of Table VII: published, ours by protocol, and the constant predictor's."""
    rows = []
    for cell in table_cells(cells, "VII"):
        place = (int(cell.column), cell.data_set, cell.parameter)
        rows.append((*place, "published", float(cell.value)))
        for entry in (*PROTOCOLS, "constant"):
            mae = results.mae(cell.experiment, cell.data_set, entry, cell.parameter)
            if mae is not None:
                rows.append((*place, entry, mae))
    return pd.DataFrame(rows, columns=FRAME_LENGTH)


def loop_count_errors(study: Mapping[str, Mapping]) -> pd.DataFrame:
    """Return the errors on new loops by the number of training loops, from the study of it.

    Parameters
    ----------
    study : mapping
        `errors` by entry and parameter, by the number of training loops.
    """
    rows = [
        (loops, parameter, source, errors[parameter])
        for parameter in PARAMETERS
        for source, entry in LOOP_COUNT_SOURCES.items()
        for loops in sorted(map(int, study))
        if parameter in (errors := study[str(loops)]["errors"].get(entry, {}))
    ]
    return pd.DataFrame(rows, columns=LOOP_COUNTS)


def _existing(path: Path, stage: str) -> Path:
    if not path.is_file():
        raise InputError(f"{path}: missing; `dvc repro {stage}` makes it")
    if not path.read_bytes().endswith(b"\n"):
        raise InputError(f"{path}: was cut; `dvc repro {stage}` makes it anew")
    return path
