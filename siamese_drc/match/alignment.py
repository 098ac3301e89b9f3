"""Alignment of a reference with a loop, and whether both are the same performance.

Either may be an excerpt of the other, at any place, and their speeds may differ by half a percent
(another clock, varispeed): the sample n of the loop lies at `offset + pace * n` in the reference, a
`Line`. `search` proposes lines that are right to some milliseconds. A compressor changes the level
slowly and leaves the waveform nearly as it is: windows of both, the level taken out, make a line
right to the sample, and the derivative of the waveform to a hundredth of one. Most short frames of
the same performance then correlate well, and few of another take of the same rhythm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.fft

from siamese_drc.match.answer import Position
from siamese_drc.match.dynamics import frames
from siamese_drc.match.search import (
    HEARD,
    MOST_DRIFT,
    Line,
    cut,
    least_overlap,
    levelled,
    proposed,
    window_correlations,
)
from siamese_drc.match.sound import one_channel

LONGEST_S = 30.0  # of the stretch that is aligned
_TINY = np.finfo(float).tiny
_LEAST_LIKENESS = 0.4  # of the same performance
_SURELY_DB = -10.0  # residual at which it is the same performance, however noisy
_LIKELY = 0.8  # likeness above which no other place is tried
_FRAME = 1024  # samples over which a gain counts as constant
_SHORT_FRAME = 64  # the same, to compare shifts: few enough for the gain of a fast attack
_LEAST_FRAMES = 8

# Windows that are correlated
_WINDOWS = 160  # at most
_WIDTH = 2048  # samples
_MARGIN = 96  # samples searched, either way
_FINER = 2  # lags to a sample
_FIRST_SPAN_S = 4.0
_WIDER = 4.0  # each span, times the one before
_CORRELATED = 0.3
_FEWEST = 6  # windows

# Parts of a sample
_STEPS = 4
_EXACT = 0.003  # samples
_ENDS = 128  # samples of a window that feel its ends
_HIGHEST = 0.8  # of half the sample rate, where the weight of a frequency reaches 0
_BETTER_DB = 0.05  # by which a shift of parts of a sample, or a speed, must explain more
_RESPONSE = 512  # samples, beyond the resampler's response

# A fade of the reference
_FADE_FRAME_S = 0.01
_AUDIBLE = 1e-5  # of the loudest frame's power
_USUAL_SHARE = 0.9  # of the frames have at most the usual gain
_FADED, _WHOLE = 0.03, 0.9  # of the usual gain: a fade begins below and is over above
_LONGER = 1.25  # by which what is left out is longer than that
_LEAST_KEPT = 0.25  # of a pair


@dataclass(frozen=True)
class Alignment:
    """Stretches of a loop and of a reference that are the same performance, aligned.

    `loop` and `reference` have the shapes that were given and one length: the loudest `LONGEST_S`
    that both cover. The reference has the loop's speed and polarity.
    """

    loop: np.ndarray
    reference: np.ndarray
    position: Position
    likeness: float  # median over the frames of the stretch of the correlation of both, at most 1
    # Power that no gain of the loop explains that is constant for some 20 ms, relative to the
    # reference's; high also under a very fast compressor
    residual_db: float

    @property
    def same_performance(self) -> bool:
        """Whether the reference may be the loop itself, however much compressed or coded.

        A mix that contains the loop is like it too: what the fit leaves unexplained decides.
        """
        return self.likeness >= _LEAST_LIKENESS or self.residual_db <= _SURELY_DB


class _Place(NamedTuple):
    """A line, the polarity on it (1 or -1), the stretch start to stop, and its likeness."""

    line: Line
    sign: int
    start: int
    stop: int
    likeness: float


def align(loop: np.ndarray, reference: np.ndarray, *, sample_rate: int) -> Alignment | None:
    """Find a loop in a reference, or a reference in a loop, of up to ten minutes.

    Each has the shape (samples,) or (channels, samples). None where no place is found at which they
    resemble each other. Where one is found they may still be different: see
    `Alignment.same_performance`.

    Examples
    --------
    >>> loop = np.random.default_rng(0).normal(0, 0.1, 30000).astype(np.float32)
    >>> late = np.concatenate([np.zeros(441, np.float32), -0.5 * loop])
    >>> alignment = align(loop, late, sample_rate=44100)
    >>> alignment.same_performance, alignment.position.delay_s, alignment.position.inverted
    (True, 0.01, True)
    """
    channels = [np.atleast_2d(loop), np.atleast_2d(reference)]
    if len(channels[0]) == len(channels[1]):  # a compressor may give each channel its own gain
        loudest = int(np.square(channels[0]).sum(axis=1).argmax())
        x, y = (each[loudest] for each in channels)
    else:
        x, y = map(one_channel, channels)
    best = None
    for line, middle in proposed(x, y, sample_rate):
        place = _placed(x, y, line, middle, sample_rate)
        if place is not None and (best is None or place.likeness > best.likeness):
            best = place
        if best is not None and best.likeness > _LIKELY:
            break
    if best is None:
        return None
    line = _finest(x, y, best)
    stretch = slice(best.start, best.stop)
    return Alignment(
        loop=loop[..., stretch],
        reference=np.float32(best.sign) * _moved(reference, line, best.start, best.stop),
        position=Position(
            delay_s=line.offset / sample_rate,
            speed=1 / line.pace,
            inverted=best.sign < 0,
            start_s=best.start / sample_rate,
            seconds=(best.stop - best.start) / sample_rate,
        ),
        likeness=best.likeness,
        residual_db=residual_db(x[stretch], best.sign * _moved(y, line, best.start, best.stop)),
    )


def unfaded(loop: np.ndarray, reference: np.ndarray, *, sample_rate: int) -> slice:
    """Return the part of an aligned pair, (channels, samples), between fades of the reference.

    A fade-in goes from the first audible frame, if the reference has hardly any gain there, to
    the first one with a usual gain. The part is the whole pair where too little would be left.

    Examples
    --------
    >>> loop = np.random.default_rng(0).normal(0, 0.1, (1, 40000))
    >>> unfaded(loop, loop * np.minimum(np.arange(40000) / 10000, 1), sample_rate=10000)
    slice(11200, 40000, None)
    >>> unfaded(loop, loop, sample_rate=10000)
    slice(0, 40000, None)
    """
    size, samples = round(_FADE_FRAME_S * sample_rate), loop.shape[-1]
    a, b = (np.square(frames(one_channel(each), size)).sum(axis=1) for each in (loop, reference))
    audible = np.flatnonzero((a > _AUDIBLE * a.max(initial=0)) & (b > 0))
    if len(audible) == 0:
        return slice(0, samples)
    gain = np.sqrt(b[audible] / a[audible])
    gain /= np.quantile(gain, _USUAL_SHARE)
    start = _fade(gain, audible)
    stop = samples - size * _fade(gain[::-1], len(a) - 1 - audible[::-1])
    start *= size
    return slice(start, stop) if stop - start > _LEAST_KEPT * samples else slice(0, samples)


def _fade(gain: np.ndarray, place: np.ndarray) -> int:
    """Return how many frames a fade takes, from its gain in audible frames and their places."""
    if gain[0] > _FADED:
        return 0
    return int(place[0] + _LONGER * (place[np.argmax(gain > _WHOLE)] - place[0]))


def residual_db(x: np.ndarray, y: np.ndarray, *, frame: int = _FRAME) -> float:
    """Return the power of y that no gain of x explains that is constant for a frame, re that of y.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> x, noise = random.normal(size=(2, 100000))
    >>> round(residual_db(x, x * np.linspace(1, 2, 100000) + 0.5 * noise))
    -10
    """
    a, b = (frames(part, frame).astype(np.float64) for part in (x, y))
    product = np.maximum((a * b).sum(axis=1), 0)
    explained = np.square(product) / np.maximum(np.square(a).sum(axis=1), _TINY)
    left = 1 - explained.sum() / max(np.square(b).sum(), _TINY)
    return float(10 * np.log10(max(left, 1e-12)))


def _placed(
    x: np.ndarray, y: np.ndarray, line: Line, middle: int | None, rate: int
) -> _Place | None:
    """Return a place right to the sample, from a line that is right to some milliseconds."""
    ends = _overlap(x.size, y.size, line)
    least = max(least_overlap(x.size, y.size, rate), _LEAST_FRAMES * _FRAME)
    if ends[1] - ends[0] < least:
        return None
    start, stop = _stretch(x, *ends, middle, rate)
    middle = (start + stop) // 2 if middle is None else middle
    half, span = _FIRST_SPAN_S * rate / 2, (0, 0)
    while span != (start, stop):
        span = (max(start, int(middle - half)), min(stop, int(middle + half)))
        closer = _closer(x, y, line, *span, rate)
        if closer is None:
            return None
        line, sign = closer
        half *= _WIDER
    start, stop = _stretch(x, *_overlap(x.size, y.size, line), middle, rate)
    if abs(line.pace - 1) > MOST_DRIFT or stop - start < least:
        return None
    likeness = _likeness(x[start:stop], sign * _moved(y, line, start, stop), rate)
    return _Place(line, sign, start, stop, likeness)


def _overlap(of_loop: int, of_reference: int, line: Line) -> tuple[int, int]:
    """Return the ends of the part of a loop that a reference covers, from their lengths."""
    first = max(int(np.ceil(-line.offset / line.pace)), 0)
    return first, min(int((of_reference - 1 - line.offset) / line.pace) + 1, of_loop)


def _stretch(
    x: np.ndarray, first: int, last: int, middle: int | None, rate: int
) -> tuple[int, int]:
    """Return the ends of the loudest stretch between two samples that holds a third."""
    longest, step = round(LONGEST_S * rate), rate // 10
    if last - first <= longest:
        return first, last
    powers = np.square(frames(x[first:last], step)).sum(axis=1)
    sums = np.convolve(powers, np.ones(longest // step), "valid")
    starts = first + step * np.arange(sums.size)
    if middle is not None:
        sums[(starts > middle) | (starts + longest < middle)] = -1
    start = min(int(starts[np.argmax(sums)]), last - longest)
    return start, start + longest


def _closer(
    x: np.ndarray, y: np.ndarray, line: Line, start: int, stop: int, rate: int
) -> tuple[Line, int] | None:
    """Return a line right to the sample from one right to some, and the polarity."""
    piece = levelled(_moved(y, line, start - _MARGIN, stop + _MARGIN), rate)
    own = levelled(x[start:stop], rate)
    count = min(_WINDOWS, max((own.size - _WIDTH) // _WIDTH + 1, 1))
    starts = np.unique(np.linspace(0, max(own.size - _WIDTH, 0), count).astype(int))
    correlations = window_correlations(own, piece, starts, _MARGIN, _WIDTH, _MARGIN, _FINER)
    sign = 1 if correlations.max(axis=1).sum() >= -correlations.min(axis=1).sum() else -1
    lags = np.argmax(sign * correlations, axis=1) / _FINER - _MARGIN
    good = (sign * correlations).max(axis=1) > _CORRELATED
    if good.sum() < min(_FEWEST, starts.size):
        return None
    lags, places = lags[good], start + starts[good] + _WIDTH / 2
    one, other = np.triu_indices(lags.size, 1)
    slopes = (lags[other] - lags[one]) / (places[other] - places[one])
    # Medians leave out windows that resemble a wrong place more.
    slope = float(np.median(slopes)) if slopes.size else 0.0
    lag = float(np.median(lags - slope * places))
    return Line(line.offset + line.pace * lag, line.pace * (1 + slope)), sign


def _likeness(x: np.ndarray, y: np.ndarray, rate: int) -> float:
    """Return the median correlation of both, levelled, over the frames in which x is heard."""
    a, b, heard = (
        frames(part, _FRAME).astype(np.float64)
        for part in (levelled(x, rate), levelled(y, rate), x)
    )
    power = np.square(heard).mean(axis=1)
    norm = np.sqrt(np.square(a).sum(axis=1) * np.square(b).sum(axis=1))
    correlation = (a * b).sum(axis=1) / np.maximum(norm, _TINY)
    return float(np.median(correlation[power > HEARD * power.max()]))


def _moved(signal: np.ndarray, line: Line, start: int, stop: int) -> np.ndarray:
    """Return a reference, shape (..., samples), at the loop's samples start to stop; 0 outside."""
    if line.pace == 1 and line.offset == round(line.offset):
        return cut(signal, round(line.offset) + start, round(line.offset) + stop)
    import soxr

    first = int(np.floor(line.offset + line.pace * start)) - _RESPONSE
    last = int(np.ceil(line.offset + line.pace * stop)) + _RESPONSE
    piece = cut(signal, first, last)
    if line.pace != 1:
        piece = soxr.resample(piece.T, line.pace, 1.0, quality="VHQ").T
    place = (line.offset - first) / line.pace + start
    whole = round(place)
    length = scipy.fft.next_fast_len(piece.shape[-1], real=True)
    turn = np.exp(2j * np.pi * (place - whole) * scipy.fft.rfftfreq(length))
    delayed = scipy.fft.irfft(scipy.fft.rfft(piece.astype(np.float64), length) * turn, length)
    return cut(delayed, whole, whole + stop - start).astype(np.float32)


