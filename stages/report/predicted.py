"""Predicted against true values of the headline experiments, by both protocols."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from stages.common.errors import InputError
from stages.common.params import Params
from stages.report.headline import HEADLINES
from stages.report.metrics import PROTOCOLS
from stages.report.names import PARAMETER_NAMES
from stages.report.svg import COLOURS, panels

COLUMNS = ["data_set", "protocol", "parameter", "true", "predicted"]
POINTS = 300  # drawn per panel: more would hide one another and fill the repository


def read_predictions(params: Params, folder: Path) -> pd.DataFrame:
    """Read the headline experiments' out-of-sample predictions, at most `POINTS` per panel.

    Raises
    ------
    InputError
        If the predictions of a headline experiment in params.yaml are missing.
    """
    panels_of_points = []
    for data_set, experiment in HEADLINES.items():
        if experiment not in params.experiments:
            continue
        path = folder / f"{experiment}.csv"
        if not path.is_file():
            raise InputError(f"{path}: missing; `dvc repro evaluate@{experiment}` makes it")
        rows = pd.read_csv(path)
        for _, panel in rows[rows["data_set"] == data_set].groupby(
            ["protocol", "parameter"], sort=False
        ):
            drawn = panel.sample(min(POINTS, len(panel)), random_state=0).sort_index()
            panels_of_points.append(drawn[COLUMNS])
    if not panels_of_points:
        return pd.DataFrame(columns=COLUMNS)
    return pd.concat(panels_of_points, ignore_index=True)


def draw_predictions(points: pd.DataFrame) -> Figure:
    """Draw one data set: a row of panels per protocol, a column per parameter."""
    protocols = [name for name in PROTOCOLS if (points["protocol"] == name).any()]
    parameters = [name for name in PARAMETER_NAMES if (points["parameter"] == name).any()]
    figure, axes = panels(len(protocols), len(parameters), width=2.2, height=2.2)
    places = [(protocol, parameter) for protocol in protocols for parameter in parameters]
    for axis, (protocol, parameter) in zip(axes, places, strict=True):
        shown = points[(points["protocol"] == protocol) & (points["parameter"] == parameter)]
        axis.axline((0, 0), slope=1, color="#7f7f7f", linewidth=0.8)
        axis.plot(
            shown["true"],
            shown["predicted"],
            linestyle="none",
            marker="o",
            markersize=2.2,
            markeredgewidth=0,
            alpha=0.6,
            color=COLOURS[PROTOCOLS.index(protocol)],
        )
        axis.set(title=f"{PARAMETER_NAMES[parameter]}, {protocol}", xlabel="true")
        axis.set(ylabel="predicted", aspect="equal", adjustable="datalim")
    return figure
