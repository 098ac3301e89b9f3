"""The settings that a grid gives to a loop (Tables III and XI), all of them or a balanced few."""

from __future__ import annotations

import itertools
from math import prod

import numpy as np
from scipy.stats import qmc

from stages.common.params import PARAMETERS, Grid, Setting
from stages.compress.settings import Settings


def grid_settings(grid: Grid, defaults: Setting, loop: int) -> Settings:
    """Return every setting of a grid for one loop.

    Parameters
    ----------
    grid : Grid
        The values of the parameters that vary.
    defaults : Setting
        The values of those that do not.
    loop : int
        The loop's number: its grid is offset by (number mod 8) small steps.

    Returns
    -------
    Settings
        The product of the values in the order threshold, ratio, attack, release, the last
        parameter changing fastest.
    """
    values = (
        getattr(grid, name).values(loop) if name in grid.varied else [getattr(defaults, name)]
        for name in PARAMETERS
    )
    return Settings(*np.array(list(itertools.product(*values))).T)


def balanced_choice(counts: list[int], size: int, seed: list[int]) -> np.ndarray:
    """Choose cells of a grid without replacement, evenly along every axis.

    The cells are the first `size` different ones that a scrambled Sobol' sequence meets. Of one
    axis it takes about one value from each of `size` equal bins, and of a product it takes each
    value, and each pair of values, about equally often; a plain random choice does not.

    Parameters
    ----------
    counts : list of int
        Values along each axis.
    size : int
        How many cells to choose; all of them where the grid has no more.
    seed : list of int

    Returns
    -------
    ndarray, shape (min(size, cells),), int
        Places in the flattened grid, ascending.
    """
    if size >= prod(counts):
        return np.arange(prod(counts))
    points = qmc.Sobol(len(counts), rng=np.random.default_rng(seed))
    chosen: dict[int, None] = {}
    while len(chosen) < size:
        cells = np.floor(points.random(64) * counts).astype(int)
        chosen |= dict.fromkeys(np.ravel_multi_index(tuple(cells.T), counts).tolist())
    return np.sort(list(chosen)[:size])


def loop_settings(
    name: str, grid: Grid, defaults: Setting, loop: int, *, size: int | None, seed: int
) -> Settings:
    """Return the settings of grid `name` for one loop: all, or `size` of them in grid order.

    The choice follows from the seed, the grid's name and the loop's number alone.
    """
    settings = grid_settings(grid, defaults, loop)
    if size is None:
        return settings
    counts = [getattr(grid, parameter).count for parameter in grid.varied]
    return settings[balanced_choice(counts, size, [seed, loop, *name.encode()])]
