"""The Vega templates of `dvc plots`: DVC fills them, from columns that the plot data has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from dvc_render.vega import VegaRenderer

from stages.report import frame_length, learning_curves, predicted

VEGA = Path(learning_curves.__file__).parent / "vega"
PLOTS = {
    "learning-curves": (learning_curves.COLUMNS, "epoch", "val_loss"),
    "predicted": (predicted.COLUMNS, "true", "predicted"),
    "frame-length": (frame_length.COLUMNS, "frame_length", "mae"),
}


def fields(specification: object) -> set[str]:
    """Collect every column that a Vega-Lite specification draws or computes with."""
    if isinstance(specification, list):
        return set().union(*map(fields, specification))
    if not isinstance(specification, dict):
        return set()
    found = {specification["field"]} if "field" in specification else set()
    for word in specification.get("calculate", "").split():
        if word.startswith("datum."):
            found.add(word.removeprefix("datum."))
    children = {key: value for key, value in specification.items() if key != "data"}
    return found.union(*map(fields, children.values()))


@pytest.mark.parametrize("name", PLOTS)
def test_dvc_fills_the_template(name):
    columns, x, y = PLOTS[name]
    row = dict.fromkeys(columns, "1") | {"rev": "workspace", "filename": "a.csv", "field": y}
    template = VEGA / f"{name}.json"
    renderer = VegaRenderer([row], name, template=str(template), x=x, y=y, title="A title")
    filled = renderer.get_filled_template()
    assert "<DVC_METRIC" not in json.dumps(filled)
    assert filled["data"]["values"][0]["rev"] == "workspace"
    assert {x, y, "rev"} <= fields(filled) <= {*columns, "rev", "panel"}


def test_every_plot_has_a_template():
    assert {path.stem for path in VEGA.iterdir()} == set(PLOTS)
