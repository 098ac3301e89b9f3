"""Run one experiment at the paper's sizes: `python -m full_size EXPERIMENT GRID ...`.

Works in a clone of the last commit under build/full-size/, which a second call takes up again
where the first was stopped: finished stages stay, trainings resume from their last epoch. Prints
what each stage cost and lands the metrics under metrics/paper/. `python -m full_size table` writes
the table of what has landed into the README.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from full_size.cost import gigabytes, run_measured
from full_size.project import make_project
from full_size.results import README, land, table
from recordings.debian.results import update_readme
from stages.common import files
from stages.common.errors import InputError, run_stage
from stages.common.params import load_params

BUILD = Path("build/full-size")


def main(arguments: list[str]) -> None:
    """Run what the command line names, then write the table."""
    params = load_params()
    if arguments != ["table"]:
        if not arguments or arguments[0] not in params.experiments:
            raise InputError(
                "usage: python -m full_size EXPERIMENT GRID ... | table;"
                f" experiments: {', '.join(params.experiments)}"
            )
        experiment, *grids = arguments
        corpus = params.experiments[experiment].corpus
        known = params.corpora[corpus].grids
        if not grids or not set(grids) <= set(known):
            raise InputError(f"{experiment}: name some of its corpus's grids, {', '.join(known)}")
        reproduce(experiment, grids, Path.cwd())
    text = table()
    update_readme(text, README, "full size")
    print(text, end="")


def reproduce(experiment: str, grids: list[str], checkout: Path) -> None:
    """Run the chain of one experiment stage by stage and land its results."""
    name = "-".join([experiment, *grids])
    project = BUILD / name
    make_project(checkout, project, experiment, grids)
    params = load_params(project / "params.yaml")
    entry = params.experiments[experiment]
    material = params.corpora[entry.corpus].material
    outputs = {
        f"render@{material}": files.LOOPS / material,
        f"compress@{entry.corpus}": files.COMPRESSED / entry.corpus,
        f"closed-form@{entry.corpus}": files.closed_form_table(entry.corpus),
        f"spectrogram@{entry.input}": files.SPECTROGRAMS / entry.input,
        f"train@{experiment}": files.MODELS / experiment,
        f"embed@{experiment}": files.EMBEDDINGS / experiment,
        f"evaluate@{experiment}": files.PREDICTIONS / f"{experiment}.csv",
    }
    for stage, output in outputs.items():
        _run_stage(project, stage, output)
    costs = {
        stage: json.loads((project / "build" / f"{stage}.json").read_text()) for stage in outputs
    }
    print("| stage | minutes | GB of memory | GB on disk |\n|---|---:|---:|---:|")
    for stage, cost in costs.items():
        print(f"| {stage} | {cost['minutes']} | {cost['memory_gb']} | {cost['disk_gb']} |")
    networks = json.loads((project / files.MODELS / experiment / "networks.json").read_text())
    run = {
        "experiment": experiment,
        "data_sets": [f"{material}-{grid}" for grid in grids],
        "commit": _output(["git", "rev-parse", "HEAD"], project),
        "backend": f"tensorflow {importlib.metadata.version('tensorflow')}",
        "processor": _processor(),
        "cores": psutil.cpu_count(),
        "epochs": {network: found["epochs"] for network, found in networks.items()},
        "stages": costs,
    }
    land(project, name, experiment, run)


def _run_stage(project: Path, stage: str, output: Path) -> None:
    """Run one stage unless it has run, and note what it cost: of a resumed one, the last part."""
    record = project / "build" / f"{stage}.json"
    if record.exists():
        return
    command = [sys.executable, "-m", "dvc", "repro", "--single-item", stage]
    seconds, memory = run_measured(command, project)
    record.parent.mkdir(exist_ok=True)
    cost: dict[str, Any] = {
        "minutes": round(seconds / 60, 1),
        "memory_gb": round(memory, 2),
        "disk_gb": round(gigabytes(project / output), 3),
    }
    with files.replaced(record) as temporary:
        temporary.write_text(json.dumps(cost))


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _output(command: list[str], folder: Path) -> str:
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


if __name__ == "__main__":
    run_stage(main)
