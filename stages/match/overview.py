"""What a picture shows of a processed file, gathered block by block in a few kilobytes."""

from __future__ import annotations

import math

import numpy as np

from stages.match.process import Processed

SPANS = 1500  # at most, more than a picture has columns


class Overview:
    """Peaks and gain reduction of a file in spans of equal length.

    Parameters
    ----------
    frames : int
        Of the whole file.
    sample_rate : int, Hz

    Attributes
    ----------
    seconds : ndarray, shape (spans,)
        Where each span begins.
    dry, wet : ndarray, shape (spans,), full scale 1.0
        The largest magnitude before and after, over all channels.
    reduction_db : ndarray, shape (spans,), dB, at least 0
        The largest gain reduction.
    """

    def __init__(self, frames: int, sample_rate: int) -> None:
        """Start with silence."""
        self._span = -(-frames // SPANS)
        spans = -(-frames // self._span)
        self._done = 0
        self.seconds = np.arange(spans) * (self._span / sample_rate)
        self.dry, self.wet, self.reduction_db = np.zeros((3, spans))

    def add(self, block: np.ndarray, processed: Processed) -> None:
        """Take in the next block of the file, shape (channels, samples), and what came of it."""
        to_next = self._span - self._done % self._span
        first = np.append(0, np.arange(to_next, block.shape[1], self._span))
        spans = (self._done + first) // self._span
        for kept, values in [
            (self.dry, np.abs(block).max(axis=0)),
            (self.wet, np.abs(processed.signal).max(axis=0)),
            (self.reduction_db, processed.reduction_db),
        ]:
            kept[spans] = np.maximum(kept[spans], np.maximum.reduceat(values, first))
        self._done += block.shape[1]

    @property
    def peak_db(self) -> float:
        """Level of the highest sample after processing, dBFS."""
        return 20 * math.log10(max(float(self.wet.max()), 1e-10))
