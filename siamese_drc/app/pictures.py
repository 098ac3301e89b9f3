"""Pictures of a match, for `drc-match --plot` and for the page.

Their bytes depend on the data alone: the same match gives the same file.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from siamese_drc.app.output import Overview, temporary_output
from siamese_drc.core.errors import InputError
from siamese_drc.report.pictures import COLOURS, style

FORMATS = (".svg", ".png", ".pdf")
_PHONE_INCHES = 4.1
_GREY, _BLUE, _ORANGE, _GREEN = "#bdbdbd", *COLOURS[:3]
TIME_AXES = {"left": 0.15, "right": 0.97, "height": 0.63}  # of the loop in `time_picture`, shares
_LOWEST_DB = -60.0  # of the static curve's axes
_NO_DATE = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


def check_picture(path: Path) -> None:
    """Raise InputError unless the name's ending is that of a picture format."""
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"{path}: its ending must be one of {', '.join(FORMATS)}")


def draw_match(overview: Overview, settings: Mapping[str, float]) -> Figure:
    """Return a figure of waveforms above gain reduction, and the static curve beside them."""
    with style():
        figure = Figure(figsize=(9, 4), layout="constrained")
        axes = figure.subplot_mosaic(
            [["waveform", "curve"], ["reduction", "curve"]],
            width_ratios=[2.2, 1],
            height_ratios=[1.4, 1],
        )
        axes["reduction"].sharex(axes["waveform"])
        _draw_waveforms(axes["waveform"], overview)
        _draw_reduction(axes["reduction"], overview)
        axes["reduction"].set_xlabel("time (s)")
        _draw_curve(axes["curve"], settings)
    return figure


def save_picture(figure: Figure, path: Path) -> None:
    """Write a figure; a file that is there is replaced only by a complete one."""
    kind = path.suffix.lower().removeprefix(".")
    with style(), temporary_output(path) as temporary:
        figure.savefig(temporary, format=kind, dpi=150, metadata=_NO_DATE.get(kind))


def static_curve(level_db: np.ndarray, settings: Mapping[str, float]) -> np.ndarray:
    """Return the output level of a steady input level, dBFS, make-up gain included."""
    knee = settings.get("knee_db", 0.0)
    above = np.maximum(level_db - settings["threshold_db"] + knee / 2, 0)
    inside = np.minimum(above, knee)
    over = inside**2 / (2 * knee or 1) + above - inside
    return level_db - (1 - 1 / settings["ratio"]) * over + settings["makeup_db"]


def curve_picture(settings: Mapping[str, float], overview: Overview) -> str:
    """Return the static curve, with the range of the loop's levels on it, as HTML."""
    level = 20 * np.log10(np.maximum(overview.dry, 10 ** (_LOWEST_DB / 20)))
    low, high = np.quantile(level, 0.1), level.max()
    loop = f"your loop: {low:z.0f} to {high:z.0f} dBFS"
    with style():
        figure = Figure(figsize=(_PHONE_INCHES, _PHONE_INCHES))
        axes = figure.add_axes((0.13, 0.1, 0.84, 0.84))  # a layout engine would double the time
        axes.axvspan(low, high, color="#e3edf5", label=loop)
        _draw_curve(axes, settings)
        axes.set_xlim(right=0)
        axes.set_title("Static curve")
        return _as_html(
            figure,
            f"Static curve: threshold {settings['threshold_db']:.2f} dBFS,"
            f" ratio {settings['ratio']:.2f} to 1,"
            f" make-up gain {settings['makeup_db']:.2f} dB; {loop}",
        )


def time_picture(overview: Overview, reference: Overview) -> str:
    """Return waveforms of loop, result and reference, and the gain reduction, as HTML."""
    with style():
        figure = Figure(figsize=(_PHONE_INCHES, 1.2 * _PHONE_INCHES))
        waves, reduction, other = figure.subplots(3, height_ratios=[3, 2, 2])
        sides = {side: TIME_AXES[side] for side in ("left", "right")}
        figure.subplots_adjust(**sides, bottom=0.08, top=0.98, hspace=0.3)
        waves.sharex(reduction)
        _draw_waveforms(waves, overview)
        _draw_reduction(reduction, overview)
        peaks = reference.dry
        other.fill_between(reference.seconds, -peaks, peaks, color=_GREEN, linewidth=0)
        other.set(xlim=(0, reference.seconds[-1]), xlabel="time (s)", ylabel="reference")
        return _as_html(
            figure,
            "Waveforms of loop, result and reference; maximum gain reduction"
            f" {overview.reduction_db.max():.1f} dB",
        )


def _draw_waveforms(axes: Axes, overview: Overview) -> None:
    for peaks, colour, name in [(overview.dry, _GREY, "loop"), (overview.wet, _BLUE, "result")]:
        axes.fill_between(
            overview.seconds, -peaks, peaks, color=colour, alpha=0.7, linewidth=0, label=name
        )
    axes.set_ylabel("peak (full scale 1)")
    axes.tick_params(labelbottom=False)
    axes.legend(loc="upper right", ncols=2)


def _draw_reduction(axes: Axes, overview: Overview) -> None:
    axes.fill_between(overview.seconds, -overview.reduction_db, color=_ORANGE, linewidth=0)
    lowest = -1.05 * max(float(overview.reduction_db.max()), 1.0)
    axes.set(xlim=(0, overview.seconds[-1]), ylim=(lowest, 0), ylabel="gain reduction (dB)")


def _draw_curve(axes: Axes, settings: Mapping[str, float]) -> None:
    level = np.linspace(_LOWEST_DB, 0, 301)
    axes.plot(level, level, color=_GREY, label="unchanged")
    axes.plot(level, static_curve(level, settings), color=_BLUE, label="with make-up gain")
    axes.axvline(settings["threshold_db"], color=_ORANGE, linestyle=":", label="threshold")
    axes.set(xlabel="input (dBFS)", ylabel="output (dBFS)", aspect="equal")
    axes.legend(loc="lower right")


def _as_html(figure: Figure, description: str) -> str:
    """Return the figure as an image element; inline SVG could share element ids with another."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="svg", metadata=_NO_DATE["svg"])
    source = base64.b64encode(drawn.getvalue()).decode()
    return (
        f'<img class="picture" src="data:image/svg+xml;base64,{source}"'
        f' alt="{html.escape(description)}">'
    )
