"""Learning curves: the loss of every network by epoch."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from stages.common.errors import InputError
from stages.common.params import Params
from stages.report.svg import COLOURS, panels

COLUMNS = ["experiment", "grid", "network", "epoch", "loss", "val_loss"]


def read_curves(params: Params, folder: Path) -> pd.DataFrame:
    """Join the histories of all experiments: a row per experiment, network and epoch.

    Raises
    ------
    InputError
        If an experiment's history is missing.
    """
    tables = []
    for name in params.experiments:
        path = folder / name / "history.csv"
        if not path.is_file():
            raise InputError(f"{path}: missing; `dvc repro train@{name}` makes it")
        tables.append(pd.read_csv(path).assign(experiment=name)[COLUMNS])
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=COLUMNS)


def draw_curves(curves: pd.DataFrame) -> Figure:
    """Draw a panel per experiment: validation loss solid, training loss dotted, a colour per grid.

    Only the networks of the `paper` protocol are drawn, which were trained on all loops.
    """
    drawn = curves[curves["network"] == curves["grid"]]
    colours = {grid: COLOURS[i % len(COLOURS)] for i, grid in enumerate(drawn["grid"].unique())}
    experiments = list(drawn.groupby("experiment", sort=False))
    columns = min(3, max(1, len(experiments)))
    figure, axes = panels(-(-max(1, len(experiments)) // columns), columns, width=2.9, height=2.2)
    for axis in axes[len(experiments) :]:
        axis.set_axis_off()
    for axis, (experiment, rows) in zip(axes, experiments, strict=False):
        for grid, history in rows.groupby("grid", sort=False):
            colour = colours[grid]
            axis.plot(history["epoch"], history["val_loss"], color=colour, linewidth=1.2)
            axis.plot(history["epoch"], history["loss"], color=colour, linewidth=0.9, ls=":")
        axis.set(title=experiment, xlabel="epoch", ylabel="mean squared error", yscale="log")
        axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    handles = [figure.axes[0].plot([], [], color=colour)[0] for colour in colours.values()]
    figure.legend(handles, list(colours), loc="outside lower center", ncols=max(1, len(colours)))
    return figure
