"""Stage report: errors, histories and predictions in; tables, pictures and headline numbers out.

`python -m stages.report`
"""

from __future__ import annotations

import json

from stages.common.errors import InputError, run_stage
from stages.common.files import METRICS, MODELS, PREDICTIONS, REPORTS, replaced
from stages.common.params import load_params
from stages.report.content import report_content
from stages.report.frame_length import frame_length_errors
from stages.report.headline import headlines, summary
from stages.report.learning_curves import read_curves
from stages.report.leftovers import check_leftovers
from stages.report.metrics import read_json, read_landed, read_metrics
from stages.report.pages import render_html, render_markdown
from stages.report.pictures import CAPTIONS, draw
from stages.report.predicted import read_predictions
from stages.report.published import read_published
from stages.report.svg import save_svg, style

FULL_SIZE = METRICS / "paper" / "experiments"  # in git: made by runs of their own


def main(arguments: list[str]) -> None:
    """Write the report of the scale in force, its plot data and metrics/<scale>/summary.json."""
    if arguments:
        raise InputError("python -m stages.report takes no arguments")
    params = load_params()
    cells = read_published()
    errors = METRICS / params.scale / "experiments"
    check_leftovers(params, errors=errors, models=MODELS, predictions=PREDICTIONS)
    metrics = read_metrics(params, errors)
    full_size = read_landed(params, FULL_SIZE)
    curves = read_curves(params, MODELS)
    points = read_predictions(params, PREDICTIONS)
    frames = frame_length_errors(cells, metrics)
    folder = REPORTS / params.scale

    plots = {"learning-curves": curves, "predicted": points, "frame-length": frames}
    with replaced(folder / "plots") as path:
        path.mkdir()
        for name, table in plots.items():
            table.to_csv(path / f"{name}.csv", index=False, float_format="%.6g")

    with replaced(folder / "figures") as path, style():
        path.mkdir()
        pictures = draw(curves, points, frames)
        for name, figure in pictures.items():
            save_svg(figure, path / f"{name}.svg")

    captions = {name: CAPTIONS[name] for name in pictures}
    match = read_json(METRICS / params.scale / "match.json")
    content = report_content(cells, params, metrics, full_size, match, captions)
    with replaced(folder / "report.md") as path:
        path.write_text(render_markdown(content), encoding="utf-8")
    with replaced(folder / "report.html") as path:
        path.write_text(render_html(content, folder / "figures"), encoding="utf-8")

    numbers = summary(headlines(cells, params, metrics))
    with replaced(METRICS / params.scale / "summary.json") as path:
        path.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run_stage(main)
