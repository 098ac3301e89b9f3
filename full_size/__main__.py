"""Run one experiment at the paper's sizes: `python -m full_size NAME GRID ...`.

NAME is an experiment, a transfer, or either of these with handcrafted features. Works in a clone of
the last commit under build/full-size/, which a second call takes up again where the first was
stopped: finished stages stay, trainings resume from their last epoch. A transfer goes on in the
clone of what it carries over, once that has ended; the clone's inputs are no longer needed then.
Prints what each stage cost and lands the metrics under metrics/paper/. `python -m full_size table`
writes the table of what has landed into the README.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from full_size.chain import corpus_of, source_of, stages_of
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
        if not arguments or arguments[0] not in params.evaluated:
            raise InputError(
                "usage: python -m full_size NAME GRID ... | table;"
                f" names: {', '.join(params.evaluated)}"
            )
        name, *grids = arguments
        known = params.corpora[corpus_of(params, name)].grids
        if not grids or not set(grids) <= set(known):
            raise InputError(f"{name}: name some of its corpus's grids, {', '.join(known)}")
        reproduce(name, grids, Path.cwd())
    text = table()
    update_readme(text, README, "full size")
    print(text, end="")


def reproduce(name: str, grids: list[str], checkout: Path) -> None:
    """Run the chain of one experiment stage by stage and land its results.

    Raises
    ------
    InputError
        If it is a transfer, and its source has not been run.
    """
    params = load_params()
    source = source_of(params, name)
    project = BUILD / "-".join([source or name, *grids])
    if source and not (_record(project, list(stages_of(params, source))[-1])).exists():
        raise InputError(f"{name}: first run `python -m full_size {source} {' '.join(grids)}`")
    make_project(checkout, project, [source, name] if source else [name], grids)
    params = load_params(project / "params.yaml")
    outputs = stages_of(params, name)
    for stage, output in outputs.items():
        _run_stage(project, stage, output)
    costs = {stage: json.loads(_record(project, stage).read_text()) for stage in outputs}
    print("| stage | minutes | GB of memory | GB on disk |\n|---|---:|---:|---:|")
    for stage, cost in costs.items():
        print(f"| {stage} | {cost['minutes']} | {cost['memory_gb']} | {cost['disk_gb']} |")
    corpus = corpus_of(params, name)
    run = {
        "experiment": name,
        "data_sets": [params.data_set(corpus, grid) for grid in grids],
        "commit": _output(["git", "rev-parse", "HEAD"], project),
        "backend": _backend(),
        "processor": _processor(),
        "cores": psutil.cpu_count(),
        "epochs": _epochs(project / files.MODELS / (source or name) / "networks.json"),
        "stages": costs,
    }
    land(project, "-".join([name, *grids]), name, run)


def _epochs(networks: Path) -> dict[str, int]:
    """Return how long each network was trained; none where the features are handcrafted."""
    if not networks.exists():
        return {}
    return {name: found["epochs"] for name, found in json.loads(networks.read_text()).items()}


def _record(project: Path, stage: str) -> Path:
    """Return where stands what a stage cost, once it has run."""
    return project / "build" / f"{stage}.json"


def _run_stage(project: Path, stage: str, output: Path) -> None:
    """Run one stage unless it has run, and note what it cost: of a resumed one, the last part."""
    record = _record(project, stage)
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


def _backend() -> str:
    import tensorflow  # takes seconds, and only what has run needs it

    return f"tensorflow {tensorflow.__version__}"


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
