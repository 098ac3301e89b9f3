"""Kills of the pipeline: what is killed, when, and whether the next run ends in the same bytes.

The stages that lead to a few targets run at smoke scale in a copy of the project. Its dvc.lock is
long, so that DVC takes seconds to rewrite it; every second kill waits for a rewrite.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from stages.repro import is_cut
from tests.pipeline.working_copy import WorkingCopy

MADE = ("data", "models", "metrics/smoke", "siamese_drc/pretrained", "dvc.lock")
UNUSED = """\
  unused{number}:
    cmd: python -m stages.unused {number}
    deps:
    - path: data/unused/{number}
      hash: md5
      md5: 0123456789abcdef0123456789abcdef.dir
      size: {number}
      nfiles: 1
    outs:
    - path: models/unused/{number}
      hash: md5
      md5: 0123456789abcdef0123456789abcdef
      size: {number}
"""
MAKE = ("python", "-m", "stages.repro")
DVC = ("dvc", "repro")


@dataclass
class Trial:
    """One kill and what became of it; `killed` is False where the run had ended before."""

    command: tuple[str, ...]
    killed: bool
    cut: bool
    survived: bool
    said: str


class Pipeline:
    """A copy of the project in which some stages are run, killed and run again.

    Parameters
    ----------
    copy : WorkingCopy
    targets : sequence of str
        The stages to make.
    rewrites : int
        How many stages that makes.
    unused : int
        Number of entries of dvc.lock that belong to no stage: each makes the rewrite longer.
    """

    def __init__(
        self, copy: WorkingCopy, targets: Sequence[str], *, rewrites: int, unused: int
    ) -> None:
        self.copy = copy
        self.targets = tuple(targets)
        self.rewrites = rewrites
        self.lock = copy.folder / "dvc.lock"
        entries = "".join(UNUSED.format(number=number) for number in range(unused))
        self.lock.write_text(f"schema: '2.0'\nstages:\n{entries}")
        copy.commit("A long lock")
        copy.run(*MAKE, *self.targets)
        self.whole = made(self.copy.folder)
        self.reset(forget=0.2)
        started = time.monotonic()
        copy.run(*MAKE, *self.targets)
        self.seconds = time.monotonic() - started

    def reset(self, *, forget: float) -> None:
        """Go back to the commit; the run cache forgets a share of what it holds."""
        self.copy.run("git", "checkout", "--quiet", "--", ".")
        self.copy.run("git", "clean", "-dffxq", "data", "models", "metrics")
        for path in sorted((self.copy.folder / ".dvc/cache/runs").glob("*/*")):  # one a stage
            if random.random() < forget:
                shutil.rmtree(path)

    def kill(self, command: tuple[str, ...], *, in_rewrite: bool, stop: signal.Signals) -> Trial:
        """Kill a run, run again as documented, and compare."""
        process = subprocess.Popen(
            [*command, *self.targets],
            cwd=self.copy.folder,
            env=self.copy.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        if in_rewrite:
            self._wait_for_rewrite(process, rewrites=random.randint(1, self.rewrites))
            time.sleep(random.uniform(0, 0.2))
        else:
            _wait(process, random.uniform(1, self.seconds))
        killed = process.poll() is None
        if killed and stop == signal.SIGINT:
            os.killpg(process.pid, stop)  # as the terminal does
        else:
            for each in _dvc(process):  # only DVC: its stage must end by itself
                each.send_signal(stop)
        process.wait(60)
        cut = is_cut(self.lock.read_bytes(), self._committed())
        self._wait_for_stages()
        if command == DVC:
            self.copy.run("git", "checkout", "--quiet", "dvc.lock")
            (self.copy.folder / ".dvc/tmp/rwlock").unlink(missing_ok=True)
        again = self.copy.attempt(*command, *self.targets)
        survived = again.returncode == 0 and made(self.copy.folder) == self.whole
        return Trial(command, killed, cut, survived, f"{again.stdout}\n{again.stderr}")

    def _committed(self) -> bytes:
        return self.copy.run("git", "show", "HEAD:dvc.lock").encode()

    def _wait_for_rewrite(self, process: subprocess.Popen, *, rewrites: int) -> None:
        size = self.lock.stat().st_size
        while process.poll() is None and rewrites:
            time.sleep(0.002)
            before, size = size, self.lock.stat().st_size
            rewrites -= size < before

    def _wait_for_stages(self) -> None:
        """Wait until no process of the killed run is left: stages notice within a second."""
        deadline = time.monotonic() + 30
        while left := self.copy.processes():
            assert time.monotonic() < deadline, f"{left} outlived DVC"
            time.sleep(0.1)


def _wait(process: subprocess.Popen, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)


def _dvc(process: subprocess.Popen) -> Iterator[psutil.Process]:
    """Yield `make repro` and DVC, where they are still there."""
    try:
        started = psutil.Process(process.pid)
        below = started.children()
        yield started
        yield from (each for each in below if "dvc" in " ".join(each.cmdline()))
    except psutil.NoSuchProcess:
        return


def made(folder: Path) -> dict[str, str]:
    """Return the hash of every file that the stages of a pipeline made, and of dvc.lock."""
    return {
        str(path.relative_to(folder)): hashlib.md5(path.read_bytes()).hexdigest()
        for place in MADE
        for path in sorted([folder / place, *folder.joinpath(place).rglob("*")])
        if path.is_file()
    }
