"""The settings that a grid gives to a loop (Tables III and XI): all of them, or a balanced few."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from siamese_drc.compressor.settings import PARAMETERS, Settings, check_setting

OFFSETS = 8  # different offsets: loops whose numbers differ by 8 have the same grid


@dataclass(frozen=True)
class Axis:
    """Values of one parameter: start + i * step + (loop mod 8) * offset_per_loop, i < count.

    Examples
    --------
    >>> Axis(-10.0, -8.0, count=3, offset_per_loop=-1.0).values(loop=1)
    [-11.0, -19.0, -27.0]
    """

    start: float
    step: float
    count: int
    offset_per_loop: float = 0.0

    def values(self, loop: int) -> list[float]:
        """Return the `count` values for loop number `loop`, rounded to 9 decimals."""
        offset = (loop % OFFSETS) * self.offset_per_loop
        return [round(self.start + i * self.step + offset, 9) for i in range(self.count)]


@dataclass(frozen=True)
class Grid:
    """A grid of settings: each parameter has an axis of values, or one value for all settings.

    Parameters
    ----------
    threshold_db, ratio, attack_ms, release_ms : Axis or float

    Raises
    ------
    ValueError
        If no parameter varies, or a value is outside its parameter's range for any loop.
    """

    threshold_db: Axis | float
    ratio: Axis | float
    attack_ms: Axis | float
    release_ms: Axis | float

    def __post_init__(self) -> None:
        """Check every value."""
        if not self.varied:
            raise ValueError("an empty grid: name at least one parameter")
        for name in PARAMETERS:
            for loop in range(OFFSETS):
                for value in self.values(name, loop):
                    check_setting(name, value)

    @property
    def varied(self) -> list[str]:
        """Names of the parameters that the grid varies, in the order of `PARAMETERS`."""
        return [name for name in PARAMETERS if isinstance(getattr(self, name), Axis)]

    def bounds(self, name: str) -> tuple[float, float]:
        """Return the lowest and the highest value of one parameter over all loops."""
        values = [value for loop in range(OFFSETS) for value in self.values(name, loop)]
        return min(values), max(values)

    @property
    def counts(self) -> list[int]:
        """Number of values of each parameter that the grid varies."""
        return [getattr(self, name).count for name in self.varied]

    def values(self, name: str, loop: int) -> list[float]:
        """Return the values of one parameter for loop number `loop`."""
        axis = getattr(self, name)
        return axis.values(loop) if isinstance(axis, Axis) else [float(axis)]


def grid_settings(grid: Grid, loop: int) -> Settings:
    """Return every setting of a grid for loop number `loop`.

    This is the product of the values in the order threshold, ratio, attack, release, the last
    parameter changing fastest.

    Examples
    --------
    >>> grid = Grid(Axis(-10.0, -8.0, 2), Axis(2.0, 2.0, 3), attack_ms=5.0, release_ms=200.0)
    >>> settings = grid_settings(grid, loop=0)
    >>> settings.threshold_db
    array([-10., -10., -10., -18., -18., -18.])
    >>> settings.ratio
    array([2., 4., 6., 2., 4., 6.])
    """
    values = (grid.values(name, loop) for name in PARAMETERS)
    return Settings(*np.array(list(itertools.product(*values))).T)


def balanced_choice(counts: Sequence[int], size: int, seed: Sequence[int]) -> np.ndarray:
    """Choose cells of a grid of `counts` values without replacement, evenly along every axis.

    The cells are the first `size` different ones in a scrambled Sobol' sequence. Along one axis
    about one value is taken from each of `size` equal bins, and in a product each value, and each
    pair of values, is taken about equally often, unlike in a plain random choice. Returned are
    indices into the flattened grid, ascending: all of them where it has no more than `size` cells.
    """
    from scipy.stats import qmc  # slow to import, and needed here alone

    if size >= prod(counts):
        return np.arange(prod(counts))
    points = qmc.Sobol(len(counts), rng=np.random.default_rng(seed))
    chosen: dict[int, None] = {}
    while len(chosen) < size:
        cells = np.floor(points.random(64) * counts).astype(int)
        chosen |= dict.fromkeys(np.ravel_multi_index(tuple(cells.T), counts).tolist())
    return np.sort(list(chosen)[:size])


def loop_settings(name: str, grid: Grid, loop: int, *, size: int | None, seed: int) -> Settings:
    """Return the settings of grid `name` for one loop: all, or `size` of them in grid order.

    The choice follows from the seed, the grid's name and the loop's number alone.
    """
    settings = grid_settings(grid, loop)
    if size is None:
        return settings
    return settings[balanced_choice(grid.counts, size, [seed, loop, *name.encode()])]


def drawn_settings(name: str, grid: Grid, loop: int, *, size: int, seed: int) -> Settings:
    """Return `size` settings of one loop that lie anywhere within the bounds of grid `name`.

    Each varied parameter is spread evenly over its range (scrambled Sobol' points), the others
    keep the grid's value. For training corpora: a loop need not have a place on the grid.

    Examples
    --------
    >>> grid = Grid(Axis(-10.0, -8.0, 2), 2.0, attack_ms=Axis(1.0, 9.0, 2), release_ms=200.0)
    >>> settings = drawn_settings("dm", grid, 0, size=4, seed=1)
    >>> (np.sort(settings.attack_ms) - 1) // 2.25  # one in each quarter of 1 to 10 ms
    array([0., 1., 2., 3.])
    """
    from scipy.stats import qmc  # slow to import, and needed here alone

    varied = grid.varied
    points = qmc.Sobol(len(varied), rng=np.random.default_rng([seed, loop, *name.encode()]))
    low, high = np.array([grid.bounds(each) for each in varied]).T
    values = np.round(low + points.random(size) * (high - low), 9)
    columns = dict(zip(varied, values.T, strict=True))
    fixed = {each: np.full(size, grid.values(each, loop)[0]) for each in PARAMETERS}
    return Settings(**(fixed | columns))
