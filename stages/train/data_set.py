"""One data set of a network: memory-mapped inputs, true parameters, batches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from stages.common.errors import InputError

# dry inputs, then compressed ones (loops + rows, *shape, 1); the index of each row's dry input
Batch = tuple[np.ndarray, np.ndarray]


class DataSet:
    """Rows of one grid: what the network sees and what it is to say.

    Parameters
    ----------
    rows : DataFrame
        The grid's rows of settings.csv, in order.
    dry : ndarray, shape (loops, *shape), float16; it may be memory-mapped
    files : list of Path, one per loop
        Arrays of shape (settings, *shape), float16, which are memory-mapped.

    Raises
    ------
    InputError
        If a file is missing, holds another number of settings than `rows`, or the dry inputs are
        not finite.
    """

    def __init__(self, rows: pd.DataFrame, dry: np.ndarray, files: list[Path]) -> None:
        self.rows = rows.reset_index(drop=True)
        self.loop = self.rows["loop"].to_numpy()
        self.position = self.rows["position"].to_numpy()
        self.dry = dry
        self.shape: tuple[int, ...] = dry.shape[1:]
        self._files = files
        self._compressed = [_open(path) for path in files]
        counts = self.rows.groupby("loop").size()
        for loop, path in enumerate(files):
            found, wanted = self._compressed[loop].shape, (int(counts.get(loop, 0)), *self.shape)
            if found != wanted:
                raise InputError(f"{path}: has shape {found}, must have {wanted}")
        if not all(np.isfinite(of_loop).all() for of_loop in dry):
            raise InputError(f"{files[0].parent}: the dry inputs hold values that are not finite")

    def targets(self, names: list[str]) -> np.ndarray:
        """Return the true parameters in real units, shape (rows, len(names))."""
        return self.rows[names].to_numpy(dtype=np.float64)

    def normalisation(self, loops: np.ndarray) -> tuple[float, float]:
        """Return mean and deviation over the dry inputs of `loops`, read one after another."""
        mean = float(np.mean([self.dry[loop].mean(dtype=np.float64) for loop in loops]))
        squares = [np.square(self.dry[loop] - np.float64(mean)).mean() for loop in loops]
        return mean, max(float(np.sqrt(np.mean(squares))), 1e-6)

    def batch(self, indices: np.ndarray, mean: float, deviation: float) -> Batch:
        """Read the inputs of some rows, standardised, float32; a shared dry input once.

        Raises
        ------
        InputError
            If an input is not finite: the network's rectifiers would hide it.
        """
        loops, of_row = np.unique(self.loop[indices], return_inverse=True)
        inputs = np.empty((len(loops) + len(indices), *self.shape), np.float32)
        inputs[: len(loops)] = self.dry[loops]
        for place, i in enumerate(indices, start=len(loops)):
            inputs[place] = self._compressed[self.loop[i]][self.position[i]]
        if not np.isfinite(np.sum(inputs)):
            names = ", ".join(str(self._files[loop]) for loop in loops)
            raise InputError(f"one of {names}: holds values that are not finite")
        inputs -= mean
        inputs /= deviation
        return inputs[..., None], of_row.astype(np.int32)


def _open(path: Path) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r")
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as an array ({error})") from error


def shuffled_batches(
    loop: np.ndarray,
    indices: np.ndarray,
    *,
    batch_size: int,
    loops_per_batch: int,
    seed: int,
    epoch: int,
) -> Iterator[np.ndarray]:
    """Deal the rows of an epoch into batches whose rows share `loops_per_batch` loops.

    The order follows from (seed, epoch) alone, so that a resumed training sees what an
    uninterrupted one would. Each loop's rows are shuffled and cut into runs of
    batch_size / loops_per_batch rows, and a batch is made of `loops_per_batch` runs drawn at
    random. The rows that are left over at the end of an epoch make a last, smaller batch.

    Parameters
    ----------
    loop : ndarray, shape (all rows,), the loop of each row
    indices : ndarray, the rows to deal
    """
    generator = np.random.default_rng([seed, epoch])
    run = batch_size // loops_per_batch
    runs = []
    for number in np.unique(loop[indices]):
        members = generator.permutation(indices[loop[indices] == number])
        runs += [members[start : start + run] for start in range(0, len(members), run)]
    order = generator.permutation(len(runs))
    dealt = np.concatenate([runs[i] for i in order])
    for start in range(0, len(dealt), batch_size):
        yield dealt[start : start + batch_size]
