"""How much memory each stage takes, and whether that grows with the number of loops.

The stages run in one process each: on few and on many loops of one second under four settings of
D4P, and on two loops of the paper's length under all settings. Measured is the peak of each stage's
own memory, and what a further loop adds to it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from ruamel.yaml import YAML

from experiments.results import markdown_table

ROOT = Path(__file__).parents[1]
POLL_SECONDS = 0.5
CORPUS, INPUT, EXPERIMENT = "drum-d4p", "drum-d4p-stft128", "drum-d4p-cnn-stft128"
STAGES = {
    "render": "drum",
    "compress": CORPUS,
    "closed_form": CORPUS,
    "inputs": INPUT,
    "train": EXPERIMENT,
    "embed": EXPERIMENT,
    "evaluate": EXPERIMENT,
}


@dataclass(frozen=True)
class Size:
    """How much is made: loops, their seconds, and the settings of each."""

    loops: int
    seconds: float
    settings: int

    def __str__(self) -> str:
        """Name a column of the table."""
        return f"{self.loops} loops of {self.seconds:g} s, {self.settings} settings"


FEW, MANY = Size(50, 1.0, 4), Size(250, 1.0, 4)
LONG = Size(2, 4.0, 625)


def table() -> str:
    """Return the table, a row per stage."""
    os.environ["DRC_JOBS"] = "1"
    few, many, long = peaks(FEW), peaks(MANY), peaks(LONG)
    rows = []
    for stage, *found in zip(STAGES, few, many, long, strict=True):
        further = 1000 * (found[1] - found[0]) / (MANY.loops - FEW.loops)
        rows.append([stage, *(f"{value:.0f}" for value in [*found, further])])
    sizes = [str(size) for size in (FEW, MANY, LONG)]
    return markdown_table(["MB at the peak", *sizes, "kB a further loop of 1 s"], rows)


def peaks(size: Size) -> list[float]:
    """Return the peak of each stage, in MB."""
    with tempfile.TemporaryDirectory() as name:
        project(Path(name), size)
        return [
            own_peak_mb([sys.executable, "-m", f"stages.{stage}", key], Path(name))
            for stage, key in STAGES.items()
        ]


def own_peak_mb(command: list[str], folder: Path) -> float:
    """Run a command; return the peak of its processes' own memory, in MB.

    Own memory does not count pages of memory-mapped files, which the kernel drops when it needs the
    memory.
    """
    process, peak = psutil.Popen(command, cwd=folder), 0
    while process.poll() is None:
        peak = max(peak, _own_bytes(process))
        with suppress(psutil.TimeoutExpired):
            process.wait(POLL_SECONDS)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return peak / 1e6


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


def project(folder: Path, size: Size) -> None:
    """Copy the code, and parameters for one experiment on D4P of some size."""
    for code in ("siamese_drc", "stages"):
        shutil.copytree(ROOT / code, folder / code)
    shutil.copy(ROOT / "requirements.txt", folder)
    yaml = YAML(typ="safe", pure=True)
    content: dict[str, Any] = yaml.load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    content["scale"] = "smoke"
    scale = content["scales"]["smoke"]
    scale |= {"clip_seconds": size.seconds, "loops": dict.fromkeys(scale["loops"], size.loops)}
    scale["settings"]["d4p"], scale["max_epochs"]["cnn"] = size.settings, 1
    with (folder / "params.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(content, file)
