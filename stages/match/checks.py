"""What a signal must be so that settings can be found from it."""

from __future__ import annotations

import numpy as np

from stages.common.errors import InputError

SHORTEST_S = 0.5  # a shorter one is a single hit rather than a loop
SILENCE_DB = -80.0  # dBFS of the peak, below which there is nothing to compress

_FLAT = 1e-6  # a sample this close to the peak, relative to it, stands at the peak
_RUN = 3  # samples in a row at the peak, of one sign: a waveform that was cut off there
_CLIPPED = 0.01  # share of the samples in such runs


def require_duration(name: object, samples: int, sample_rate: int) -> None:
    """Raise InputError where a signal, called `name` in the message, is too short."""
    if samples == 0:
        raise InputError(f"{name}: is empty, must last at least {SHORTEST_S:g} s")
    if samples < SHORTEST_S * sample_rate:
        raise InputError(
            f"{name}: lasts {samples / sample_rate:.3g} s, must last at least {SHORTEST_S:g} s"
        )


def require_finite(name: object, signal: np.ndarray) -> None:
    """Raise InputError where a signal holds NaN or infinity."""
    if not np.isfinite(signal).all():
        raise InputError(f"{name}: holds samples that are not finite numbers")


def require_sound(name: object, peak: float) -> None:
    """Raise InputError where the peak of a signal's channels, mixed to one, is silence."""
    if is_silent(peak):
        raise InputError(
            f"{name}: is silent, its channels' mean must exceed {SILENCE_DB:g} dBFS somewhere"
        )


def is_silent(peak: float) -> bool:
    """Tell whether a signal with this peak is silence."""
    return peak <= 10 ** (SILENCE_DB / 20)


def clips(signal: np.ndarray) -> bool:
    """Tell whether the peaks of a signal, shape (samples,), were cut off, at whatever level."""
    size = np.abs(signal)
    at_peak = np.sign(signal) * (size >= (1 - _FLAT) * size.max())
    run = np.ones(signal.size - _RUN + 1, bool)
    for n in range(_RUN):
        part = at_peak[n : n + run.size]
        run &= (part != 0) & (part == at_peak[: run.size])
    in_run = np.zeros(signal.size, bool)
    for n in range(_RUN):
        in_run[n : n + run.size] |= run
    return bool(in_run.mean() > _CLIPPED)
