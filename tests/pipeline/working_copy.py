"""A copy of the project in a folder of its own, and commands in it as a user would type them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from ruamel.yaml import YAML

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class WorkingCopy:
    """A repository that shares nothing with the project, and nothing with the user's home.

    Attributes
    ----------
    folder : Path
    jobs : int or None
        How many processes a stage works in; None: as many as usual.
    """

    folder: Path
    jobs: int | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every command: this Python first, and no one's own configuration."""
        inside = self.folder / ".dvc" / "tmp"
        variables = os.environ | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DVC_NO_ANALYTICS": "1",
            "DVC_GLOBAL_CONFIG_DIR": str(inside / "global"),
            "DVC_SYSTEM_CONFIG_DIR": str(inside / "system"),
            "DVC_SITE_CACHE_DIR": str(inside / "site"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        variables.pop("DRC_STATE", None)
        if self.jobs is not None:
            variables["DRC_JOBS"] = str(self.jobs)
        return variables

    def attempt(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command that may fail."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, *command: str) -> str:
        """Run a command that must succeed; return its standard output."""
        done = self.attempt(*command)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def commit(self, message: str) -> None:
        """Commit all that git does not ignore."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)

    @contextmanager
    def edited_params(self) -> Iterator[Any]:
        """Yield the content of params.yaml for changes; write it back with its comments."""
        yaml, path = YAML(), self.folder / "params.yaml"
        yaml.width = 4096
        content = yaml.load(path)
        yield content
        yaml.dump(content, path)

    def run_queue(self, *, jobs: int, again: Sequence[str] = ()) -> None:
        """Run the experiments in DVC's queue to their end; all must succeed.

        Two workers that keep the result of the same stage at the same moment can fail in DVC, with
        one line that names its run cache. Then `again`, the command that fills the queue, is run
        once more, as the page tells the user, with one worker.
        """
        self.run("dvc", "queue", "start", "--jobs", str(jobs))
        deadline = time.monotonic() + 400
        while re.search("Queued|Running", status := self.run("dvc", "queue", "status")):
            assert time.monotonic() < deadline, status
            time.sleep(5)  # DVC's own start takes seconds of a core
        failed = re.findall(r"^(\w+) .*Failed", status, re.MULTILINE)
        logs = [self.run("dvc", "queue", "logs", name) for name in failed]
        if again and logs and all("/cache/runs/" in log for log in logs):
            self.run("dvc", "queue", "remove", "--all")
            self.run(*again)
            self.run_queue(jobs=1)
            return
        assert failed == [], logs[0]

    def processes(self) -> list[psutil.Process]:
        """Return the processes that commands here started and that are still there."""
        return [process for process in psutil.process_iter() if self._started(process)]

    def _started(self, process: psutil.Process) -> bool:
        try:
            mark = process.environ().get("DVC_SITE_CACHE_DIR")
        except psutil.Error:  # ended by now, or another user's
            return False
        return mark == self.environment["DVC_SITE_CACHE_DIR"]

    def end(self) -> None:
        """End what still runs here: a worker of DVC's queue, a stage whose `dvc` was stopped."""
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()


def copy_project(folder: Path, *, jobs: int | None = None) -> WorkingCopy:
    """Commit the project's files as they are now, committed or not, to a repository at `folder`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (PROJECT / name).is_file():  # a file that was removed is still listed
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, folder / name)
    _copy_compiled(PROJECT / "siamese_drc", folder / "siamese_drc")
    copy = WorkingCopy(folder, jobs)
    copy.run("git", "init", "--quiet", "--initial-branch", "main")
    _configure(copy)
    copy.commit("The project")
    return copy


def clone(source: WorkingCopy, folder: Path) -> WorkingCopy:
    """Clone by git alone, as a stranger gets it: without data."""
    source.run("git", "clone", "--quiet", str(source.folder), str(folder))
    copy = WorkingCopy(folder, source.jobs)
    _configure(copy)
    _copy_compiled(source.folder / "siamese_drc", folder / "siamese_drc")
    return copy


def _copy_compiled(source: Path, target: Path) -> None:
    """Copy what Numba compiled; it takes a file's kernels from there if size and time agree."""
    for kernel in source.rglob("__pycache__/*.nb[ci]"):
        copied = target / kernel.relative_to(source)
        copied.parent.mkdir(exist_ok=True)
        shutil.copy(kernel, copied)
    for path in source.rglob("*.py"):
        shutil.copystat(path, target / path.relative_to(source))


def _configure(copy: WorkingCopy) -> None:
    copy.run("git", "config", "user.name", "Test")
    copy.run("git", "config", "user.email", "test@example.org")
    copy.run("dvc", "config", "--local", "core.check_update", "false")
