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
_STAGES = (
    *("render", "compress", "closed-form", "spectrogram"),
    *("handcraft", "train", "embed", "evaluate"),
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
    found = _read(project / RESULTS / "experiments" / f"{experiment}.json")
    landed = RESULTS / "experiments" / f"{experiment}.json"
    known = _read(landed) if landed.exists() else {}
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
    """Make two tables: errors, a line per run, data set and parameter; and costs, one per run."""
    runs = {folder: _read(folder / "run.json") for folder in sorted((results / "runs").glob("*"))}
    landed = [
        (folder.name, name, errors[name])
        for folder, run in runs.items()
        for errors in [_read(results / "experiments" / f"{run['experiment']}.json")]
        for name in run["data_sets"]
    ]
    shown = [entry for entry in _RESULTS_SHOWN if any(entry in of for _, _, of in landed)]
    lines = [
        _line(["run", "data set", "parameter", *(f"`{entry}`" for entry in shown)]),
        "|---|---|---|" + "---:|" * len(shown),
    ]
    for name, data_set, errors in landed:
        for parameter in PARAMETERS:
            if parameter in errors["constant"]:
                cells = [
                    f"{errors[entry][parameter]['mae']:.3g}" if entry in errors else ""
                    for entry in shown
                ]
                lines.append(_line([name, data_set, parameter, *cells]))
    stages = [kind for kind in _STAGES if any(_costs(run, kind) for run in runs.values())]
    lines += ["", _line(["run", *stages, "code"]), "|---|" + "---:|" * len(stages) + "---|"]
    for folder, run in runs.items():
        changed = changed_code(folder, lock)
        code = f"changed since: {', '.join(changed)}" if changed else "as committed"
        lines.append(_line([folder.name, *(_costs(run, kind) for kind in stages), code]))
    return "\n".join(lines) + "\n"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _read(file: Path) -> Any:
    return json.loads(file.read_text())


def _costs(run: dict[str, Any], kind: str) -> str:
    """Return minutes, GB of memory and GB on disk of a run's stage, or nothing if it has none."""
    for stage, cost in run["stages"].items():
        if stage.startswith(kind):
            return f"{cost['minutes']} / {cost['memory_gb']} / {cost['disk_gb']}"
    return ""


def _code_of(lock: Path) -> dict[tuple[str, str], str]:
    stages = yaml.safe_load(lock.read_text())["stages"]
    return {
        (stage, dep["path"]): dep["md5"]
        for stage, entry in stages.items()
        for dep in entry.get("deps", [])
        if dep["path"].startswith("stages/")
    }
