"""Which pictures the report shows, and what is said below them."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from matplotlib.figure import Figure

from stages.report.frame_length import draw_frame_length
from stages.report.learning_curves import draw_curves
from stages.report.predicted import draw_predictions

PREDICTED = (
    "predicted against true values of rows outside the forest's training, by both protocols."
    " On the line the two agree."
)
CAPTIONS = {
    "predicted-drum-dm2": f"Tuned Model 1 on two parameters (drum-dm2): {PREDICTED}",
    "predicted-drum-d4p": f"Tuned Model 1 on four parameters (drum-d4p): {PREDICTED}",
    "frame-length": "Error against the frame length of the spectrogram (Table VII): the published"
    " errors, ours by protocol, and the constant predictor.",
    "learning-curves": "Learning curves of the networks that were trained on all loops: validation"
    " loss solid, training loss dotted. The loss is on targets scaled to 0 .. 1.",
}


def draw(curves: pd.DataFrame, points: pd.DataFrame, frames: pd.DataFrame) -> dict[str, Figure]:
    """Draw every picture that there is data for, by name, in the order of `CAPTIONS`."""
    return dict(_draw(curves, points, frames))


def _draw(
    curves: pd.DataFrame, points: pd.DataFrame, frames: pd.DataFrame
) -> Iterator[tuple[str, Figure]]:
    for data_set, shown in points.groupby("data_set", sort=False):
        yield f"predicted-{data_set}", draw_predictions(shown)
    yield "frame-length", draw_frame_length(frames)
    if len(curves):
        yield "learning-curves", draw_curves(curves)
