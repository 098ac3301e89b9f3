"""Full-size D4P drum through render, compress and spectrogram: time, disk and peak memory.

`python -m benchmarks.paper_scale` works in a temporary copy of the project beside the checkout's
data (`build/paper-scale`, about 30 GB, removed at the end) and prints a table.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
COPY = ROOT / "build" / "paper-scale"
STAGES = [
    (["stages.render", "drum"], "data/loops/drum"),
    (["stages.compress", "drum-d4p"], "data/compressed/drum-d4p"),
    (["stages.spectrogram", "drum-d4p-stft128"], "data/spectrograms/drum-d4p-stft128"),
]
POLL_SECONDS = 0.5


def measure(command: list[str], folder: Path) -> tuple[float, float]:
    """Run a command; return its seconds and the peak of its processes' own memory, in GB.

    Own memory (unique set size) leaves out pages of memory-mapped files, which the kernel writes
    out and drops as it likes.
    """
    started = time.monotonic()
    process = psutil.Popen(command, cwd=folder)
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


def _children(process: psutil.Popen) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def main() -> dict[str, dict[str, float]]:
    """Print the table and return its figures by stage."""
    shutil.rmtree(COPY, ignore_errors=True)
    COPY.mkdir(parents=True)
    shutil.copytree(ROOT / "stages", COPY / "stages")
    params = (ROOT / "params.yaml").read_text()
    (COPY / "params.yaml").write_text(re.sub(r"(?m)^scale: \w+", "scale: paper", params))
    figures = {}
    print("| stage | minutes | GB on disk | GB of memory at the peak |\n|---|---:|---:|---:|")
    try:
        for arguments, output in STAGES:
            seconds, memory = measure([sys.executable, "-m", *arguments], COPY)
            disk = sum(p.stat().st_size for p in (COPY / output).rglob("*") if p.is_file()) / 1e9
            name = " ".join(arguments)
            figures[name] = {"minutes": seconds / 60, "disk_gb": disk, "memory_gb": memory}
            print(f"| {name} | {seconds / 60:.1f} | {disk:.2f} | {memory:.2f} |", flush=True)
    finally:
        shutil.rmtree(COPY)
    return figures


if __name__ == "__main__":
    main()
