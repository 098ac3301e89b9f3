"""Power spectra of overlapping frames: a real FFT of sixteen frames at a time.

The N real samples of a frame are taken as N/2 complex numbers, even samples + i odd samples. Their
transform is made in place, by radix 4 with decimation in frequency, and split into the spectrum of
the real samples. Rows of every array are samples or frequencies, columns are frames: what comes out
lies as a spectrogram does.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import scipy.signal
from numba import njit

from stages.spectrogram.complex_lanes import (
    LANES,
    conjugate,
    load,
    load_pairs,
    store,
    store_power,
    times_minus_i,
    weigh,
)


class Plan(NamedTuple):
    """What transforms of one length, N samples, share.

    Attributes
    ----------
    window : ndarray, shape (N,), float32
        Half a periodic Hann window: `split_power` takes twice the spectrum.
    twiddle : ndarray, shape (N / 2,), complex64
        exp(-2 pi i n / (N / 2)), for the transform of the pairs.
    split : ndarray, shape (N / 4 + 1,), complex64
        exp(-2 pi i k / N), for the spectrum of the samples.
    place : ndarray, shape (N / 2,), int
        The row in which the transform leaves frequency k.
    """

    window: np.ndarray
    twiddle: np.ndarray
    split: np.ndarray
    place: np.ndarray


@lru_cache(maxsize=8)
def plan(n_fft: int) -> Plan:
    """Prepare transforms of frames of `n_fft` samples, a power of two of at least 8."""
    pairs = n_fft // 2
    return Plan(
        window=(0.5 * scipy.signal.get_window("hann", n_fft)).astype(np.float32),
        twiddle=np.exp(-2j * np.pi * np.arange(pairs) / pairs).astype(np.complex64),
        split=np.exp(-2j * np.pi * np.arange(pairs // 2 + 1) / n_fft).astype(np.complex64),
        place=np.argsort(_frequencies(pairs)),
    )


def _frequencies(rows: int) -> np.ndarray:
    """Return the frequency that each row holds after the transform: digits reversed."""
    if rows == 1:
        return np.zeros(1, int)
    radix = 4 if rows % 4 == 0 else 2
    within = _frequencies(rows // radix)
    return np.concatenate([radix * within + branch for branch in range(radix)])


@njit(cache=True)
def write_power(padded, first, plan, power):
    """Write the power spectra of frames that overlap by half.

    Parameters
    ----------
    padded : ndarray, shape (half frames * N / 2,), float32
        Frame t begins at sample t * N / 2; a multiple of LANES frames from `first` on.
    first : int
        The first frame to transform.
    plan : Plan
        Of transforms of N samples.
    power : ndarray, shape (N / 2 + 1, columns), float32
        A frame per column, as many as there are of either; columns are a multiple of LANES.
    """
    rows = plan.place.size
    pairs = np.empty((rows // 2, LANES + 1), np.float64)
    spectrum = np.empty((rows, 2 * LANES), np.float32)
    frames = padded.size // rows - 1
    for column in range(0, min(power.shape[1], frames - first), LANES):
        gather_frames(padded.view(np.float64), first + column, pairs)
        apply_window(pairs.view(np.float32), plan.window, spectrum)
        transform(spectrum, plan.twiddle)
        split_power(spectrum, plan, column, power)


@njit(cache=True)
def gather_frames(samples, first, pairs):
    """Copy LANES frames side by side.

    Parameters
    ----------
    samples : ndarray, float64
        Pairs of float32 samples, moved as one number of twice the size.
    first : int
    pairs : ndarray, shape (N / 4, LANES + 1), float64
        Column j becomes the first half of frame `first + j`, and so the second half of the one
        before.
    """
    half = pairs.shape[0]
    for column in range(LANES + 1):
        start = (first + column) * half
        for row in range(half):
            pairs[row, column] = samples[start + row]


@njit(cache=True)
def apply_window(pairs, window, weighted):
    """Weigh the frames; `pairs` is seen as float32, even and odd samples in turn."""
    half = pairs.shape[0]
    for row in range(half):
        for part in range(2):
            n = part * half + row
            frames = load_pairs(pairs, row, 2 * part)
            store(weighted, n, weigh(frames, window[2 * n], window[2 * n + 1]))


@njit(cache=True)
def transform(rows, twiddle):
    """Transform every lane in place: radix 4, and radix 2 at the end where one factor is left."""
    length = len(rows)
    while length >= 4:
        quarter, turn = length // 4, len(rows) // length
        for n in range(quarter):
            w1, w2, w3 = twiddle[turn * n], twiddle[2 * turn * n], twiddle[3 * turn * n]
            for i in range(n, len(rows), length):
                a, b = load(rows, i), load(rows, i + quarter)
                c, d = load(rows, i + 2 * quarter), load(rows, i + 3 * quarter)
                e, f, g, h = a + c, a - c, b + d, times_minus_i(b - d)
                store(rows, i, e + g)
                store(rows, i + quarter, (f + h) * w1)
                store(rows, i + 2 * quarter, (e - g) * w2)
                store(rows, i + 3 * quarter, (f - h) * w3)
        length = quarter
    if length == 2:
        for i in range(0, len(rows), 2):
            a, b = load(rows, i), load(rows, i + 1)
            store(rows, i, a + b)
            store(rows, i + 1, a - b)


@njit(cache=True)
def split_power(spectrum, plan, column, power):
    """Write |X[k]|^2 of the samples to row k of `power`, from `column` on.

    With Z the transform of the pairs, E[k] = (Z[k] + Z*[-k]) / 2 is that of the even samples,
    O[k] = -i (Z[k] - Z*[-k]) / 2 that of the odd ones, and X[k] = E[k] + exp(-2 pi i k / N) O[k];
    the same two give X*[N/2 - k], by their difference.
    """
    pairs = len(spectrum)
    for k in range(pairs // 2 + 1):
        z = load(spectrum, plan.place[k])
        mirrored = conjugate(load(spectrum, plan.place[(pairs - k) % pairs]))
        even, odd = z + mirrored, times_minus_i(z - mirrored) * plan.split[k]
        store_power(power, k, column, even + odd)
        store_power(power, pairs - k, column, even - odd)