def _finest(whole_x: np.ndarray, y: np.ndarray, place: _Place) -> Line:
    """Return a line right to a hundredth of a sample.

    Whole samples and equal speed are kept unless parts of a sample, or another speed, explain more.
    """
    line, sign, start, stop, _ = place
    x = whole_x[start:stop]

    def left(line: Line) -> tuple[np.ndarray, float]:
        there = sign * _moved(y, line, start, stop)
        return there, residual_db(x, there, frame=_SHORT_FRAME)

    whole = Line(float(round(line.offset + (line.pace - 1) * (start + stop) / 2)))
    found, least = whole, left(whole)[1]
    for parts, finer in ((1, whole), (2, line)):  # a shift; a shift and a speed
        there, residual = left(finer)
        for _ in range(_STEPS):
            shift, slope = _small_shift(x, there, parts)
            if max(abs(shift), abs(shift + slope * x.size)) < _EXACT:
                break
            at = shift - slope * start
            finer = Line(finer.offset + finer.pace * at, finer.pace * (1 + slope))
            there, residual = left(finer)
        if residual < least - _BETTER_DB:
            found, least = finer, residual
    return found


def _small_shift(x: np.ndarray, y: np.ndarray, parts: int) -> tuple[float, float]:
    """Return by how many samples y lags x, less than one: at the first sample, and its slope.

    In each window, the slopes of y are explained by those of x under a gain that changes linearly,
    and by their derivative; a line goes through the lags, weighted by their certainty.
    """
    count = min(_WINDOWS, max(x.size // _WIDTH, 1))
    starts = np.linspace(0, max(x.size - _WIDTH, 0), count).astype(int)
    ours, theirs = (np.stack([cut(part, n, n + _WIDTH) for n in starts]) for part in (x, y))
    u, derivative, v = _derivative(ours, 1), _derivative(ours, 2), _derivative(theirs, 1)
    basis = np.stack([u, u * np.linspace(-1, 1, u.shape[1]), derivative], axis=1)
    scale = np.sqrt(np.square(basis).sum(axis=2, keepdims=True)) + 1e-12
    basis /= scale
    inverse = np.linalg.inv(basis @ basis.transpose(0, 2, 1) + 1e-9 * np.eye(3))
    solution = inverse @ (basis @ v[:, :, np.newaxis])
    left = np.square(v - (basis * solution).sum(axis=1)).mean(axis=1)
    gain, delay = (solution / scale)[:, [0, 2], 0].T
    good = (gain > 0) & (np.abs(delay) < 2 * gain)
    if good.sum() < 2 * parts:
        return 0.0, 0.0
    lags, places = -delay[good] / gain[good], starts[good] + _WIDTH / 2
    noise = left + 1e-3 * left.max() + 1e-20
    variance = (noise * inverse[:, 2, 2] / scale[:, 2, 0] ** 2)[good] / np.square(gain[good])
    off = np.zeros_like(lags)
    for _ in range(3):
        weight = 1 / (variance + 1e-8 + np.square(off))
        fit = np.polynomial.Polynomial.fit(places, lags, parts - 1, w=np.sqrt(weight))
        off = lags - fit(places)
    return float(fit(0.0)), float(fit.deriv()(0.0))


def _derivative(windows: np.ndarray, order: int) -> np.ndarray:
    """Return a derivative, per sample, of windows without their ends and highest frequencies."""
    turn = 2 * np.pi * scipy.fft.rfftfreq(_WIDTH)
    kept = 0.5 + 0.5 * np.cos(np.pi * np.clip(turn / (_HIGHEST * np.pi), 0, 1))
    spectrum = scipy.fft.rfft(windows.astype(np.float64)) * (1j * turn) ** order * kept
    return scipy.fft.irfft(spectrum, _WIDTH)[:, _ENDS:-_ENDS]
