"""Where a loop lies in a reference, and whether it lies there at all.

A compressor changes a loop's level slowly and its waveform hardly at all. So both signals are
differentiated, which makes the correlation's maximum narrow, and levelled: divided by their own
level over some milliseconds, which undoes most of any compression. What is left of the same
performance correlates well in nearly every short frame; another take of the same rhythm correlates
in none but a few.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft

FURTHEST_SECONDS = 2.0
_LEVELLED_OVER = 512  # samples; longer than a period of most tones, shorter than most releases
_FRAME = 1024  # samples of a frame whose correlation is looked at
_FLOOR = 1e-3  # of the loudest stretch: what is quieter is not raised to the level of the rest
_HEARD = 1e-6  # of the loudest frame's power
_LEAST_FRAMES = 8
LEAST_LIKENESS = 0.4


@dataclass(frozen=True)
class Alignment:
    """A reference moved to where the loop lies in it.

    Attributes
    ----------
    reference : ndarray, shape (samples of the loop,), float32
        Sample for sample beside the loop, with the loop's polarity; 0 where the reference is over.
    covered : slice
        The part of the loop that the reference covers.
    delay : int, samples
        Above 0 where the reference is late.
    inverted : bool
        Whether the reference's polarity had to be turned round.
    likeness : float
        Median over the frames of the loop of their correlation with the reference, at most 1.
    """

    reference: np.ndarray
    covered: slice
    delay: int
    inverted: bool
    likeness: float

    @property
    def same_performance(self) -> bool:
        """Whether the reference is the loop itself, however much compressed or coded."""
        return self.likeness >= LEAST_LIKENESS


def align(loop: np.ndarray, reference: np.ndarray, *, sample_rate: int) -> Alignment:
    """Find the shift of whole samples at which the reference is most like the loop.

    Parameters
    ----------
    loop, reference : ndarray, shape (samples,) each of its own length, float32
    sample_rate : int, Hz
        Of both.

    Returns
    -------
    Alignment
        Its likeness is 0 where one of them is silent or hardly any of the loop is covered.
    """
    furthest = round(FURTHEST_SECONDS * sample_rate)
    flat_loop, flat_reference = _levelled(loop), _levelled(reference)
    correlation = _correlation(flat_loop, flat_reference, furthest)
    best = int(np.argmax(np.abs(correlation)))
    delay, inverted = best - furthest, bool(correlation[best] < 0)
    covered = slice(max(-delay, 0), max(min(loop.size, reference.size - delay), 0))
    there = slice(covered.start + delay, covered.stop + delay)
    moved = np.zeros(loop.size, np.float32)
    if covered.stop <= covered.start:
        return Alignment(moved, slice(0, 0), delay, inverted, 0.0)
    moved[covered] = -reference[there] if inverted else reference[there]
    likeness = _likeness(loop[covered], flat_loop[covered], flat_reference[there])
    return Alignment(moved, covered, delay, inverted, -likeness if inverted else likeness)


def _levelled(signal: np.ndarray) -> np.ndarray:
    """Differentiate a signal and divide it by its level about each sample."""
    slopes = np.diff(signal, prepend=signal[:1])
    energy = np.concatenate([[0.0], np.cumsum(np.square(slopes, dtype=np.float64))])
    middle = np.arange(signal.size)
    last = np.minimum(middle + _LEVELLED_OVER // 2, signal.size)
    first = np.maximum(middle - _LEVELLED_OVER // 2, 0)
    power = (energy[last] - energy[first]) / _LEVELLED_OVER
    level = np.sqrt(power + _FLOOR**2 * power.max() + np.finfo(np.float32).tiny)
    return (slopes / level).astype(np.float32)


def _correlation(loop: np.ndarray, reference: np.ndarray, furthest: int) -> np.ndarray:
    """Return the correlation at delays of the reference from -furthest to furthest."""
    # As long as both, and no delay of interest wraps around onto another.
    length = scipy.fft.next_fast_len(max(loop.size, reference.size) + furthest, real=True)
    spectrum = scipy.fft.rfft(reference, length) * scipy.fft.rfft(loop, length).conj()
    circular = scipy.fft.irfft(spectrum, length)
    return np.concatenate([circular[length - furthest :], circular[: furthest + 1]])


def _likeness(loop: np.ndarray, flat_loop: np.ndarray, flat_reference: np.ndarray) -> float:
    frames = loop.size // _FRAME
    if frames < _LEAST_FRAMES:
        return 0.0
    a, b, x = (
        part[: frames * _FRAME].reshape(frames, _FRAME).astype(np.float64)
        for part in (flat_loop, flat_reference, loop)
    )
    power = np.square(x).mean(axis=1)
    heard = power > _HEARD * power.max()
    if not heard.any():
        return 0.0
    norm = np.sqrt(np.square(a).sum(axis=1) * np.square(b).sum(axis=1))
    correlation = (a * b).sum(axis=1) / np.maximum(norm, np.finfo(np.float64).tiny)
    return float(np.median(correlation[heard]))
