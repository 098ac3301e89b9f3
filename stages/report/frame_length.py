"""Error against the frame length of the spectrogram (Table VII)."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from stages.report.metrics import PROTOCOLS, Metrics
from stages.report.names import PARAMETER_NAMES
from stages.report.published import PublishedCell, table_cells
from stages.report.svg import COLOURS, panels

COLUMNS = ["frame_length", "data_set", "parameter", "source", "mae"]
STYLES: dict[str, dict[str, Any]] = {
    "published": {"color": "black", "marker": "s", "ls": "--"},
    "paper": {"color": COLOURS[0], "marker": "o", "ls": "-"},
    "unseen_loops": {"color": COLOURS[1], "marker": "D", "ls": "-"},
    "constant": {"color": "#7f7f7f", "marker": "", "ls": ":"},
}


def frame_length_errors(cells: list[PublishedCell], metrics: Metrics) -> pd.DataFrame:
    """List the errors of Table VII: the paper's, ours by protocol, and the constant predictor's."""
    rows = []
    for cell in table_cells(cells, "VII"):
        place = (int(cell.column), cell.data_set, cell.parameter)
        rows.append((*place, "published", float(cell.value)))
        for entry in (*PROTOCOLS, "constant"):
            mae = metrics.mae(cell.experiment, cell.data_set, entry, cell.parameter)
            if mae is not None:
                rows.append((*place, entry, mae))
    return pd.DataFrame(rows, columns=COLUMNS)


def draw_frame_length(errors: pd.DataFrame) -> Figure:
    """Draw a panel for each data set and parameter, a line for each source."""
    groups = list(errors.groupby(["data_set", "parameter"], sort=False))
    figure, axes = panels(1, len(groups), width=2.1, height=2.4)
    for axis, ((data_set, parameter), rows) in zip(axes, groups, strict=True):
        for source, style in STYLES.items():
            line = rows[rows["source"] == source]
            axis.plot(line["frame_length"], line["mae"], label=source, markersize=4, **style)
        axis.set_xscale("log", base=2)
        lengths = sorted(rows["frame_length"].unique())
        axis.set_xticks(lengths, [str(length) for length in lengths], minor=False)
        axis.set(title=f"{data_set}: {PARAMETER_NAMES[str(parameter)]}", xlabel="frame (samples)")
        axis.set_ylim(bottom=0)
    axes[0].set_ylabel("mean absolute error")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure
