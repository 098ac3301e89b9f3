"""The compressor's knobs on the page."""

from __future__ import annotations

import math
from typing import NamedTuple

import gradio as gr

from stages.match.answer import Estimate


class Knob(NamedTuple):
    """A setting and the range it can usually be turned through."""

    name: str
    label: str
    low: float
    high: float


KNOBS = (
    Knob("threshold_db", "Threshold (dBFS)", -60, 0),
    Knob("ratio", "Ratio (to 1)", 1, 20),
    Knob("attack_ms", "Attack (ms)", 0.1, 100),
    Knob("release_ms", "Release (ms)", 5, 1000),
    Knob("makeup_db", "Make-up gain (dB)", -24, 24),
)


def slider(knob: Knob) -> gr.Slider:
    """Return a knob that nothing was found for yet."""
    return gr.Slider(
        *(knob.low, knob.high),
        step=0.1,
        label=knob.label,
        info=" ",
        elem_id=knob.name,
    )


def turned_to(knob: Knob, found: Estimate) -> gr.Slider:
    """Return a knob at what was found, its range widened where that lies outside."""
    return gr.Slider(
        min(knob.low, math.floor(found.value * 100) / 100),
        max(knob.high, math.ceil(found.value * 100) / 100),
        value=round(found.value, 2),
        info=f"found {found.value:.4g} ({found.low:.4g} to {found.high:.4g})",
    )
