"""Stage `report`: tables, figures and pages, from metrics and the tables of stage `plot-data`.

`python -m stages.report` writes report.md, report.html and figures in reports/<scale>/, two more
tables in its folder plots, and metrics/<scale>/summary.json. All that it reads is in git.
"""

from __future__ import annotations

import json
from math import prod
from typing import Any

from siamese_drc.core.outputs import replaced
from siamese_drc.report import pictures
from siamese_drc.report.learning import summary
from siamese_drc.report.pages import Project, render_html, render_markdown, report_content
from siamese_drc.report.published import read_published
from siamese_drc.report.results import read_json, read_results
from stages.plot_data import check_leftovers
from stages.project.command import run_stage
from stages.project.files import METRICS, REPORTS, read_table
from stages.project.params import Params

FULL_SIZE = METRICS / "paper"  # in git: from separate runs at the paper's sizes
LOOP_COUNTS = METRICS / "studies" / "loops.json"  # in git: `python -m experiments study loops`

# How the report names the sizes; the others by their keys.
SIZES = {
    "clip_seconds": "clip length (s)",
    "settings": "settings per loop",
    "drawn_settings": "settings per loop of training corpora",
    "max_epochs": "epochs at most",
    "width": "width of the networks",
    "trees": "trees in a forest",
    "splits": "random splits (`paper`)",
}


def main(params: Params) -> None:
    """Write the report of the scale in force, its plot data and metrics/<scale>/summary.json."""
    check_leftovers(params)
    errors, folder = METRICS / params.scale, REPORTS / params.scale
    cells = read_published()
    names = (params.evaluated, list(params.unseen_loops))
    results = read_results(errors, *names)
    full_size = read_results(FULL_SIZE, *names, complete=False)
    match = read_json(errors / "match.json")
    curves, predicted = (
        read_table(folder / "plots" / f"{name}.csv") for name in ("learning-curves", "predicted")
    )
    frame_lengths = pictures.frame_length_errors(cells, results)
    loop_counts = pictures.loop_count_errors(read_json(LOOP_COUNTS) if LOOP_COUNTS.exists() else {})

    for name, table in {"loop-counts": loop_counts, "frame-length": frame_lengths}.items():
        with replaced(folder / "plots" / f"{name}.csv") as path:
            table.to_csv(path, index=False, float_format="%.6g")
    with replaced(folder / "figures") as path, pictures.style():
        path.mkdir()
        figures = pictures.draw(curves, predicted, loop_counts, frame_lengths)
        for name, figure in figures.items():
            pictures.save_svg(figure, path / f"{name}.svg")

    captions = {name: pictures.CAPTIONS[name] for name in figures}
    content = report_content(describe(params), cells, results, full_size, match, captions)
    texts = {
        folder / "report.md": render_markdown(content),
        folder / "report.html": render_html(content, folder / "figures"),
        errors / "summary.json": json.dumps(summary(cells, results), indent=2) + "\n",
    }
    for target, text in texts.items():
        with replaced(target) as path:
            path.write_text(text, encoding="utf-8")


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


if __name__ == "__main__":
    run_stage(main)
