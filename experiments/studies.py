"""Studies: variations of an experiment, run as DVC experiments, and their table."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from experiments.clone import provenance, run
from experiments.results import UNITS, markdown_table, read_json, update_page, write_json
from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.errors import InputError
from stages.project import files
from stages.project.params import load_params

STUDIES = Path(__file__).with_name("studies.yaml")
RESULTS = files.METRICS / "studies"
PAGE = Path("docs/reproduce.md")
PROTOCOLS = ("paper", "unseen_loops")
DELAYED = ("paper_delayed", "unseen_loops_delayed")


def read_studies(file: Path = STUDIES) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the variations of each experiment that is studied."""
    studies: dict[str, dict[str, dict[str, Any]]] = YAML(typ="safe", pure=True).load(file)
    return studies


def run_study(experiment: str) -> None:
    """Run the variations of a study that have no results yet.

    Each is a DVC experiment (`dvc exp show` lists it), run in a temporary folder; stages that it
    does not change come from DVC's cache. Remove the study's file of results to run all again.

    Raises
    ------
    InputError
        If there is no such study, or a run fails.
    """
    studies = read_studies()
    if experiment not in studies:
        raise InputError(f"{experiment}: no study in {STUDIES}; it has: {', '.join(studies)}")
    metrics = files.metrics_file(load_params().scale, experiment)
    for name, variation in studies[experiment].items():
        if name not in results_of(experiment):
            changes = [part for change in variation["set"] for part in ("-S", change)]
            dvc = [sys.executable, "-m", "dvc", "exp", "run", "--temp", "--name", name]
            run([*dvc, *changes, f"evaluate@{experiment}"], Path.cwd())
            keep(experiment, name, json.loads(_show(f"{name}:{metrics}")), provenance(Path.cwd()))


def results_of(experiment: str, results: Path = RESULTS) -> dict[str, Any]:
    """Return, for each variation that was run, `errors` and the `commit` that made them."""
    file = results / f"{experiment}.json"
    return read_json(file) if file.exists() else {}


def keep(
    experiment: str,
    name: str,
    metrics: dict[str, Any],
    made_by: dict[str, Any],
    results: Path = RESULTS,
) -> None:
    """Add the mean absolute errors of a variation to those of the others."""
    (of_data_set,) = metrics.values()
    errors = {
        entry: {parameter: value["mae"] for parameter, value in of_data_set[entry].items()}
        for entry in (*PROTOCOLS, *DELAYED)
        if entry in of_data_set
    }
    known = results_of(experiment, results)
    write_json(
        results / f"{experiment}.json",
        known | {name: {"commit": made_by["commit"], "errors": errors}},
    )


def write_tables() -> None:
    """Write the table of each study into its page."""
    for experiment in read_studies():
        update_page(PAGE, f"study {experiment}", table(experiment))


def table(experiment: str, results: Path = RESULTS) -> str:
    """Return the table of a study: `paper` / `unseen_loops` of each parameter."""
    found = results_of(experiment, results)
    rows = []
    for name, variation in read_studies()[experiment].items():
        if name not in found:
            continue
        commit, errors = f"`{found[name]['commit'][:7]}`", found[name]["errors"]
        rows.append([variation["change"], commit, *_cells(errors, PROTOCOLS)])
        if name in ("gain", "gain-unaligned"):  # the clips were also judged 10 ms late
            rows.append(
                [f"{variation['change']}; clips 10 ms late", commit, *_cells(errors, DELAYED)]
            )
    return markdown_table(["change", "commit", *UNITS.values()], rows, texts=2)


def _cells(errors: dict[str, dict[str, float]], entries: tuple[str, ...]) -> list[str]:
    return [
        " / ".join(f"{errors[entry][parameter]:.3g}" for entry in entries)
        for parameter in PARAMETERS
    ]


def _show(revision: str) -> str:
    return subprocess.run(
        ["git", "show", revision], check=True, capture_output=True, text=True
    ).stdout
