"""The inputs of a grid's rows, memory-mapped; rows for training and validation; batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from siamese_drc.core.errors import InputError, reading

# dry inputs, then compressed ones (loops + rows, *shape, 1); the index of each row's dry input
Batch = tuple[np.ndarray, np.ndarray]


@dataclass
class DataSet:
    """Dry and compressed inputs of rows: a row is one loop under one setting.

    InputError if a file is missing or has another shape, or the dry inputs are not finite.
    """

    dry: np.ndarray  # shape (loops, *shape), float16; it may be memory-mapped
    files: Sequence[Path]  # of each loop: an array (settings, *shape), float16, memory-mapped
    loop: np.ndarray  # shape (rows,), int
    position: np.ndarray  # of each row in its loop's array
    mean: float = 0.0  # by which the inputs are standardised
    deviation: float = 1.0

    def __post_init__(self) -> None:
        """Open the files and check them."""
        self._compressed = [memory_mapped(path) for path in self.files]
        settings = np.bincount(self.loop, minlength=len(self.files)).tolist()
        for path, inputs, count in zip(self.files, self._compressed, settings, strict=True):
            expected = (count, *self.shape)
            if inputs.shape != expected:
                raise InputError(f"{path}: has shape {inputs.shape}, must be {expected}")
        if not all(np.isfinite(of_loop).all() for of_loop in self.dry):
            folder = self.files[0].parent
            raise InputError(f"{folder}: the dry inputs hold values that are not finite")

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.loop)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one input."""
        return self.dry.shape[1:]

    def batch(self, rows: np.ndarray) -> Batch:
        """Read the standardised inputs of some rows, float32; each dry input once.

        InputError if an input is not finite: the network's rectifiers would hide it.
        """
        loops, index = np.unique(self.loop[rows], return_inverse=True)
        inputs = np.empty((len(loops) + len(rows), *self.shape), np.float32)
        inputs[: len(loops)] = self.dry[loops]
        for place, row in enumerate(rows, start=len(loops)):
            inputs[place] = self._compressed[self.loop[row]][self.position[row]]
        if not np.isfinite(np.sum(inputs)):
            names = ", ".join(str(self.files[loop]) for loop in loops)
            raise InputError(f"one of {names}: holds values that are not finite")
        inputs -= self.mean
        inputs /= self.deviation
        return inputs[..., None], index.astype(np.int32)


def memory_mapped(path: Path) -> np.ndarray:
    """Return the array of a .npy file, memory-mapped; raise InputError if there is none."""
    with reading(path):
        return np.load(path, mmap_mode="r")


def mean_and_deviation(inputs: Sequence[np.ndarray] | np.ndarray) -> tuple[float, float]:
    """Return mean and standard deviation of all values of some inputs, such as dry ones.

    Examples
    --------
    >>> mean_and_deviation(np.array([[1.0, 3.0], [5.0, 7.0]]))
    (4.0, 2.23606797749979)
    """
    mean = float(np.mean([each.mean(dtype=np.float64) for each in inputs]))
    squares = [np.square(each - np.float64(mean)).mean() for each in inputs]
    return mean, max(float(np.sqrt(np.mean(squares))), 1e-6)


@dataclass(frozen=True)
class Split:
    """Row numbers for training, and those whose loss selects the best epoch."""

    training: np.ndarray
    validation: np.ndarray


def random_split(unit: np.ndarray, *, validation_fraction: float, seed: int) -> Split:
    """Return a random split in which no unit has rows in both parts.

    `unit`, shape (rows,), is that of each row: its loop, or its own number where rows are split one
    by one. `validation_fraction` is the share of the units held out for validation.

    Examples
    --------
    >>> random_split(np.array([0, 0, 1, 1, 2, 2]), validation_fraction=0.3, seed=1).validation
    array([0, 1])
    """
    units = np.random.default_rng(seed).permutation(np.unique(unit))
    held_out = max(1, round(len(units) * validation_fraction))
    validation = np.isin(unit, units[:held_out])
    return Split(np.flatnonzero(~validation), np.flatnonzero(validation))


def shuffled_batches(
    loop: np.ndarray,
    rows: np.ndarray,
    *,
    batch_size: int,
    loops_per_batch: int,
    seed: int,
    epoch: int,
) -> Iterator[np.ndarray]:
    """Yield the batches of an epoch: `rows` in random order, few loops to a batch.

    Each loop's rows are shuffled and cut into runs of batch_size / loops_per_batch rows; the runs
    are shuffled and joined, and the batches are cut from them, the last one as small as it must be.
    The order depends on (seed, epoch) only, so that a resumed training continues with the batches
    of an uninterrupted one. `loop`, shape (all rows,), is the loop of each row.

    Examples
    --------
    >>> loop = np.repeat([0, 1], 4)
    >>> options = dict(batch_size=4, loops_per_batch=2, seed=1, epoch=0)
    >>> [loop[batch].tolist() for batch in shuffled_batches(loop, np.arange(8), **options)]
    [[1, 1, 0, 0], [0, 0, 1, 1]]
    """
    generator = np.random.default_rng([seed, epoch])
    run = batch_size // loops_per_batch
    runs = []
    for number in np.unique(loop[rows]):
        members = generator.permutation(rows[loop[rows] == number])
        runs += [members[start : start + run] for start in range(0, len(members), run)]
    order = generator.permutation(len(runs))
    dealt = np.concatenate([runs[i] for i in order])
    for start in range(0, len(dealt), batch_size):
        yield dealt[start : start + batch_size]
