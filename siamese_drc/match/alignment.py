"""Alignment of a reference with a loop, and whether both are the same performance.

A compressor changes the level of a loop slowly and leaves its waveform nearly as it is. Both
signals are therefore differentiated, which makes the maximum of the correlation narrow, and
divided by their own level over some milliseconds, which removes most of the compression. Two
versions of the same performance then correlate well in nearly every short frame; two takes of the
same rhythm correlate in few frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft

FURTHEST_SECONDS = 2.0
_LEVELLED_OVER = 512  # samples; longer than a period of most tones, shorter than most releases
_FRAME = 1024  # samples over which one correlation is taken
_FLOOR = 1e-3  # of the loudest stretch: lower levels are not raised to the level of the rest
_HEARD = 1e-6  # of the loudest frame's power
_LEAST_FRAMES = 8
LEAST_LIKENESS = 0.4


@dataclass(frozen=True)
class Alignment:
    """A reference shifted so that it is aligned with a loop.

    Attributes
    ----------
    reference : ndarray, shape (samples of the loop,), float32
        Aligned with the loop to the sample, in the loop's polarity; 0 outside the reference.
    covered : slice
        The part of the loop that the reference covers.
    delay : int, samples
        Positive where the reference is late.
    inverted : bool
        Whether the polarity of the reference was opposite to the loop's.
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
    """Shift a reference by whole samples to where it correlates most with the loop.

    Parameters
    ----------
    loop, reference : ndarray, shape (samples,) each of its own length, float32
    sample_rate : int, Hz
        Of both.

    Returns
    -------
    Alignment
        Its likeness is 0 where one of them is silent, or less than eight frames overlap.

    Examples
    --------
    >>> loop = np.random.default_rng(0).normal(0, 0.1, 20000).astype(np.float32)
    >>> late = np.concatenate([np.zeros(100, np.float32), -0.5 * loop])
    >>> alignment = align(loop, late, sample_rate=44100)
    >>> alignment.delay, alignment.inverted, alignment.same_performance
    (100, True, True)
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
    """Return the derivative of a signal divided by its level around each sample."""
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
    # Long enough that no two delays within the limits coincide in the circular correlation.
    length = scipy.fft.next_fast_len(max(loop.size, reference.size) + furthest, real=True)
    spectrum = scipy.fft.rfft(reference, length) * scipy.fft.rfft(loop, length).conj()
    circular = scipy.fft.irfft(spectrum, length)
    return np.concatenate([circular[length - furthest :], circular[: furthest + 1]])


def _likeness(loop: np.ndarray, flat_loop: np.ndarray, flat_reference: np.ndarray) -> float:
    """Return the median correlation over the frames in which the loop is heard."""
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
