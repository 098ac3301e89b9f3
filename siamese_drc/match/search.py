"""Search for the places at which a loop and a reference, or excerpts of them, may be the same.

Waveforms, differentiated and divided by their own level, are correlated as a whole, which finds any
place at equal speed; or in short windows along lines of every pace, from places proposed by how the
shape of the spectrum changes. What is found is right to some milliseconds: `alignment` decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import scipy.fft

from siamese_drc.match.sound import resampled

HEARD = 1e-6  # of the loudest frame's power
MOST_DRIFT = 0.0055  # largest difference of the paces from 1: half a percent, and some margin
_LEAST_OVERLAP = 0.5  # of the shorter signal
_ENOUGH_S = 10.0  # of overlap, whatever the length
_LEVELLED_S = 0.012  # longer than a period of most tones, shorter than most releases
_FLOOR = 1e-3  # of the loudest stretch: lower levels are not raised to the level of the rest

# At equal speed
_SEARCH_HZ = 11025  # sample rate of the searches
_PLACES = 3
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


def proposed(x: np.ndarray, y: np.ndarray, rate: int) -> Iterator[tuple[Line, int | None]]:
    """Yield lines that are right to some milliseconds, and around which sample of x each is."""
    slow = min(rate, _SEARCH_HZ)
    x, y = (resampled(part, rate, slow, "LQ") for part in (x, y))
    delays = np.arange(1 - x.size, y.size)
    correlation = np.abs(_correlation(levelled(x, slow), levelled(y, slow)))
    least = least_overlap(x.size, y.size, slow)
    correlation[(delays < least - x.size) | (delays > y.size - least)] = 0
    for place in _highest(correlation, _PLACES, round(_APART_S * slow)):
        yield Line(float(round(delays[place] * rate / slow))), None
    swapped = x.size > y.size
    found = _line_at_any_speed(*((y, x) if swapped else (x, y)), slow)
    if found is not None:
        line, middle = found
        if swapped:
            middle = round(line.offset + line.pace * middle)
            line = Line(-line.offset / line.pace, 1 / line.pace)
        yield Line(line.offset * rate / slow, line.pace), round(middle * rate / slow)


def _correlation(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return `scipy.signal.correlate(y, x)`, summed over columns, if they have several.

    Without that import, which takes 0.7 s.
    """
    count = len(x) + len(y) - 1
    length = scipy.fft.next_fast_len(count, real=True)
    product = scipy.fft.rfft(y, length, axis=0) * scipy.fft.rfft(x, length, axis=0).conj()
    summed = product.reshape(len(product), -1).sum(axis=1)
    return np.roll(scipy.fft.irfft(summed, length), len(x) - 1)[:count]


