"""Minutes per stage of the last full `dvc repro`: `python -m benchmarks.stage_times`.

DVC runs one stage after another, and each ends by moving its outputs into place: a stage took the
time since the outputs before its own. The first stage has none before it and is left out.
"""

from __future__ import annotations

import itertools
from pathlib import Path

from ruamel.yaml import YAML


def stage_minutes(lock: Path) -> dict[str, float]:
    """Return the minutes of each stage that `dvc.lock` names, in the order in which they ran.

    Parameters
    ----------
    lock : Path
        The dvc.lock of a project whose outputs lie where it says.
    """
    stages = YAML(typ="safe", pure=True).load(lock.read_text())["stages"]
    ended = {
        name: max((lock.parent / out["path"]).stat().st_mtime for out in stage["outs"])
        for name, stage in stages.items()
    }
    order = sorted(ended, key=ended.__getitem__)
    return {name: (ended[name] - ended[before]) / 60 for before, name in itertools.pairwise(order)}


def main() -> dict[str, float]:
    """Print the table, stages of one kind together, and return the minutes by stage."""
    minutes = stage_minutes(Path("dvc.lock"))
    kinds: dict[str, list[float]] = {}
    for name, value in minutes.items():
        kinds.setdefault(name.split("@")[0], []).append(value)
    print("| stage | how many | minutes |\n|---|---:|---:|")
    for kind, values in kinds.items():
        print(f"| {kind} | {len(values)} | {sum(values):.1f} |")
    print(f"| together | {len(minutes)} | {sum(minutes.values()):.1f} |")
    return minutes


if __name__ == "__main__":
    main()
