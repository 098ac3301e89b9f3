"""The report's figures, in one style, as SVG files whose bytes depend on the data alone.

And the tables that two of them show: errors by frame length, and by number of training loops.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from siamese_drc.report.published import PublishedCell, cell_mae, table_cells
from siamese_drc.report.results import PARAMETER_NAMES, PROTOCOLS, Results

if TYPE_CHECKING:
    import pandas as pd

STYLE: dict[Any, Any] = {
    "svg.hashsalt": "siamese-drc",  # else element ids are random
    "svg.fonttype": "path",  # looks the same wherever it is shown
    "font.size": 8.0,
    "axes.titlesize": 8.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
}

# Okabe and Ito's colours, distinguishable by colour-blind readers; black is kept for the paper.
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f"]

_PREDICTED = (
    "predicted and true values of rows that the forest was not trained on, by both protocols."
    " On the line they are equal."
)
CAPTIONS = {
    "predicted-drum-dm2": f"Tuned Model 1, two parameters varied (drum-dm2): {_PREDICTED}",
    "predicted-drum-d4p": f"Tuned Model 1, four parameters varied (drum-d4p): {_PREDICTED}",
    "loop-counts": "Tuned Model 1 on drum-dm2: errors on new loops by the number of training loops,"
    " each time with the same number of rows (2,560) and as many epochs. The loops have another"
    " seed than those of the tables.",
    "frame-length": "Error by frame length of the spectrogram (Table VII): the published"
    " errors, ours by protocol, and the constant predictor's.",
    "learning-curves": "Learning curves of the networks that were trained on all loops: validation"
    " loss solid, training loss dotted. The loss is that of targets scaled to 0 .. 1.",
}

SOURCES: dict[str, dict[str, Any]] = {
    "published": {"color": "black", "marker": "s", "ls": "--"},
    "paper": {"color": COLOURS[0], "marker": "o", "ls": "-"},
    "unseen_loops": {"color": COLOURS[1], "marker": "D", "ls": "-"},
    "constant": {"color": "#7f7f7f", "marker": "", "ls": ":"},
}


LOOP_COUNT_SOURCES = {
    "trained": "unseen_loops",
    "its own output": "network_unseen_loops",
    "untrained": "untrained/unseen_loops",
    "no network": "no_network/unseen_loops",
    "constant": "constant",
}


def style() -> AbstractContextManager[None]:
    """Return a context in which figures are drawn and saved alike, whatever matplotlibrc says."""
    return matplotlib.style.context(["default", STYLE])


def panels(rows: int, columns: int, *, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """Return a figure of `rows` by `columns` panels of so many inches, and its axes row by row."""
    figure = Figure(figsize=(columns * width, rows * height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    return figure, list(axes.flat)


def save_svg(figure: Figure, path: Path) -> None:
    """Write the figure without its date."""
    figure.savefig(path, format="svg", metadata={"Date": None})


def draw(
    curves: pd.DataFrame,
    predicted: pd.DataFrame,
    loop_counts: pd.DataFrame,
    frame_lengths: pd.DataFrame,
) -> dict[str, Figure]:
    """Return the figures that there is data for, by name, in the order of `CAPTIONS`.

    `curves` and `predicted` are as stage `plot-data` writes them, the others as returned here.
    """
    figures = {
        f"predicted-{data_set}": draw_predicted(points)
        for data_set, points in predicted.groupby("data_set", sort=False)
    }
    if len(loop_counts):
        figures["loop-counts"] = draw_loop_counts(loop_counts)
    figures["frame-length"] = draw_frame_lengths(frame_lengths)
    if len(curves):
        figures["learning-curves"] = draw_curves(curves)
    return figures


def draw_predicted(points: pd.DataFrame) -> Figure:
    """Draw one data set: a row of panels per protocol, a column per parameter."""
    protocols = [name for name in PROTOCOLS if (points["protocol"] == name).any()]
    parameters = [name for name in PARAMETER_NAMES if (points["parameter"] == name).any()]
    figure, axes = panels(len(protocols), len(parameters), width=2.2, height=2.2)
    places = [(protocol, parameter) for protocol in protocols for parameter in parameters]
    for axis, (protocol, parameter) in zip(axes, places, strict=True):
        shown = points[(points["protocol"] == protocol) & (points["parameter"] == parameter)]
        axis.axline((0, 0), slope=1, color="#7f7f7f", linewidth=0.8)
        axis.plot(
            *(shown["true"], shown["predicted"], "o"),
            markersize=2.2,
            markeredgewidth=0,
            alpha=0.6,
            color=COLOURS[PROTOCOLS.index(protocol)],
        )
        axis.set(title=f"{PARAMETER_NAMES[parameter]}, {protocol}", xlabel="true")
        axis.set(ylabel="predicted", aspect="equal", adjustable="datalim")
    return figure


def frame_length_errors(cells: list[PublishedCell], results: Results) -> pd.DataFrame:
    """Return the errors of Table VII: published, ours by protocol, and the constant predictor's."""
    import pandas as pd

    rows = [
        (int(cell.column), cell.data_set, cell.parameter, source, mae)
        for cell in table_cells(cells, "VII")
        for source in SOURCES
        if (mae := cell_mae(cell, source, results)) is not None
    ]
    return pd.DataFrame(rows, columns=["frame_length", "data_set", "parameter", "source", "mae"])


