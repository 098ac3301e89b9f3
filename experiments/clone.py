"""A clone of the project in which params.yaml holds one run, and its stages, measured."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from ruamel.yaml import YAML

from siamese_drc.core.errors import InputError
from siamese_drc.core.outputs import replaced
from stages.project.params import load_params

POLL_SECONDS = 0.5


def run(command: list[str], folder: Path) -> None:
    """Run a command in a folder; its output goes where ours goes.

    Raises
    ------
    InputError
        If the program is missing or fails.
    """
    try:
        subprocess.run(command, cwd=folder, env=_environment(), check=True)
    except FileNotFoundError as error:
        raise InputError(f"{command[0]}: there is no such program") from error
    except subprocess.CalledProcessError as error:
        raise InputError(
            f"{' '.join(command)}: failed with exit code {error.returncode} in {folder}"
        ) from error


def make_clone(checkout: Path, clone: Path, change: Callable[[Any], None]) -> None:
    """Clone the last commit and change its params.yaml, unless the clone is there already.

    dvc.lock is removed, since it describes the whole pipeline at another scale.

    Parameters
    ----------
    checkout, clone : Path
        The project, and where its clone will be.
    change : callable
        Changes the content of params.yaml in place; comments are kept.

    Raises
    ------
    InputError
        If git fails, or the changed params.yaml breaks a rule.
    """
    if clone.exists():
        return
    cloned = clone.with_name(clone.name + ".tmp")
    shutil.rmtree(cloned, ignore_errors=True)
    run(["git", "clone", "--quiet", str(checkout.resolve()), str(cloned.resolve())], checkout)
    (cloned / "dvc.lock").unlink(missing_ok=True)
    rewrite_params(cloned / "params.yaml", change)
    cloned.rename(clone)


def rewrite_params(file: Path, change: Callable[[Any], None]) -> None:
    """Apply `change` to the content of a params.yaml, keep its comments, and check the result."""
    yaml = YAML()
    yaml.width = 100
    params = yaml.load(file)
    change(params)
    yaml.dump(params, file)
    load_params(file)


def run_stage_once(clone: Path, stage: str, output: Path) -> dict[str, float]:
    """Run one stage in the clone, unless it has run; return what it cost.

    Returns
    -------
    dict
        `minutes`, `memory_gb` (peak of the processes' own memory) and `disk_gb` (of `output`). Of
        a stage that was stopped and resumed: of the last part.
    """
    record = clone / "build" / f"{stage}.json"
    if not record.exists():
        command = [sys.executable, "-m", "dvc", "repro", "--single-item", stage]
        seconds, memory_gb = run_measured(command, clone)
        cost = {
            "minutes": round(seconds / 60, 1),
            "memory_gb": round(memory_gb, 2),
            "disk_gb": round(_gigabytes(clone / output), 3),
        }
        with replaced(record) as temporary:
            temporary.write_text(json.dumps(cost))
    cost = json.loads(record.read_text())
    return cost


def run_measured(command: list[str], folder: Path) -> tuple[float, float]:
    """Run a command; return its seconds and the peak of its processes' own memory, in GB.

    Own memory (RssAnon in Linux's /proc) does not count pages of memory-mapped files, which the
    kernel drops when it needs the memory.

    Raises
    ------
    InputError
        If the command fails.
    """
    started = time.monotonic()
    process = psutil.Popen(command, cwd=folder, env=_environment())
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(_own_bytes(member.pid) for member in [process, *_children(process)]))
        time.sleep(POLL_SECONDS)
    if process.returncode:
        raise InputError(
            f"{' '.join(command)}: failed with exit code {process.returncode} in {folder}"
        )
    return time.monotonic() - started, peak / 1e9


def provenance(clone: Path) -> dict[str, Any]:
    """Return what made the results of a clone: commit, Keras backend, processor and cores."""
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=clone, check=True, capture_output=True, text=True
    )
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    version = subprocess.run(
        [sys.executable, "-c", f"import {backend} as b; print(b.__version__)"],
        check=True,
        capture_output=True,
        text=True,
    )
    return {
        "commit": commit.stdout.strip(),
        "backend": f"{backend} {version.stdout.split()[-1]}",
        "processor": _processor(),
        "cores": psutil.cpu_count(),
    }


def _processor() -> str:
    if Path("/proc/cpuinfo").exists():
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def _environment() -> dict[str, str]:
    """Return the environment with this interpreter's own programs first on the path."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return os.environ | {"PATH": path}


def _gigabytes(path: Path) -> float:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 1e9


def _own_bytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:  # the process has ended
        return 0
    found = re.search(r"^RssAnon:\s*(\d+) kB$", status, re.MULTILINE)
    return 1024 * int(found[1]) if found else 0


def _children(process: psutil.Popen) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []
