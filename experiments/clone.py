"""A clone of the project in which params.yaml holds one run, and what made its results."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from siamese_drc.core.errors import InputError
from stages.project.params import load_params


def run(command: list[str], folder: Path) -> None:
    """Run a command, which finds this interpreter's own programs first; its output goes to ours.

    InputError if the program is missing or fails.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    try:  # not subprocess.run: at Ctrl-C it kills the command, and DVC has to write its files
        with subprocess.Popen(command, cwd=folder, env=os.environ | {"PATH": path}) as process:
            process.wait()
    except FileNotFoundError as error:
        raise InputError(f"{command[0]}: there is no such program") from error
    if process.returncode:
        raise InputError(
            f"{' '.join(command)}: failed with exit code {process.returncode} in {folder}"
        )


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


def provenance(clone: Path) -> dict[str, Any]:
    """Return what made the results of a clone: commit, Keras backend, processor and cores."""
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    version = [sys.executable, "-c", f"import {backend} as b; print(b.__version__)"]
    return {
        "commit": _output(["git", "rev-parse", "HEAD"], clone),
        "backend": f"{backend} {_output(version, clone).split()[-1]}",
        "processor": _processor(),
        "cores": os.cpu_count(),
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