def draw_frame_lengths(errors: pd.DataFrame) -> Figure:
    """Draw a panel for each data set and parameter, a line for each source."""
    groups = {
        f"{data_set}: {PARAMETER_NAMES[str(parameter)]}": rows
        for (data_set, parameter), rows in errors.groupby(["data_set", "parameter"], sort=False)
    }
    return _draw_errors(groups, "frame_length", "frame (samples)", SOURCES, width=2.1, height=2.4)


def loop_count_errors(study: Mapping[str, Mapping]) -> pd.DataFrame:
    """Return the errors on new loops by the number of training loops.

    `study` has `errors` by entry and parameter, by the number of training loops.
    """
    import pandas as pd

    rows = [
        (loops, parameter, source, errors[parameter])
        for parameter in PARAMETER_NAMES
        for source, entry in LOOP_COUNT_SOURCES.items()
        for loops in sorted(map(int, study))
        if parameter in (errors := study[str(loops)]["errors"].get(entry, {}))
    ]
    return pd.DataFrame(rows, columns=["loops", "parameter", "source", "mae"])


def draw_loop_counts(errors: pd.DataFrame) -> Figure:
    """Draw the errors on new loops by the number of training loops, a panel for each parameter."""
    groups = {
        PARAMETER_NAMES[str(parameter)]: rows
        for parameter, rows in errors.groupby("parameter", sort=False)
    }
    styles = {
        source: {"color": colour, "marker": "o", "ls": "-"}
        for colour, source in zip(COLOURS, errors["source"].unique(), strict=False)
    }
    return _draw_errors(groups, "loops", "training loops", styles, width=3.4, height=2.6)


def _draw_errors(
    groups: Mapping[str, pd.DataFrame],
    column: str,
    label: str,
    styles: Mapping[str, Mapping[str, Any]],
    **size: float,
) -> Figure:
    """Draw a panel for each group, over the logarithm of a column, a line for each source."""
    figure, axes = panels(1, len(groups), **size)
    for axis, (title, rows) in zip(axes, groups.items(), strict=True):
        for source, style in styles.items():
            line = rows[rows["source"] == source]
            axis.plot(line[column], line["mae"], label=source, markersize=4, **style)
        axis.set_xscale("log", base=2)
        values = sorted(rows[column].unique())
        axis.set_xticks(values, [f"{value:,}" for value in values], minor=False)
        axis.set(title=title, xlabel=label)
        axis.set_ylim(bottom=0)
    axes[0].set_ylabel("mean absolute error")
    handles = axes[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=len(styles))
    return figure


def draw_curves(curves: pd.DataFrame) -> Figure:
    """Draw a panel per experiment: validation loss solid, training loss dotted, a grid a colour."""
    colours = dict(zip(curves["grid"].unique(), cycle(COLOURS), strict=False))
    experiments = list(curves.groupby("experiment", sort=False))
    columns = min(4, len(experiments))
    figure, axes = panels(-(-len(experiments) // columns), columns, width=2.5, height=1.8)
    for axis in axes[len(experiments) :]:
        axis.set_axis_off()
    for axis, (experiment, rows) in zip(axes, experiments, strict=False):
        for grid, history in rows.groupby("grid", sort=False):
            colour = colours[grid]
            axis.plot(history["epoch"], history["val_loss"], color=colour, linewidth=1.2)
            axis.plot(history["epoch"], history["loss"], color=colour, linewidth=0.9, ls=":")
        axis.set(xlabel="epoch", yscale="log")
        axis.set_title(str(experiment), fontsize=7)  # the longest name is as wide as its panel
        axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    figure.supylabel("loss", fontsize=8)
    handles = [figure.axes[0].plot([], [], color=colour)[0] for colour in colours.values()]
    figure.legend(handles, list(colours), loc="outside lower center", ncols=len(colours))
    return figure


def draw_study(curves: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the validation loss by epoch of each variation, by its name; the first in black."""
    figure = Figure(figsize=(6.0, 2.8 + 0.17 * len(curves)), layout="constrained")
    axis = figure.subplots()
    for number, (name, losses) in enumerate(curves.items()):
        colour = COLOURS[(number - 1) % len(COLOURS)] if number else "black"
        line_style = ("-", "--", ":")[(number - 1) // len(COLOURS)] if number else "-"
        epochs = range(1, len(losses) + 1)
        axis.plot(epochs, losses, line_style, color=colour, linewidth=1.2, label=name)
    axis.set(xlabel="epoch", ylabel="validation loss", yscale="log")
    axis.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    figure.legend(loc="outside lower left")
    return figure
