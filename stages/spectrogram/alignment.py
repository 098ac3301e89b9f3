"""How many samples a compressed clip lies behind its dry loop, and the clip moved back in place."""

from __future__ import annotations

import numpy as np
import scipy.fft

_FFT = 8192  # samples of a block, small enough to stay in a core's cache


def find_delays(dry: np.ndarray, clips: np.ndarray, *, furthest: int) -> np.ndarray:
    """Find the shift at which each clip correlates best with the dry loop.

    Both are differentiated first. A compressor turns a loop down while it rings, which moves the
    correlation's broad maximum by some samples where the bass is loud; the differences' maximum is
    narrow, and stays.

    Parameters
    ----------
    dry : ndarray, shape (samples,), float32
    clips : ndarray, shape (n, samples), float32
    furthest : int, samples
        Delays from -furthest to furthest are tried.

    Returns
    -------
    ndarray, shape (n,), int
        Above 0 where the clip is late; 0 for a clip that is silent.
    """
    block = scipy.fft.next_fast_len(max(_FFT, 4 * furthest), real=True)
    step = block - 2 * furthest
    count = -(-dry.size // step)
    starts = np.zeros((count, block), np.float32)
    starts[:, :step] = _differences(dry, 0, count * step).reshape(count, step)
    spectrum = scipy.fft.rfft(starts)
    delays = np.zeros(len(clips), np.int64)
    for row, clip in enumerate(clips):
        around = _differences(clip, furthest, (count - 1) * step + block)
        segments = np.lib.stride_tricks.sliding_window_view(around, block)[::step]
        product = (scipy.fft.rfft(segments) * spectrum.conj()).sum(axis=0)
        # The first 2 * furthest + 1 values of a block's circular correlation do not wrap.
        correlation = scipy.fft.irfft(product, block)[: 2 * furthest + 1]
        best = int(np.argmax(correlation))
        delays[row] = best - furthest if correlation[best] > 0 else 0
    return delays


def _differences(signal: np.ndarray, before: int, length: int) -> np.ndarray:
    """Return the signal's differences with `before` zeros in front, and zeros up to `length`."""
    differences = np.zeros(length, np.float32)
    there = min(signal.size - 1, length - before)
    differences[before : before + there] = np.diff(signal)[:there]
    return differences


def delayed(clips: np.ndarray, delay: int) -> np.ndarray:
    """Move clips by `delay` samples, back where it is below 0; what moves in is silence.

    Parameters
    ----------
    clips : ndarray, shape (*batch, samples)
    delay : int, of less than `samples`
    """
    samples = clips.shape[-1]
    moved = np.zeros_like(clips)
    moved[..., max(delay, 0) : samples + min(delay, 0)] = clips[
        ..., max(-delay, 0) : samples - max(delay, 0)
    ]
    return moved
