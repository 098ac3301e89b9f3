"""A real Dask scheduler with workers on this machine, each a process group of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

STARTUP_SECONDS = 60


class DaskCluster:
    """A scheduler on a free port, and workers that one adds and kills.

    Parameters
    ----------
    folder : Path
        Where every process starts and leaves what it says. It is not the project's folder.

    Attributes
    ----------
    address : str
        Of the scheduler.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen] = []
        written = folder / "scheduler.json"
        self._start("scheduler", "--host=127.0.0.1", "--port=0", f"--scheduler-file={written}")
        _wait_until(written.exists)
        self.address: str = json.loads(written.read_text())["address"]

    def add_workers(self, count: int, *, threads: int = 1) -> list[subprocess.Popen]:
        """Start workers and wait until they have joined."""
        arguments = (self.address, f"--nthreads={threads}")
        workers = [self._start("worker", *arguments) for _ in range(count)]
        _wait_until(lambda: all("Registered to" in self._said(worker) for worker in workers))
        return workers

    def kill(self, process: subprocess.Popen) -> None:
        """Kill a worker as a power cut would: nothing starts it again."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def end(self) -> None:
        """Kill every process."""
        for process in self._processes:
            self.kill(process)

    def _start(self, command: str, *arguments: str) -> subprocess.Popen:
        with self._log(len(self._processes)).open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", command, "--no-dashboard", *arguments],
                cwd=self._folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def _log(self, number: int) -> Path:
        return self._folder / f"{number}.log"

    def _said(self, process: subprocess.Popen) -> str:
        return self._log(self._processes.index(process)).read_text()


@contextmanager
def dask_cluster(folder: Path) -> Iterator[DaskCluster]:
    """Yield a scheduler without workers; end it and all that joined it."""
    cluster = DaskCluster(folder)
    try:
        yield cluster
    finally:
        cluster.end()


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "Dask did not start"
        time.sleep(0.05)
