"""The compressor as a user's file needs it: block after block, one gain for all channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from stages.compress.kernels import LANES, apply_gain, smooth_branching
from stages.compress.level import Detector
from stages.match.running_level import RunningLevel

_SEGMENT = 4096  # samples smoothed at a time: few enough to be in the cache when they are used
_OCTAVES_PER_DB = np.log2(10) / 20
_LANE = np.zeros(1, np.int64)  # one setting fills all lanes alike: any is right


class Processed(NamedTuple):
    """A block after the compressor."""

    signal: np.ndarray
    """Shape (channels, samples), float32, make-up gain included; may exceed full scale."""
    reduction_db: np.ndarray
    """Gain reduction, shape (samples,), float32, dB, at least 0, make-up gain not counted."""


class LinkedCompressor:
    """The project's compressor under one setting; its state goes on from block to block.

    The detector hears the mean of the channels, which is also what settings are found on, and all
    channels get the gain that follows from it, so that nothing moves in the stereo picture. However
    a signal is cut into blocks, the result is bit-identical, and for one channel it is that of
    `stages.compress.compressor.compress`.

    Parameters
    ----------
    settings : mapping of str to float
        `threshold_db` (dBFS), `ratio`, `attack_ms`, `release_ms` and `makeup_db`.
    sample_rate : int, Hz
    detector : {"peak", "rms"}
    """

    def __init__(
        self, settings: Mapping[str, float], *, sample_rate: int, detector: Detector = "peak"
    ) -> None:
        """Start from silence."""
        self._level = RunningLevel(detector)
        self._threshold = np.full(LANES, settings["threshold_db"])
        self._attack = _step(settings["attack_ms"], sample_rate)
        self._release = _step(settings["release_ms"], sample_rate)
        self._slope = 1 - 1 / settings["ratio"]
        self._louder = np.float32(10 ** (settings["makeup_db"] / 20))
        self._state = np.zeros((2, LANES))
        self._smoothed = np.empty((LANES, _SEGMENT), np.float32)

    def process(self, block: np.ndarray) -> Processed:
        """Compress the next block.

        Parameters
        ----------
        block : ndarray, shape (channels, samples), float32, full scale 1.0

        Raises
        ------
        ValueError
            If the block is empty or not finite.
        """
        level = self._level.of(mono(block))
        octaves = np.full(1, -_OCTAVES_PER_DB * self._slope, np.float32)
        louder = block * self._louder
        compressed = np.empty_like(louder)
        reduction = np.empty(level.size, np.float32)
        for start in range(0, level.size, _SEGMENT):
            span = slice(start, min(start + _SEGMENT, level.size))
            smooth_branching(
                *(level[span], self._threshold, self._attack, self._release),
                *(0.0, 0.0, self._state, self._smoothed),
            )
            reduction[span] = np.float32(self._slope) * self._smoothed[0, : level[span].size]
            for channel, target in zip(louder, compressed, strict=True):
                apply_gain(
                    *(channel[span], self._smoothed, _LANE, octaves, _LANE, start),
                    target[np.newaxis],
                )
        return Processed(compressed, reduction)


def process(
    loop: np.ndarray,
    settings: Mapping[str, float],
    *,
    sample_rate: int,
    detector: Detector = "peak",
) -> np.ndarray:
    """Compress a whole loop under settings that `match` found.

    Parameters
    ----------
    loop : ndarray, shape (samples,) or (channels, samples), float32, full scale 1.0
    settings : mapping of str to float
        The values of `Answer.settings`: `Answer.values()`.
    sample_rate : int, Hz
    detector : {"peak", "rms"}
        `Answer.detector`.

    Returns
    -------
    ndarray of the loop's shape, float32
        Not limited: a make-up gain may lift it above full scale.

    Raises
    ------
    ValueError
        If the loop is empty or not finite.
    """
    loop = np.asarray(loop, np.float32)
    compressor = LinkedCompressor(settings, sample_rate=sample_rate, detector=detector)
    return compressor.process(np.atleast_2d(loop)).signal.reshape(loop.shape)


def mono(signal: np.ndarray) -> np.ndarray:
    """Return the mean of the channels, shape (samples,), of a signal (channels, samples)."""
    return signal[0] if len(signal) == 1 else signal.mean(axis=0, dtype=np.float32)


def _step(time_ms: float, sample_rate: int) -> np.ndarray:
    """Return 1 - a of eq. 7 for every lane, where a = exp(-1 / (tau fs)), without cancellation."""
    return np.full(LANES, -np.expm1(-1000 / (time_ms * sample_rate)))
