"""Minutes of each stage of the `dvc repro` that has just ended.

DVC runs one stage after another, and each ends by moving its outputs into place: a stage took the
time since the outputs before its own. The first stage has none before it and is left out. The
minutes are kept in benchmarks/stage-times.json, since a later checkout changes the files' times.
"""

from __future__ import annotations

import itertools
from pathlib import Path

from matplotlib.figure import Figure
from ruamel.yaml import YAML

from experiments.results import markdown_table, write_json
from siamese_drc.report.pictures import COLOURS, panels, save_svg, style

LOCK = Path("dvc.lock")
PICTURE = Path(__file__).with_name("stage-times.svg")
KEPT = Path(__file__).with_name("stage-times.json")


def table() -> str:
    """Return a table of the stages of each kind; write each stage's minutes and a picture."""
    minutes = stage_minutes(LOCK)
    write_json(KEPT, {name: round(value, 3) for name, value in minutes.items()})
    kinds: dict[str, list[float]] = {}
    for name, value in minutes.items():
        kinds.setdefault(name.split("@")[0], []).append(value)
    with style():
        save_svg(draw(kinds), PICTURE)
    rows = [[kind, str(len(values)), f"{sum(values):.1f}"] for kind, values in kinds.items()]
    rows.append(["together", str(len(minutes)), f"{sum(minutes.values()):.1f}"])
    return markdown_table(["stage", "how many", "minutes"], rows)


def stage_minutes(lock: Path) -> dict[str, float]:
    """Return the minutes of each stage that `dvc.lock` names, in the order in which they ran.

    Parameters
    ----------
    lock : Path
        The dvc.lock of a project whose outputs lie where it says.
    """
    stages = YAML(typ="safe", pure=True).load(lock.read_text(encoding="utf-8"))["stages"]
    ended = {
        name: max((lock.parent / out["path"]).stat().st_mtime for out in stage["outs"])
        for name, stage in stages.items()
    }
    order = sorted(ended, key=ended.__getitem__)
    return {name: (ended[name] - ended[before]) / 60 for before, name in itertools.pairwise(order)}


def draw(kinds: dict[str, list[float]]) -> Figure:
    """Return a picture: a bar for each kind of stage, a part of it for each stage."""
    figure, (axis,) = panels(1, 1, width=6.4, height=2.6)
    for kind, values in kinds.items():
        starts = itertools.accumulate(values, initial=0.0)
        for start, value in zip(starts, values, strict=False):
            axis.barh(kind, value, left=start, color=COLOURS[0], edgecolor="white", lw=0.8)
        axis.annotate(f" {sum(values):.1f}", (sum(values), kind), va="center")
    axis.invert_yaxis()
    axis.grid(visible=False, axis="y")
    axis.set_xlabel("minutes of a full `dvc repro`")
    return figure
