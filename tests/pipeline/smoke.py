"""The whole pipeline at smoke scale, in a temporary copy: `python -m tests.pipeline.smoke`.

Prints how long each stage took. The project's own data, models and results stay as they are.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.pipeline.working_copy import WorkingCopy, copy_project

STAGE = re.compile(r"Running stage '(.*)':")


def main() -> int:
    """Run every stage; return the exit code of `dvc repro`."""
    with tempfile.TemporaryDirectory(prefix="smoke-") as folder:
        copy = copy_project(Path(folder) / "project")
        with copy.edited_params() as params:
            params["scale"] = "smoke"
        try:
            code, seconds = timed_repro(copy)
        finally:
            copy.end()
    for stage, duration in seconds.items():
        print(f"{duration:7.1f} s  {stage}")
    print(f"{sum(seconds.values()):7.1f} s  {len(seconds)} stages")
    return code


def timed_repro(copy: WorkingCopy) -> tuple[int, dict[str, float]]:
    """Run `dvc repro` and show what it says; return its exit code, and the seconds by stage."""
    seconds: dict[str, float] = {}
    stage, started = "", time.monotonic()
    command = ["dvc", "repro"]
    with subprocess.Popen(
        command, cwd=copy.folder, env=copy.environment, stdout=subprocess.PIPE, text=True
    ) as repro:
        assert repro.stdout is not None
        for line in repro.stdout:
            print(line, end="", flush=True)
            if found := STAGE.match(line):
                stage, started = found[1], time.monotonic()
            if stage:  # up to the last line before the next stage: its outputs are stored by then
                seconds[stage] = time.monotonic() - started
    return repro.returncode, seconds


if __name__ == "__main__":
    sys.exit(main())
