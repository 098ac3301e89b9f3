"""The page's pictures, as SVG: large letters, to be read on a phone, and sharp on a desktop."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from stages.match.overview import Overview
from stages.match.picture import draw_curve, draw_reduction, draw_waveforms
from stages.report.svg import COLOURS, style

_WIDTH = 4.6  # inches, of a phone
_LETTERS: dict[Any, float] = {"font.size": 9.0, "axes.titlesize": 9.0}
_QUIETEST_DB = -60.0


def curve_picture(settings: Mapping[str, float], overview: Overview) -> str:
    """Return the static curve and the range of the loop's levels on it, as HTML."""
    low, high = operating_range_db(overview)
    loop = f"your loop: {round(low)} to {round(high)} dBFS"
    with style(), matplotlib.rc_context(_LETTERS):
        figure = Figure(figsize=(_WIDTH, _WIDTH))
        axes = figure.add_axes((0.13, 0.1, 0.84, 0.84))  # a layout engine would take as long again
        axes.axvspan(low, high, color="#e3edf5", label=loop)
        draw_curve(axes, settings)
        axes.set_xlim(right=0)
        axes.set_title("Static curve")
        return _as_html(
            figure,
            f"Static curve: threshold {settings['threshold_db']:.2f} dBFS,"
            f" ratio {settings['ratio']:.2f} to 1,"
            f" make-up gain {settings['makeup_db']:.2f} dB; {loop}",
        )


def time_picture(overview: Overview, reference: Overview) -> str:
    """Return the loop before and after, its gain reduction, and the reference, as HTML."""
    with style(), matplotlib.rc_context(_LETTERS):
        figure = Figure(figsize=(_WIDTH, 1.2 * _WIDTH))
        waves, reduction, other = figure.subplots(
            *(3, 1),
            height_ratios=[3, 2, 2],
            gridspec_kw={"left": 0.15, "right": 0.97, "bottom": 0.08, "top": 0.98, "hspace": 0.3},
        )
        waves.sharex(reduction)
        draw_waveforms(waves, overview)
        draw_reduction(reduction, overview)
        reduction.set_xlabel("")
        other.fill_between(
            *(reference.seconds, -reference.dry, reference.dry), color=COLOURS[2], linewidth=0
        )
        other.set_xlim(0, float(reference.seconds[-1]))
        other.set_xlabel("time (s)")
        other.set_ylabel("reference")
        return _as_html(
            figure,
            "Waveforms of loop, result and reference; the gain is reduced by up to"
            f" {overview.reduction_db.max():.1f} dB",
        )


def operating_range_db(overview: Overview) -> tuple[float, float]:
    """Return the levels, dBFS, between which the loop's peaks lie, but for the lowest tenth."""
    level = 20 * np.log10(np.maximum(overview.dry, 10 ** (_QUIETEST_DB / 20)))
    return float(np.quantile(level, 0.1)), float(level.max())


def _as_html(figure: Figure, description: str) -> str:
    """Return the figure as an image of its own: element ids in it clash with no other's."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None})
    source = base64.b64encode(drawn.getvalue()).decode()
    return (
        f'<img class="picture" src="data:image/svg+xml;base64,{source}"'
        f' alt="{html.escape(description)}">'
    )
