"""What a command costs: minutes, memory at the peak, disk."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

POLL_SECONDS = 0.5


def run_measured(command: list[str], folder: Path) -> tuple[float, float]:
    """Run a command; return its seconds and the peak of its processes' own memory, in GB.

    Own memory (unique set size) leaves out pages of memory-mapped files, which the kernel writes
    out and drops as it likes.

    Raises
    ------
    subprocess.CalledProcessError
        If the command fails.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    started = time.monotonic()
    process = psutil.Popen(command, cwd=folder, env=os.environ | {"PATH": path})
    peak = 0
    while process.poll() is None:
        total = 0
        for member in [process, *_children(process)]:
            try:
                total += member.memory_full_info().uss
            except psutil.Error:
                continue  # it ended while we looked
        peak = max(peak, total)
        time.sleep(POLL_SECONDS)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.monotonic() - started, peak / 1e9


def gigabytes(path: Path) -> float:
    """Return the size of a file, or of all files in a folder."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum(file.stat().st_size for file in files) / 1e9


def _children(process: psutil.Popen) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []
