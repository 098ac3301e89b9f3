"""The data behind the figures, as tables: what `reports/<scale>/plots/` holds as CSV."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from siamese_drc.core.errors import InputError
from siamese_drc.report.published import PublishedCell, table_cells
from siamese_drc.report.results import PROTOCOLS, Results
from siamese_drc.report.tables import HEADLINES

CURVES = ["experiment", "grid", "network", "epoch", "loss", "val_loss"]
PREDICTED = ["data_set", "protocol", "parameter", "true", "predicted"]
FRAME_LENGTH = ["frame_length", "data_set", "parameter", "source", "mae"]

POINTS = 300  # per panel: more would hide one another and make the files large


def learning_curves(folder: Path, names: Iterable[str]) -> pd.DataFrame:
    """Return the histories of all trainings: a row per experiment, network and epoch.

    Parameters
    ----------
    folder : Path
        Holds <experiment>/history.csv.
    names : iterable of str
        The experiments that train networks.

    Raises
    ------
    InputError
        If an experiment's history is missing.
    """
    tables = [
        pd.read_csv(_existing(folder / name / "history.csv", f"train@{name}"))
        .assign(experiment=name)
        .loc[:, CURVES]
        for name in names
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=CURVES)


def predicted_values(folder: Path, results: Results) -> pd.DataFrame:
    """Return predicted and true values of the headline experiments, at most `POINTS` per panel.

    Parameters
    ----------
    folder : Path
        Holds <experiment>.csv, with a row per prediction of a row outside the training.
    results : Results
        The headline experiments among these are read.

    Raises
    ------
    InputError
        If the predictions of one of them are missing.
    """
    drawn = []
    for data_set, experiment in HEADLINES.items():
        if experiment in results.experiments:
            path = _existing(folder / f"{experiment}.csv", f"evaluate@{experiment}")
            rows = pd.read_csv(path)
            rows = rows[rows["data_set"] == data_set]
            for _, panel in rows.groupby(["protocol", "parameter"], sort=False):
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


def _existing(path: Path, stage: str) -> Path:
    if not path.is_file():
        raise InputError(f"{path}: missing; `dvc repro {stage}` makes it")
    return path
