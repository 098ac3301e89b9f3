"""Figures as SVG whose bytes depend on the data alone."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

STYLE = {
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

# Okabe and Ito's colours, told apart by colour-blind readers too; black is kept for the paper.
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f"]


def style() -> AbstractContextManager[None]:
    """Draw and save in one style, whatever the user's own matplotlibrc says."""
    return matplotlib.style.context(["default", STYLE])


def panels(rows: int, columns: int, *, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """Make a figure of `rows` by `columns` panels, each `width` by `height` inches, row by row."""
    figure = Figure(figsize=(columns * width, rows * height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    return figure, list(axes.flat)


def save_svg(figure: Figure, path: Path) -> None:
    """Write the figure without its date."""
    figure.savefig(path, format="svg", metadata={"Date": None})
