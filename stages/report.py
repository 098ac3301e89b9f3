"""Stage `report`: tables, figures and pages from metrics, histories and predictions.

`python -m stages.report` writes reports/<scale>/ (report.md, report.html, figures, plots) and
metrics/<scale>/summary.json.
"""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import Any

from siamese_drc.core.errors import InputError
from siamese_drc.core.outputs import replaced
from siamese_drc.report.learning import summary
from siamese_drc.report.pages import Project, render_html, render_markdown, report_content
from siamese_drc.report.pictures import CAPTIONS, draw, save_svg, style
from siamese_drc.report.plots import (
    frame_length_errors,
    learning_curves,
    loop_count_errors,
    predicted_values,
)
from siamese_drc.report.published import read_published
from siamese_drc.report.results import read_json, read_results
from stages.project.command import run_stage
from stages.project.files import METRICS, MODELS, PREDICTIONS, REPORTS
from stages.project.params import Params, unseen_loops_name

FULL_SIZE = METRICS / "paper"  # in git: from separate runs at the paper's sizes
LOOP_COUNTS = METRICS / "studies" / "loops.json"  # in git: `python -m experiments study loops`

SIZES = {
    "clip_seconds": "clip length (s)",
    "settings": "settings per loop",
    "drawn_settings": "settings per loop of training corpora",
    "max_epochs": "epochs at most",
    "width": "width of the networks",
    "trees": "trees in a forest",
    "splits": "random splits (`paper`)",
}
"""Names of the sizes in the report; of the others, the key."""


def main(params: Params) -> None:
    """Write the report of the scale in force, its plot data and metrics/<scale>/summary.json."""
    errors = METRICS / params.scale
    check_leftovers(params, errors)
    cells = read_published()
    names = (params.evaluated, list(params.unseen_loops))
    results = read_results(errors, *names)
    full_size = read_results(FULL_SIZE, *names, complete=False)
    match = read_json(METRICS / params.scale / "match.json")
    trained = [
        name
        for name, experiment in params.trained.items()
        if params.models[experiment.model].kind != "none"
    ]
    curves = learning_curves(MODELS, trained)
    predicted = predicted_values(PREDICTIONS, prediction_tables(params))
    frame_lengths = frame_length_errors(cells, results)
    loop_counts = loop_count_errors(read_json(LOOP_COUNTS) if LOOP_COUNTS.exists() else {})

    folder = REPORTS / params.scale
    plots = {
        "learning-curves": curves,
        "predicted": predicted,
        "loop-counts": loop_counts,
        "frame-length": frame_lengths,
    }
    with replaced(folder / "plots") as path:
        path.mkdir()
        for name, table in plots.items():
            table.to_csv(path / f"{name}.csv", index=False, float_format="%.6g")

    with replaced(folder / "figures") as path, style():
        path.mkdir()
        figures = draw(curves, predicted, loop_counts, frame_lengths)
        for name, figure in figures.items():
            save_svg(figure, path / f"{name}.svg")

    captions = {name: CAPTIONS[name] for name in figures}
    content = report_content(describe(params), cells, results, full_size, match, captions)
    with replaced(folder / "report.md") as path:
        path.write_text(render_markdown(content), encoding="utf-8")
    with replaced(folder / "report.html") as path:
        path.write_text(render_html(content, folder / "figures"), encoding="utf-8")

    numbers = summary(cells, results)
    with replaced(METRICS / params.scale / "summary.json") as path:
        path.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")


def prediction_tables(params: Params) -> dict[str, list[str]]:
    """Return the names of the tables of predictions of each experiment and transfer."""
    tables = {name: [name] for name in params.evaluated}
    for name in params.unseen_loops:
        tables.setdefault(name, []).append(unseen_loops_name(name))
    return tables


def describe(params: Params) -> Project:
    """Return what the report says about how its results were made."""
    sources = {name: material.source for name, material in params.materials.items()}
    runs = sorted((FULL_SIZE / "runs").glob("*/run.json"))
    return Project(
        scale=params.scale,
        sizes=_sizes(params, params.scale),
        paper_sizes=_sizes(params, "paper"),
        recordings={name: s.folder if s.recorded else None for name, s in sources.items()},
        compressor=params.compressor.model_dump(),
        runs={path.parent.name: read_json(path) for path in runs},
    )


def _sizes(params: Params, scale: str) -> dict[str, str]:
    """Return the sizes of a scale as texts, with the number of settings that each loop gets."""
    options = params.scales[scale].model_dump()  # type: ignore[index]
    for name, grid in params.grids.named.items():
        full = prod(grid.counts)
        options["settings"][name] = min(options["settings"][name] or full, full)
    named = {SIZES.get(key, key.replace("_", " ")): value for key, value in options.items()}
    return {name: _text(value) for name, value in named.items() if value not in ({}, None)}


def _text(value: Any) -> str:
    """Return a number, or numbers by name: one number where all are equal."""
    if not isinstance(value, dict):
        return f"{value:g}" if isinstance(value, int | float) else str(value)
    texts = {name: _text(number) for name, number in value.items()}
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return ", ".join(f"{name} {text}" for name, text in texts.items())


def check_leftovers(params: Params, errors: Path) -> None:
    """Check that the folders of `errors`, models and predictions hold nothing but params.yaml's.

    DVC locks the hash of a whole folder: with anything else in it, dvc.lock would name a hash that
    no clone can reproduce. Hidden and temporary (`*.tmp`) files are ignored.

    Raises
    ------
    InputError
        If there is a leftover: the message names each, and the command that removes them.
    """
    expected = {
        errors / "experiments": {f"{name}.json" for name in params.evaluated},
        errors / "unseen_loops": {f"{name}.json" for name in params.unseen_loops},
        MODELS: {"README.md", *params.trained},
        PREDICTIONS: {
            f"{name}.csv" for names in prediction_tables(params).values() for name in names
        },
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
            f" remove with `rm -rf {' '.join(leftovers)}`, then run `python -m stages.report`"
        )


if __name__ == "__main__":
    run_stage(main)
