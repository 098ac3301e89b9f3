"""Minutes per stage of the last full `dvc repro`: `python -m benchmarks.stage_times`.

DVC runs one stage after another, and each ends by moving its outputs into place: a stage took the
time since the outputs before its own. The first stage has none before it and is left out. Also
draws benchmarks/stage-times.svg, and keeps the minutes in benchmarks/stage-times.json: a later
checkout of the metrics would change their times.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

from matplotlib.figure import Figure
from ruamel.yaml import YAML

from stages.report.svg import COLOURS, panels, save_svg, style

PICTURE = Path(__file__).with_name("stage-times.svg")
KEPT = Path(__file__).with_name("stage-times.json")


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


def draw(minutes: dict[str, float]) -> Figure:
    """Draw a bar per kind of stage, a part of it for each stage."""
    figure, (axis,) = panels(1, 1, width=6.4, height=2.6)
    kinds = list(dict.fromkeys(name.split("@")[0] for name in minutes))
    starts = dict.fromkeys(kinds, 0.0)
    for name, value in minutes.items():
        kind = name.split("@")[0]
        axis.barh(kind, value, left=starts[kind], color=COLOURS[0], edgecolor="white", lw=0.8)
        starts[kind] += value
    for kind, total in starts.items():
        axis.annotate(f" {total:.1f}", (total, kind), va="center")
    axis.invert_yaxis()
    axis.grid(visible=False, axis="y")
    axis.set_xlabel("minutes of a full `dvc repro` on two cores, laptop scale")
    return figure


def main() -> None:
    """Print the table, stages of one kind together; keep each stage's minutes and a picture."""
    minutes = stage_minutes(Path("dvc.lock"))
    kinds: dict[str, list[float]] = {}
    for name, value in minutes.items():
        kinds.setdefault(name.split("@")[0], []).append(value)
    print("| stage | how many | minutes |\n|---|---:|---:|")
    for kind, values in kinds.items():
        print(f"| {kind} | {len(values)} | {sum(values):.1f} |")
    print(f"| together | {len(minutes)} | {sum(minutes.values()):.1f} |")
    with style():
        save_svg(draw(minutes), PICTURE)
    kept = {name: round(value, 3) for name, value in minutes.items()}
    KEPT.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
