"""Stage `report`: tables, figures and pages from metrics, histories and predictions.

`python -m stages.report` writes reports/<scale>/ (report.md, report.html, figures, plots) and
metrics/<scale>/summary.json.
"""

from __future__ import annotations

import json
from dataclasses import fields
from math import prod
from pathlib import Path

from siamese_drc.core.errors import InputError
from siamese_drc.core.outputs import replaced
from siamese_drc.report.pages import Project, render_html, render_markdown, report_content
from siamese_drc.report.pictures import CAPTIONS, draw, save_svg, style
from siamese_drc.report.plots import frame_length_errors, learning_curves, predicted_values
from siamese_drc.report.published import read_published
from siamese_drc.report.results import read_json, read_results
from siamese_drc.report.tables import Size, headlines, summary
from stages.project.command import run_stage
from stages.project.files import METRICS, MODELS, PREDICTIONS, REPORTS
from stages.project.params import Params

FULL_SIZE = METRICS / "paper" / "experiments"  # in git: from separate runs at the paper's sizes


def main(params: Params) -> None:
    """Write the report of the scale in force, its plot data and metrics/<scale>/summary.json."""
    errors = METRICS / params.scale / "experiments"
    check_leftovers(params, errors)
    cells = read_published()
    results = read_results(errors, params.evaluated)
    full_size = read_results(FULL_SIZE, params.evaluated, complete=False)
    match = read_json(METRICS / params.scale / "match.json")
    trained = [
        name
        for name, experiment in params.experiments.items()
        if params.models[experiment.model].kind != "none"
    ]
    curves = learning_curves(MODELS, trained)
    predicted = predicted_values(PREDICTIONS, results)
    frame_lengths = frame_length_errors(cells, results)

    folder = REPORTS / params.scale
    plots = {"learning-curves": curves, "predicted": predicted, "frame-length": frame_lengths}
    with replaced(folder / "plots") as path:
        path.mkdir()
        for name, table in plots.items():
            table.to_csv(path / f"{name}.csv", index=False, float_format="%.6g")

    with replaced(folder / "figures") as path, style():
        path.mkdir()
        figures = draw(curves, predicted, frame_lengths)
        for name, figure in figures.items():
            save_svg(figure, path / f"{name}.svg")

    captions = {name: CAPTIONS[name] for name in figures}
    content = report_content(describe(params), cells, results, full_size, match, captions)
    with replaced(folder / "report.md") as path:
        path.write_text(render_markdown(content), encoding="utf-8")
    with replaced(folder / "report.html") as path:
        path.write_text(render_html(content, folder / "figures"), encoding="utf-8")

    numbers = summary(headlines(cells, results))
    with replaced(METRICS / params.scale / "summary.json") as path:
        path.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")


def describe(params: Params) -> Project:
    """Return what the report says about how its results were made."""
    sources = {name: material.source for name, material in params.materials.items()}
    return Project(
        scale=params.scale,
        size=_size(params, params.scale),
        paper_size=_size(params, "paper"),
        recordings={name: s.folder if s.recorded else None for name, s in sources.items()},
        compressor=params.compressor.model_dump(),
    )


def _size(params: Params, scale: str) -> Size:
    """Return the sizes of a scale, with the number of settings that each loop gets."""
    options = params.scales[scale].model_dump()  # type: ignore[index]
    grids = params.grids.named
    full = {name: prod(getattr(g, axis).count for axis in g.varied) for name, g in grids.items()}
    settings = {name: min(options["settings"][name] or full[name], full[name]) for name in full}
    loops = {name: options["loops"][name] for name in params.materials}
    chosen = options | {"settings": settings, "loops": loops}
    return Size(**{field.name: chosen[field.name] for field in fields(Size)})


def check_leftovers(params: Params, errors: Path) -> None:
    """Check that the folders of errors, models and predictions hold nothing but params.yaml's.

    DVC locks the hash of a whole folder: with anything else in it, dvc.lock would name a hash that
    no clone can reproduce. Hidden and temporary (`*.tmp`) files are ignored.

    Raises
    ------
    InputError
        If there is a leftover: the message names each, and the command that removes them.
    """
    expected = {
        errors: {f"{name}.json" for name in params.evaluated},
        MODELS: {"README.md", *params.experiments},
        PREDICTIONS: {f"{name}.csv" for name in params.evaluated},
    }
    leftovers = [
        str(path)
        for folder, known in expected.items()
        for path in sorted(folder.glob("[!.]*"))
        if path.name not in known and path.suffix != ".tmp"
    ]
    if leftovers:
        raise InputError(
            f"{', '.join(leftovers)}: belongs to no entry of params.yaml;"
            f" remove with `rm -rf {' '.join(leftovers)}`"
        )


if __name__ == "__main__":
    run_stage(main)
