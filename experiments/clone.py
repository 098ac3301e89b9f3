"""A clone of the project in which params.yaml holds one run, and its stages, measured."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from ruamel.yaml import YAML

from siamese_drc.core.errors import InputError
from siamese_drc.core.outputs import replaced
from siamese_drc.report.results import read_json
from stages.project.params import load_params

POLL_SECONDS = 0.5


def run(command: list[str], folder: Path) -> tuple[float, float]:
    """Run a command; return its seconds and the peak of its processes' own memory, in GB.

    It finds this interpreter's own programs first, and its output goes where ours goes. Own memory
    does not count pages of memory-mapped files, which the kernel drops when it needs the memory.
    InputError if the program is missing or fails.
    """
    started, peak = time.monotonic(), 0
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    try:
        process = psutil.Popen(command, cwd=folder, env=os.environ | {"PATH": path})
    except FileNotFoundError as error:
        raise InputError(f"{command[0]}: there is no such program") from error
    while process.poll() is None:
        peak = max(peak, _own_bytes(process))
        with suppress(psutil.TimeoutExpired):
            process.wait(POLL_SECONDS)
    if process.returncode:
        raise InputError(
            f"{' '.join(command)}: failed with exit code {process.returncode} in {folder}"
        )
    return time.monotonic() - started, peak / 1e9


def make_clone(checkout: Path, clone: Path, change: Callable[[Any], None]) -> None:
    """Clone the last commit, unless the clone is there already, and change its params.yaml.

    `change` works in place; comments are kept. dvc.lock is removed, since it describes the whole
    pipeline at another scale. InputError if git fails, or the changed params.yaml breaks a rule.
    """
    if not clone.exists():
        cloned = clone.with_name(clone.name + ".tmp")
        shutil.rmtree(cloned, ignore_errors=True)
        run(["git", "clone", "--quiet", str(checkout.resolve()), str(cloned.resolve())], checkout)
        (cloned / "dvc.lock").unlink(missing_ok=True)
        cloned.rename(clone)
    run(["git", "checkout", "--quiet", "HEAD", "params.yaml"], clone)
    rewrite_params(clone / "params.yaml", change)


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

    That is `minutes`, `memory_gb` (peak of the processes' own memory) and `disk_gb` (of `output`);
    of a stage that was stopped and resumed, for the last part.
    """
    record = clone / "build" / f"{stage}.json"
    if not record.exists():
        command = [sys.executable, "-m", "dvc", "repro", "--single-item", stage]
        seconds, memory_gb = run(command, clone)
        cost = {
            "minutes": round(seconds / 60, 1),
            "memory_gb": round(memory_gb, 2),
            "disk_gb": round(_gigabytes(clone / output), 3),
        }
        with replaced(record) as temporary:
            temporary.write_text(json.dumps(cost))
    return read_json(record)


def provenance(clone: Path) -> dict[str, Any]:
    """Return what made the results of a clone: commit, Keras backend, processor and cores."""
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    version = [sys.executable, "-c", f"import {backend} as b; print(b.__version__)"]
    return {
        "commit": _output(["git", "rev-parse", "HEAD"], clone),
        "backend": f"{backend} {_output(version, clone).split()[-1]}",
        "processor": _processor(),
        "cores": psutil.cpu_count(),
    }


def _output(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _processor() -> str:
    with suppress(FileNotFoundError):  # Linux alone has it
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def _gigabytes(path: Path) -> float:
    return sum(file.stat().st_size for file in (path, *path.rglob("*")) if file.is_file()) / 1e9


def _own_bytes(process: psutil.Process) -> int:
    """Return the memory of a process and its children without what is mapped or shared."""
    members, total = [process], 0
    with suppress(psutil.Error):  # it has ended
        members += process.children(recursive=True)
    for member in members:
        with suppress(psutil.Error):
            memory = member.memory_info()
            total += memory.rss - memory.shared
    return total