def _line_at_any_speed(short: np.ndarray, long: np.ndarray, rate: int) -> tuple[Line, int] | None:
    """Return the line, and the middle of the anchor, on which short windows correlate most.

    Anchors are stretches of the shorter recording; where each may start in the longer one follows
    from the correlation of their spectral shapes.
    """
    a, b = levelled(short, rate), levelled(long, rate)
    hop = round(_HOP_S * rate)
    shapes, others = _spectral_shapes(short, rate), _spectral_shapes(long, rate)
    size = min(round(_ANCHOR_S / _HOP_S), len(shapes))
    best, found = _LEAST_SCORE, None
    for first in _anchors(shapes, size):
        start, stop = first * hop, min((first + size) * hop, a.size)
        anchor = shapes[first : first + size]
        correlation = _correlation(anchor, others)
        for place in _highest(correlation, _PLACES_OF_ANCHOR, 3) - (len(anchor) - 1):
            score, line = _best_line(a, b, start, stop, place * hop, rate)
            if score > best:
                best, found = score, (line, (start + stop) // 2)
    return found


def _anchors(shapes: np.ndarray, size: int) -> list[int]:
    """Return the first frames of stretches in which the spectrum changes most, spread evenly."""
    changes = np.concatenate([[0.0], np.cumsum(np.square(shapes).sum(axis=1))])
    sums = changes[size:] - changes[:-size]
    parts = np.array_split(np.arange(sums.size), min(_ANCHORS, sums.size))
    return [int(part[np.argmax(sums[part])]) for part in parts]


def _highest(values: np.ndarray, count: int, apart: int) -> np.ndarray:
    """Return the places of the highest values that are not close to each other."""
    values, places = values.copy(), []
    for _ in range(count):
        place = int(np.argmax(values))
        if not values[place] > 0:
            break
        places.append(place)
        values[max(place - apart, 0) : place + apart + 1] = 0
    return np.array(places, int)


def _best_line(
    a: np.ndarray, b: np.ndarray, start: int, stop: int, place: int, rate: int
) -> tuple[float, Line]:
    """Return the mean correlation along the best line from an anchor of a near a place in b."""
    width, around = round(_WINDOW_S * rate), round(_AROUND_S * rate)
    reach = around + int(np.ceil(MOST_DRIFT * (stop - start) / 2)) + 1
    starts = np.arange(start, max(stop - width, start) + 1, width)
    correlations = window_correlations(a, b, starts, place - start, width, reach, 1)
    middle = (start + stop - width) / 2
    shifts = np.rint((_PACES - 1)[:, np.newaxis] * (starts - middle)).astype(int)
    lags, rows = np.arange(-around, around + 1), np.arange(starts.size)[:, np.newaxis]
    columns = (reach + lags + shift[:, np.newaxis] for shift in shifts)
    scores = np.stack([correlations[rows, of_pace].mean(axis=0) for of_pace in columns])
    number, lag = divmod(int(np.argmax(np.abs(scores))), lags.size)
    pace = _PACES[number]
    offset = place + lags[lag] + (middle - start) - pace * middle
    return float(np.abs(scores[number, lag])), Line(float(offset), float(pace))


def _spectral_shapes(signal: np.ndarray, rate: int) -> np.ndarray:
    """Return how the shape of the spectrum changes, shape (frames, bands), float32.

    The levels of the bands in dB, less the mean of the bands, which a compressor changes, and less
    their mean over some tenths of a second, which a tone control changes.
    """
    from scipy.ndimage import uniform_filter1d

    hop, size = round(_HOP_S * rate), round(_SPECTRUM_S * rate)
    padded = np.pad(signal, (size // 2, size))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, size)[: signal.size : hop]
    bands_hz = np.geomspace(_LOWEST_HZ, 0.45 * rate, _BANDS + 1)
    edges = np.unique(np.searchsorted(scipy.fft.rfftfreq(size, 1 / rate), bands_hz))
    window = np.hanning(size).astype(np.float32)
    powers = np.empty((len(pieces), edges.size - 1), np.float32)
    for first in range(0, len(pieces), 4096):
        spectra = np.abs(scipy.fft.rfft(pieces[first : first + 4096] * window)) ** 2
        powers[first : first + 4096] = np.add.reduceat(spectra[:, : edges[-1]], edges[:-1], axis=1)
    power = powers.sum(axis=1)
    level = 10 * np.log10(powers + 10 ** (_FLOOR_DB / 10) * power.max() + 1e-20)
    level -= level.mean(axis=1, keepdims=True)
    level -= uniform_filter1d(level, round(_SLOW_S / _HOP_S), axis=0, mode="nearest")
    level[power < HEARD * power.max()] = 0
    return np.clip(level, -_MOST_DB, _MOST_DB)


def least_overlap(one: int, other: int, rate: int) -> int:
    """Return how many samples two recordings of these lengths must have in common."""
    return max(round(min(_LEAST_OVERLAP * min(one, other), _ENOUGH_S * rate)), 1)


def window_correlations(
    a: np.ndarray, b: np.ndarray, starts: np.ndarray, shift: int, width: int, reach: int, finer: int
) -> np.ndarray:
    """Return normalised correlations of windows of a and of b, which begin `shift` samples later.

    The lags are those from -reach to reach, `finer` to a sample: shape (windows, lags).
    """
    ours = np.stack([cut(a, n, n + width) for n in starts])
    theirs = np.stack([cut(b, n + shift - reach, n + shift + width + reach) for n in starts])
    length = scipy.fft.next_fast_len(width + 2 * reach, real=True)
    spectrum = scipy.fft.rfft(theirs, length) * scipy.fft.rfft(ours, length).conj()
    products = finer * scipy.fft.irfft(spectrum, finer * length)[:, : finer * 2 * reach + 1]
    energy = np.pad(np.cumsum(np.square(theirs, dtype=np.float64), axis=1), ((0, 0), (1, 0)))
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


def cut(signal: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Return the samples start to stop of a signal, 0 outside it."""
    inside = signal[..., max(start, 0) : max(stop, 0)]
    before = min(max(-start, 0), stop - start)
    after = stop - start - before - inside.shape[-1]
    if not before and not after:
        return inside
    return np.pad(inside, [(0, 0)] * (signal.ndim - 1) + [(before, after)])
