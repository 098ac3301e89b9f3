"""Full-size D4P drum through render, compress and spectrogram: time, disk and peak memory.

`python -m benchmarks.paper_scale` works in a temporary copy of the project beside the checkout's
data (`build/paper-scale`, about 30 GB, removed at the end) and prints a table.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from full_size.cost import gigabytes, run_measured

ROOT = Path(__file__).parents[1]
COPY = ROOT / "build" / "paper-scale"
STAGES = [
    (["stages.render", "drum"], "data/loops/drum"),
    (["stages.compress", "drum-d4p"], "data/compressed/drum-d4p"),
    (["stages.spectrogram", "drum-d4p-stft128"], "data/spectrograms/drum-d4p-stft128"),
]


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
            seconds, memory = run_measured([sys.executable, "-m", *arguments], COPY)
            disk = gigabytes(COPY / output)
            name = " ".join(arguments)
            figures[name] = {"minutes": seconds / 60, "disk_gb": disk, "memory_gb": memory}
            print(f"| {name} | {seconds / 60:.1f} | {disk:.2f} | {memory:.2f} |", flush=True)
    finally:
        shutil.rmtree(COPY)
    return figures


if __name__ == "__main__":
    main()
