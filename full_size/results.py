"""What full-size runs found, under metrics/paper/, and their table in the README."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import yaml

from stages.common.files import METRICS, replaced
from stages.common.params import PARAMETERS

RESULTS = METRICS / "paper"
README = Path("README.md")
_RESULTS_SHOWN = (
    "paper",
    "unseen_loops",
    "paper_delayed",
    "unseen_loops_delayed",
    "transfer",
    "refit",
    "network",
    "constant",
    "closed_form",
)


def land(project: Path, name: str, experiment: str, run: dict[str, Any]) -> None:
    """Copy a run's metrics to metrics/paper/, and what it was made by to runs/<name>/ there.

    Parameters
    ----------
    project : Path
        The clone in which the run was made.
    name : str
        Of the run.
    experiment : str
        Its metrics join those that earlier runs found on other data sets.
    run : dict
        Commit, backend, processor and costs: run.json.
    """
    found = json.loads((project / RESULTS / "experiments" / f"{experiment}.json").read_text())
    landed = RESULTS / "experiments" / f"{experiment}.json"
    known = json.loads(landed.read_text()) if landed.exists() else {}
    with replaced(landed) as temporary:
        temporary.write_text(json.dumps(known | found, indent=1) + "\n")
    folder = RESULTS / "runs" / name
    folder.mkdir(parents=True, exist_ok=True)
    for file in ("params.yaml", "dvc.lock"):
        shutil.copyfile(project / file, folder / file)
    (folder / "run.json").write_text(json.dumps(run, indent=1) + "\n")


def changed_code(run: Path, lock: Path = Path("dvc.lock")) -> list[str]:
    """Return which of the project's own modules differ between a run and the committed results.

    Parameters
    ----------
    run : Path
        Folder with the run's dvc.lock.
    lock : Path
        The committed dvc.lock.
    """
    then, now = _code_of(run / "dvc.lock"), _code_of(lock)
    return sorted(
        {path for key, digest in then.items() if now.get(key) != digest for path in key[1:]}
    )


def table(results: Path = RESULTS, lock: Path = Path("dvc.lock")) -> str:
    """Make the table of errors: a line per run, data set and parameter."""
    landed = []
    for folder in sorted((results / "runs").glob("*")):
        run = json.loads((folder / "run.json").read_text())
        changed = changed_code(folder, lock)
        code = f"changed since: {', '.join(changed)}" if changed else "as committed"
        errors = json.loads((results / "experiments" / f"{run['experiment']}.json").read_text())
        landed += [(folder.name, name, errors[name], code) for name in run["data_sets"]]
    shown = [entry for entry in _RESULTS_SHOWN if any(entry in of for _, _, of, _ in landed)]
    lines = [
        " | ".join(["| run | data set | parameter", *(f"`{entry}`" for entry in shown), "code |"]),
        "|---|---|---|" + "---:|" * len(shown) + "---|",
    ]
    for name, data_set, errors, code in landed:
        for parameter in PARAMETERS:
            if parameter in errors["constant"]:
                cells = [
                    f"{errors[entry][parameter]['mae']:.3g}" if entry in errors else ""
                    for entry in shown
                ]
                lines.append(f"| {' | '.join([name, data_set, parameter, *cells, code])} |")
    return "\n".join(lines) + "\n"


def _code_of(lock: Path) -> dict[tuple[str, str], str]:
    stages = yaml.safe_load(lock.read_text())["stages"]
    return {
        (stage, dep["path"]): dep["md5"]
        for stage, entry in stages.items()
        for dep in entry.get("deps", [])
        if dep["path"].startswith("stages/")
    }
