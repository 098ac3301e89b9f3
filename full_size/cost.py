"""What a command costs: minutes, memory at the peak, disk."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import psutil

POLL_SECONDS = 0.5


def run_measured(command: list[str], folder: Path) -> tuple[float, float]:
    """Run a command; return its seconds and the peak of its processes' own memory, in GB.

    Own memory (RssAnon in Linux's /proc) leaves out pages of memory-mapped files, which the kernel
    writes out and drops as it likes; a process's unique set size has those that it alone maps.

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
        peak = max(peak, sum(_own_bytes(member.pid) for member in [process, *_children(process)]))
        time.sleep(POLL_SECONDS)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.monotonic() - started, peak / 1e9


def gigabytes(path: Path) -> float:
    """Return the size of a file, or of all files in a folder."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum(file.stat().st_size for file in files) / 1e9


def _own_bytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:  # it ended while we looked
        return 0
    found = re.search(r"^RssAnon:\s*(\d+) kB$", status, re.MULTILINE)
    return 1024 * int(found[1]) if found else 0


def _children(process: psutil.Popen) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []
