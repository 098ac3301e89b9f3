"""What `dvc repro` costs at the scale of params.yaml: without a change, and with one.

Both are measured in a temporary copy that shares DVC's cache. If the cache lacks data, only `dvc
repro --dry` is timed; if dvc.lock does not fit the code, nothing is.
"""

from __future__ import annotations

import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks.measuring import interleaved_medians
from benchmarks.table import Row
from tests.pipeline.working_copy import PROJECT, WorkingCopy, copy_project

ROUNDS = 3
CHANGED = ("drum-cnn-stft512", ["ds4"])  # one of its grids alone is left
CHECK_ONLY = ("--dry", "--allow-missing")


def measure() -> list[Row]:
    """Time DVC at work in a copy of the project."""
    build = PROJECT / "build"  # on the disk of the cache, so that links work
    build.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=build) as folder:
        copy = copy_project(Path(folder) / "project")
        copy.run("dvc", "cache", "dir", "--local", str(PROJECT / ".dvc" / "cache"))
        try:
            copy.attempt("dvc", "checkout", "--quiet")
            if copy.attempt("dvc", "status", "--quiet").returncode == 0:
                return [unchanged(copy, ()), changed(copy)]
            if copy.attempt("dvc", "repro", *CHECK_ONLY).returncode == 0:
                return [unchanged(copy, CHECK_ONLY)]
            print(
                "pipeline: dvc.lock does not fit the code; run `dvc repro` first", file=sys.stderr
            )
            return []
        finally:
            copy.end()


def unchanged(copy: WorkingCopy, options: tuple[str, ...]) -> Row:
    """Time a `dvc repro` that has nothing to do, beside starting DVC."""
    command = ("dvc", "repro", *options)
    times = interleaved_medians(
        {"ours": partial(copy.run, *command), "start": partial(copy.run, "dvc", "--version")},
        rounds=ROUNDS,
    )
    return Row(
        f"`{' '.join(command)}`, nothing changed",
        times["ours"],
        {},
        "s",
        floor=times["start"],
        floor_is="starting DVC",
    )


def changed(copy: WorkingCopy) -> Row:
    """Time a `dvc repro` after a change of one experiment."""
    name, grids = CHANGED
    with copy.edited_params() as params:
        params["experiments"][name]["only"] = grids
    started = time.perf_counter()
    copy.run("dvc", "repro", "--no-run-cache")  # else it would only run the first time
    seconds = time.perf_counter() - started
    return Row(f"`dvc repro`, {name} on {', '.join(grids)} alone", seconds, {}, "s")
