"""The picture of a match: the loop before and after, its gain reduction, and the static curve."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stages.common.errors import InputError
from stages.common.files import replaced
from stages.match.overview import Overview
from stages.report.svg import COLOURS, style

FORMATS = (".svg", ".png", ".pdf")
_DRY, _WET, _REDUCTION = "#bdbdbd", COLOURS[0], COLOURS[1]
_LOWEST_DB = -60.0  # of the static curve's axes


def check_picture(path: Path) -> None:
    """Raise InputError unless a picture can be of the kind that the ending says."""
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"{path}: its ending must be one of {', '.join(FORMATS)}")
    if path.is_dir():
        raise InputError(f"{path}: is a folder, must be the name of a file")


def draw_match(overview: Overview, settings: Mapping[str, float]) -> Figure:
    """Draw waveforms above gain reduction, and the static curve beside them.

    Parameters
    ----------
    overview : Overview
        Of the processed file.
    settings : mapping of str to float
        `threshold_db`, `ratio` and `makeup_db` shape the static curve.
    """
    with style():
        figure = Figure(figsize=(9, 4), layout="constrained")
        axes = figure.subplot_mosaic(
            [["waveform", "curve"], ["reduction", "curve"]],
            width_ratios=[2.2, 1],
            height_ratios=[1.4, 1],
        )
        axes["reduction"].sharex(axes["waveform"])
        draw_waveforms(axes["waveform"], overview)
        draw_reduction(axes["reduction"], overview)
        draw_curve(axes["curve"], settings)
    return figure


def save_picture(figure: Figure, path: Path) -> None:
    """Write a picture, whole or not at all.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    kind = path.suffix.lower().removeprefix(".")
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}  # else no two are alike
    try:
        with style(), replaced(path) as temporary:
            figure.savefig(temporary, format=kind, dpi=150, metadata=dates.get(kind))
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error


def static_curve(level_db: np.ndarray, settings: Mapping[str, float]) -> np.ndarray:
    """Return the output level of a steady input level, dBFS, make-up gain included."""
    over = np.maximum(level_db - settings["threshold_db"], 0)
    return level_db - (1 - 1 / settings["ratio"]) * over + settings["makeup_db"]


def draw_waveforms(axes: Axes, overview: Overview) -> None:
    """Draw the peaks of the loop before and after."""
    for peaks, colour, name in [
        (overview.dry, _DRY, "loop"),
        (overview.wet, _WET, "result"),
    ]:
        axes.fill_between(
            overview.seconds, -peaks, peaks, color=colour, alpha=0.7, linewidth=0, label=name
        )
    axes.set_ylabel("peak (full scale 1)")
    axes.tick_params(labelbottom=False)
    axes.legend(loc="upper right", ncols=2)


def draw_reduction(axes: Axes, overview: Overview) -> None:
    """Draw the gain reduction over time, downwards."""
    axes.fill_between(overview.seconds, -overview.reduction_db, color=_REDUCTION, linewidth=0)
    axes.set_ylim(-1.05 * max(float(overview.reduction_db.max()), 1.0), 0)
    axes.set_xlim(0, float(overview.seconds[-1]))
    axes.set_ylabel("gain reduction (dB)")
    axes.set_xlabel("time (s)")


def draw_curve(axes: Axes, settings: Mapping[str, float]) -> None:
    """Draw the static curve."""
    level = np.linspace(_LOWEST_DB, 0, 301)
    axes.plot(level, level, color=_DRY, label="unchanged")
    axes.plot(level, static_curve(level, settings), color=_WET, label="with make-up gain")
    axes.axvline(settings["threshold_db"], color=_REDUCTION, linestyle=":", label="threshold")
    axes.set_xlabel("input (dBFS)")
    axes.set_ylabel("output (dBFS)")
    axes.set_aspect("equal")
    axes.legend(loc="lower right")
