"""The sizes that a report was made at, beside the paper's."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from stages.common.params import PARAMETERS, Grid, Params, Scale
from stages.report.published import PublishedCell


def sizes(params: Params) -> list[tuple[str, str, str]]:
    """List what was cut and by how much: name, value at this scale, value at paper scale."""
    here = _describe(params, params.size)
    paper = _describe(params, params.scales["paper"])
    return [(name, here[name], paper[name]) for name in here]


def sizes_beside(params: Params, cells: list[PublishedCell]) -> list[tuple[str, str]]:
    """List what was cut of the networks that a table compares: name, and value at this scale."""
    grids = {cell.grid for cell in cells}
    epochs = {name: count for name, count in params.size.max_epochs.items() if name in grids}
    return [("epochs at most", _by_grid(epochs)), ("width of the networks", _widths(params.size))]


def _describe(params: Params, scale: Scale) -> dict[str, str]:
    full = {name: _count(grid) for name, grid in params.grids.named.items()}
    settings = {name: min(scale.settings[name] or full[name], full[name]) for name in full}
    return {
        "loops": ", ".join(f"{scale.loops[name]} {name}" for name in params.materials)
        + "".join(f"; at most {n} under {grid}" for grid, n in scale.grid_loops.items()),
        "clip length": f"{scale.clip_seconds:g} s",
        "settings per loop": _by_grid(settings),
        "width of the networks": _widths(scale),
        "epochs at most": _by_grid(scale.max_epochs),
        "epochs without progress": f"{scale.patience}",
        "dropout": _by_grid(scale.dropout),
        "trees in a forest": f"{scale.trees}",
        "random splits (`paper`)": f"{scale.splits}",
        "folds run (`unseen_loops`)": f"{scale.folds_run} of {scale.folds}",
    }


def _widths(scale: Scale) -> str:
    """Show each model's share of the paper's filters."""
    return _by_grid(dict(scale.width))


def _by_grid(numbers: Mapping[str, float]) -> str:
    """Show a number per grid: one number where all are equal."""
    if len(set(numbers.values())) == 1:
        return f"{next(iter(numbers.values())):g}"
    return ", ".join(f"{name} {number:g}" for name, number in numbers.items())


def _count(grid: Grid) -> int:
    """Return how many settings the full grid has."""
    return prod(axis.count for name in PARAMETERS if (axis := getattr(grid, name)) is not None)


def sources(params: Params) -> dict[str, str]:
    """Say of each material whether it was composed here or recorded."""
    return {
        name: f"recordings in `{material.source.folder}`"
        if material.source.recorded
        else "composed and rendered here"
        for name, material in params.materials.items()
    }
