"""Search for a recording in another one: places where both may be the same performance.

The sample n of the first lies at `offset + pace * n` in the second. Two searches use that a
compressor changes the level slowly and leaves the waveform nearly as it is. The waveforms,
differentiated and divided by their own level over some milliseconds, are correlated as a whole,
which finds any place at equal speed. At another speed only short stretches of the waveforms
correlate: places are proposed by how the shape of the spectrum (its level does not count) changes
with time, and decided by the correlations of short windows of the waveforms along lines of every
pace.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.fft

MOST_DRIFT = 0.0055
"""Largest difference of the paces from 1: half a percent, and some margin."""

_SEARCH_HZ = 11025  # sample rate of the searches
_LEVELLED_S = 0.012  # longer than a period of most tones, shorter than most releases
_FLOOR = 1e-3  # of the loudest stretch: lower levels are not raised to the level of the rest
_HEARD = 1e-6  # of the loudest frame's power
_LEAST_OVERLAP = 0.5  # of the shorter signal
_ENOUGH_S = 10.0  # of overlap, whatever the length
_PLACES = 3  # at equal speed
_APART_S = 0.02

# At another speed
_HOP_S = 0.01
_SPECTRUM_S = 0.04
_BANDS = 24
_LOWEST_HZ = 80.0
_FLOOR_DB = -60.0  # of a band, below the loudest frame
_MOST_DB = 10.0  # of a change that counts
_SLOW_S = 0.3  # changes slower than this are not used
_ANCHOR_S = 4.0
_ANCHORS = 8
_PLACES_OF_ANCHOR = 4
_WINDOW_S = 0.046
_AROUND_S = 0.03  # error of a proposed place
_PACES = 1 + np.linspace(-MOST_DRIFT, MOST_DRIFT, 111)
_LEAST_SCORE = 0.12


class Line(NamedTuple):
    """Where the samples of a loop lie in a reference: at `offset + pace * n`, in samples."""

    offset: float
    pace: float = 1.0

    @property
    def exact(self) -> bool:
        """Whether samples lie at samples."""
        return self.pace == 1 and self.offset == round(self.offset)


def at_equal_speed(x: np.ndarray, y: np.ndarray, rate: int) -> list[tuple[Line, int | None]]:
    """Return the places where the levelled waveforms correlate most."""
    slow = min(rate, _SEARCH_HZ)
    a, b = (levelled(_resampled(part, rate, slow), slow) for part in (x, y))
    length = scipy.fft.next_fast_len(a.size + b.size, real=True)
    spectrum = scipy.fft.rfft(b, length) * scipy.fft.rfft(a, length).conj()
    correlation = np.abs(scipy.fft.irfft(spectrum, length))
    least = least_overlap(a.size, b.size, slow)
    # Delays of the reference from least - a.size to b.size - least; negative ones stand at the end.
    correlation[max(b.size - least + 1, 0) : length - max(a.size - least, 0)] = 0
    places = _highest(correlation, _PLACES, round(_APART_S * slow))
    delays = np.where(places >= b.size, places - length, places)
    return [(Line(float(round(delay * rate / slow))), None) for delay in delays]


def at_any_speed(x: np.ndarray, y: np.ndarray, rate: int) -> list[tuple[Line, int | None]]:
    """Return the line, and the middle of the anchor, on which short windows correlate most."""
    slow = min(rate, _SEARCH_HZ)
    swapped = x.size > y.size
    short, long = (_resampled(part, rate, slow) for part in ((y, x) if swapped else (x, y)))
    a, b = levelled(short, slow), levelled(long, slow)
    hop = round(_HOP_S * slow)
    shapes, others = _spectral_shapes(short, slow), _spectral_shapes(long, slow)
    size = min(round(_ANCHOR_S / _HOP_S), len(shapes))
    best = (_LEAST_SCORE, Line(0.0), 0)
    for first in _anchors(shapes, size):
        for place in _places_of(shapes[first : first + size], others):
            start, stop = first * hop, min((first + size) * hop, a.size)
            score, line = _best_line(a, b, start, stop, place * hop, slow)
            if score > best[0]:
                best = (score, line, (start + stop) // 2)
    score, line, middle = best
    if score <= _LEAST_SCORE:
        return []
    if swapped:
        middle = round(line.offset + line.pace * middle)
        line = Line(-line.offset / line.pace, 1 / line.pace)
    return [(Line(line.offset * rate / slow, line.pace), round(middle * rate / slow))]


def _anchors(shapes: np.ndarray, size: int) -> list[int]:
    """Return the first frames of stretches in which the spectrum changes most, spread evenly."""
    changes = np.concatenate([[0.0], np.cumsum(np.square(shapes).sum(axis=1))])
    sums = changes[size:] - changes[:-size]
    parts = np.array_split(np.arange(sums.size), min(_ANCHORS, sums.size))
    return [int(part[np.argmax(sums[part])]) for part in parts]


def _places_of(anchor: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """Return the frames at which an anchor may start in another recording, likeliest first."""
    length = scipy.fft.next_fast_len(len(shapes) + len(anchor), real=True)
    spectrum = scipy.fft.rfft(shapes, length, axis=0)
    spectrum *= scipy.fft.rfft(anchor, length, axis=0).conj()
    correlation = scipy.fft.irfft(spectrum.sum(axis=1), length)
    places = _highest(correlation, _PLACES_OF_ANCHOR, 3)
    return np.where(places >= len(shapes), places - length, places)


def _best_line(
    a: np.ndarray, b: np.ndarray, start: int, stop: int, place: int, rate: int
) -> tuple[float, Line]:
    """Return the mean correlation along the best line from an anchor of a near a place in b."""
    width, around = round(_WINDOW_S * rate), round(_AROUND_S * rate)
    reach = around + int(np.ceil(MOST_DRIFT * (stop - start) / 2)) + 1
    starts = np.arange(start, max(stop - width, start) + 1, width)
    correlations = window_correlations(a, b, starts, starts - start + place, width, reach)
    middle = (start + stop - width) / 2
    shifts = np.rint((_PACES - 1)[:, np.newaxis] * (starts - middle)).astype(int)
    lags = np.arange(-around, around + 1) + reach
    rows = np.arange(starts.size)[:, np.newaxis]
    scores = np.stack([correlations[rows, lags + shift[:, np.newaxis]].mean(axis=0)
                       for shift in shifts])  # fmt: skip
    found = int(np.argmax(np.abs(scores)))
    number, lag = divmod(found, lags.size)
    pace = _PACES[number]
    offset = place + (lag - around) + (middle - start) - pace * middle
    return float(np.abs(scores[number, lag])), Line(float(offset), float(pace))


def _spectral_shapes(signal: np.ndarray, rate: int) -> np.ndarray:
    """Return how the shape of the spectrum changes, shape (frames, bands), float32.

    The levels of the bands in dB, less the mean of the bands, which a compressor changes, and less
    their mean over some tenths of a second, which a tone control changes.
    """
    from scipy.ndimage import uniform_filter1d

    hop, size = round(_HOP_S * rate), round(_SPECTRUM_S * rate)
    padded = np.pad(signal, (size // 2, size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[: signal.size : hop]
    hertz = scipy.fft.rfftfreq(size, 1 / rate)
    edges = np.searchsorted(hertz, np.geomspace(_LOWEST_HZ, 0.45 * rate, _BANDS + 1))
    edges = np.unique(edges)
    window = np.hanning(size).astype(np.float32)
    powers = np.empty((len(frames), edges.size - 1), np.float32)
    for first in range(0, len(frames), 4096):
        spectra = np.abs(scipy.fft.rfft(frames[first : first + 4096] * window)) ** 2
        powers[first : first + 4096] = np.add.reduceat(spectra[:, : edges[-1]], edges[:-1], axis=1)
    power = powers.sum(axis=1)
    level = 10 * np.log10(powers + 10 ** (_FLOOR_DB / 10) * power.max() + 1e-20)
    level -= level.mean(axis=1, keepdims=True)
    level -= uniform_filter1d(level, round(_SLOW_S / _HOP_S), axis=0, mode="nearest")
    level[power < _HEARD * power.max()] = 0
    return np.clip(level, -_MOST_DB, _MOST_DB)


def _highest(values: np.ndarray, count: int, apart: int) -> np.ndarray:
    """Return the places of the highest values that are not close to each other."""
    values = values.copy()
    places = []
    for _ in range(count):
        place = int(np.argmax(values))
        if not values[place] > 0:
            break
        places.append(place)
        values[max(place - apart, 0) : place + apart + 1] = 0
    return np.array(places, int)


def window_correlations(
    a: np.ndarray,
    b: np.ndarray,
    at_a: np.ndarray,
    at_b: np.ndarray,
    width: int,
    reach: int,
    finer: int = 1,
) -> np.ndarray:
    """Return normalised correlations of windows at lags -reach to reach, shape (windows, lags).

    The lags are `finer` to a sample.
    """
    ours = np.stack([cut(a, n, n + width) for n in at_a])
    theirs = np.stack([cut(b, n - reach, n + width + reach) for n in at_b])
    length = scipy.fft.next_fast_len(width + 2 * reach, real=True)
    spectrum = scipy.fft.rfft(theirs, length) * scipy.fft.rfft(ours, length).conj()
    products = finer * scipy.fft.irfft(spectrum, finer * length)[:, : finer * 2 * reach + 1]
    energy = np.cumsum(np.square(theirs, dtype=np.float64), axis=1)
    energy = np.pad(energy, ((0, 0), (1, 0)))
    of_theirs = energy[:, width:] - energy[:, :-width]
    of_ours = np.square(ours, dtype=np.float64).sum(axis=1, keepdims=True)
    mean = of_theirs.mean(axis=1, keepdims=True)  # a nearly silent lag is not raised to the others
    norm = np.sqrt(of_ours * np.maximum(of_theirs, 0.1 * mean))
    norm = np.repeat(norm, finer, axis=1)[:, : products.shape[1]]
    return products / np.maximum(norm, 1e-12)


def levelled(signal: np.ndarray, rate: int) -> np.ndarray:
    """Return the derivative of a signal divided by its level around each sample."""
    from scipy.ndimage import uniform_filter1d

    slopes = np.diff(signal, prepend=signal[:1])
    power = uniform_filter1d(np.square(slopes), round(_LEVELLED_S * rate), mode="constant")
    # uniform_filter1d sums in running differences, which may leave a little less than 0.
    level = np.sqrt(np.maximum(power, 0) + _FLOOR**2 * power.max() + np.finfo(np.float32).tiny)
    return (slopes / level).astype(np.float32)


def least_overlap(one: int, other: int, rate: int) -> int:
    """Return how many samples two recordings of these lengths must have in common."""
    return max(round(min(_LEAST_OVERLAP * min(one, other), _ENOUGH_S * rate)), 1)


def cut(signal: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Return the samples start to stop of a signal, 0 outside it."""
    inside = signal[..., max(start, 0) : max(stop, 0)]
    before = min(max(-start, 0), stop - start)
    after = stop - start - before - inside.shape[-1]
    if not before and not after:
        return inside
    return np.pad(inside, [(0, 0)] * (signal.ndim - 1) + [(before, after)])


def _resampled(signal: np.ndarray, rate: int, target: int) -> np.ndarray:
    import soxr

    return signal if rate == target else soxr.resample(signal, rate, target, quality="LQ")
