"""How much memory each stage takes, and whether that grows with the number of loops.

`python -m benchmarks.peak_memory` runs the stages in one process each: on few and on many loops of
one second under four settings, and on two loops of the paper's length under all settings of D4P.
It writes the peak of each stage's own memory, and what a further loop adds to it, to
benchmarks/peak_memory.md.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from full_size.cost import run_measured

ROOT = Path(__file__).parents[1]
RESULT = Path(__file__).with_suffix(".md")
CORPUS, INPUT, EXPERIMENT = "drum-d4p", "drum-d4p-stft128", "drum-d4p-cnn-stft128"
STAGES = [
    ["stages.render", "drum"],
    ["stages.compress", CORPUS],
    ["stages.evaluate.closed_form", CORPUS],
    ["stages.spectrogram", INPUT],
    ["stages.train", EXPERIMENT],
    ["stages.embed", EXPERIMENT],
    ["stages.evaluate", EXPERIMENT],
]


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


def project(folder: Path, size: Size) -> None:
    """Copy the code, and parameters for one experiment on D4P of some size."""
    shutil.copytree(ROOT / "stages", folder / "stages")
    yaml = YAML(typ="safe", pure=True)
    content: dict[str, Any] = yaml.load((ROOT / "params.yaml").read_text())
    content["scale"] = "smoke"
    scale = content["scales"]["smoke"]
    scale |= {"clip_seconds": size.seconds, "loops": dict.fromkeys(scale["loops"], size.loops)}
    scale["settings"]["d4p"], scale["max_epochs"]["d4p"] = size.settings, 1
    content["experiments"][EXPERIMENT]["unseen_loops"] = False
    with (folder / "params.yaml").open("w") as file:
        yaml.dump(content, file)


def peaks(size: Size) -> list[float]:
    """Return the peak of each stage, in MB."""
    with tempfile.TemporaryDirectory() as name:
        project(Path(name), size)
        return [
            1000 * run_measured([sys.executable, "-m", *stage], Path(name))[1] for stage in STAGES
        ]


def main() -> None:
    """Measure, print and write the table."""
    os.environ["DRC_JOBS"] = "1"
    lines = [
        "# Memory of a process of each stage",
        "",
        "Written by `python -m benchmarks.peak_memory`. The settings are of D4P.",
        "",
        f"| MB at the peak | {FEW} | {MANY} | {LONG} | kB a further loop of 1 s |",
        "|---|---:|---:|---:|---:|",
    ]
    few, many, long = peaks(FEW), peaks(MANY), peaks(LONG)
    for stage, *found in zip(STAGES, few, many, long, strict=True):
        further = 1000 * (found[1] - found[0]) / (MANY.loops - FEW.loops)
        cells = [f"{value:.0f}" for value in [*found, further]]
        lines.append(f"| {stage[0].removeprefix('stages.')} | {' | '.join(cells)} |")
    RESULT.write_text("\n".join(lines) + "\n")
    print(RESULT.read_text())


if __name__ == "__main__":
    main()
