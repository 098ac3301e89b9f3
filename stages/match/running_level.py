"""The level that the gain computer sees, of a signal that comes block by block."""

from __future__ import annotations

import numpy as np

from stages.compress.level import FLOOR_DB, REFRESH, WINDOW, Detector, level_db


class RunningLevel:
    """`level_db` of a signal in blocks, bit-identical to that of the whole.

    Parameters
    ----------
    detector : {"peak", "rms"}
    """

    def __init__(self, detector: Detector) -> None:
        """Start from silence."""
        self._detector = detector
        self._done = 0  # samples
        self._energy = np.zeros(WINDOW + 1)  # since the start, after each of the last samples
        self._held = 0.0  # the last mean square

    def of(self, block: np.ndarray) -> np.ndarray:
        """Return the level of the next samples, shape (samples,), float64, dBFS.

        Raises
        ------
        ValueError
            If the block is empty or not finite.
        """
        level = level_db(block)
        return level if self._detector == "peak" else self._held_mean_square_db(block)

    def _held_mean_square_db(self, block: np.ndarray) -> np.ndarray:
        power = np.square(block, dtype=np.float64)
        since_start = np.cumsum(np.append(self._energy[-1], power))  # in the order of the whole
        energy = np.append(self._energy, since_start[1:])
        first = -self._done % REFRESH
        instants = np.arange(first, block.size, REFRESH)
        window = energy[instants + 1 + WINDOW] - energy[instants + 1]
        held = np.append(self._held, window / WINDOW)
        count = (np.arange(block.size) - first + REFRESH) // REFRESH  # of instants so far
        self._done += block.size
        self._energy = energy[-(WINDOW + 1) :]
        self._held = held[-1]
        return 10 * np.log10(np.maximum(held, 10 ** (FLOOR_DB / 10)))[count]
