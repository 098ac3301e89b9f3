"""Studies: variations of an experiment, run as DVC experiments, their table and their picture."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import dvc.api
from ruamel.yaml import YAML

from experiments.clone import provenance, run
from experiments.paper import target_of
from experiments.results import (
    UNITS,
    markdown_table,
    rounded,
    update_page,
    validation_curves,
    write_json,
)
from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.errors import InputError
from siamese_drc.core.outputs import replaced
from siamese_drc.report.pictures import draw_study, save_svg, style
from siamese_drc.report.results import DASH, Results, read_json
from stages.project import files
from stages.project.params import load_params

STUDIES = Path(__file__).with_name("studies.yaml")
RESULTS = files.METRICS / "studies"
PAGE = Path("docs/networks.md")
PICTURES = Path("docs")
ENTRIES = {
    "paper": "`paper`",
    "unseen_loops": "new loops",
    "network_unseen_loops": "network's own output",
    "untrained/unseen_loops": "untrained",
    "no_network/unseen_loops": "no network",
    "unseen_loops_tilted": "tilted",
    "unseen_loops_limited": "limited",
    "unseen_loops_mp3": "MP3",
    "constant": "constant",
    "paper_delayed": "`paper`, 10 ms late",
}
"""Entries of the metrics that a study keeps, and what they are called in its table."""


def read_studies() -> dict[str, dict[str, Any]]:
    """Return the studies: `experiment`, `scale`, `always` and `variations` of each."""
    return YAML(typ="safe", pure=True).load(STUDIES)


def run_study(study: str, only: Collection[str] = ()) -> None:
    """Run the variations of a study that have no results yet; `only` these, if any are named.

    Each is a DVC experiment (`dvc exp show` lists it), run in a temporary folder; stages that it
    does not change come from DVC's cache. Remove the study's file of results to run all again.
    InputError if there is no such study or variation, or a run fails.
    """
    studies = read_studies()
    if study not in studies:
        raise InputError(f"{study}: no study in {STUDIES}; it has: {', '.join(studies)}")
    about = studies[study]
    variations = about["variations"]
    if unknown := [name for name in only if name not in variations]:
        raise InputError(f"{unknown[0]}: no variation of {study}; it has: {', '.join(variations)}")
    experiment, scale = about["experiment"], about.get("scale", "laptop")
    params = load_params().model_copy(update={"scale": scale})
    always = [f"scale={scale}", *about.get("always", [])]
    target = target_of(params, experiment)
    for name in only or variations:
        if name in results_of(study):
            continue
        variation = variations[name]
        changes = [part for change in [*always, *variation["set"]] for part in ("-S", change)]
        made = f"{study}-{name}"
        made_by = provenance(Path.cwd())
        dvc_command = [sys.executable, "-m", "dvc", "exp"]
        with suppress(InputError):  # left by a run that was killed before its result was kept
            run([*dvc_command, "remove", "--quiet", made], Path.cwd())
        run([*dvc_command, "run", "--temp", "--name", made, *changes, target], Path.cwd())
        errors = json.loads(dvc.api.read(str(params.metrics[experiment]), rev=made))
        history = dvc.api.read(str(files.MODELS / experiment / "history.csv"), rev=made)
        keep(study, name, errors, validation_curves(StringIO(history)), made_by)


def results_of(study: str, results: Path = RESULTS) -> dict[str, Any]:
    """Return, for each variation that was run, `errors`, `validation` and the `commit`."""
    file = results / f"{study}.json"
    return read_json(file) if file.exists() else {}


def keep(
    study: str,
    name: str,
    metrics: dict[str, Any],
    curves: dict[str, list[float]],
    made_by: dict[str, Any],
    results: Path = RESULTS,
) -> None:
    """Add the errors of a variation, and its validation loss by epoch, to those of the others."""
    (data_set,) = metrics
    found, errors = Results({study: metrics}), {}
    for entry in ENTRIES:
        maes = {name: found.mae((study, data_set, name), entry) for name in PARAMETERS}
        if measured := {name: mae for name, mae in maes.items() if mae is not None}:
            errors[entry] = measured
    (validation,) = (curve for grid, curve in curves.items() if data_set.endswith(f"-{grid}"))
    kept = {"commit": made_by["commit"], "errors": errors, "validation": validation}
    write_json(results / f"{study}.json", results_of(study, results) | {name: kept})


def write_tables() -> None:
    """Write the table and the picture of each study into the page on networks."""
    for study, about in read_studies().items():
        update_page(PAGE, f"study {study}", table(study))
        found = results_of(study)
        curves = {
            variation["change"]: found[name]["validation"]
            for name, variation in about["variations"].items()
            if found.get(name, {}).get("validation") and not variation.get("other_loss")
        }
        if curves:
            with replaced(PICTURES / f"study-{study}.svg") as path, style():
                save_svg(draw_study(curves), path)


def table(study: str, results: Path = RESULTS) -> str:
    """Return the table of a study: a row for each variation that was run."""
    about, found = read_studies()[study], results_of(study, results)
    measured = {entry: errors for of in found.values() for entry, errors in of["errors"].items()}
    entries = [entry for entry in ENTRIES if entry in measured]
    varied = [name for name in PARAMETERS if any(name in errors for errors in measured.values())]
    rows = []
    for name, variation in about["variations"].items():
        if name not in found:
            continue
        errors, validation = found[name]["errors"], found[name].get("validation")
        loss = f"{min(validation):.4f}" if validation else ""
        loss += " (another loss)" if variation.get("other_loss") else ""
        row = [variation["change"], f"`{found[name]['commit'][:7]}`", loss]
        for parameter in varied:
            maes = (errors.get(entry, {}).get(parameter) for entry in entries)
            row.append(" / ".join(rounded(mae) or DASH for mae in maes))
        rows.append(row)
    named = " / ".join(ENTRIES[entry] for entry in entries)
    header = ["change", "commit", "validation loss", *(UNITS[name] for name in varied)]
    return f"Errors: {named}.\n\n" + markdown_table(header, rows, texts=2)
