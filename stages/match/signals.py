"""Arrays that a user gives, as the situations take them: mono, at the loop's rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stages.common.errors import InputError
from stages.match.checks import clips, is_silent, require_duration, require_finite
from stages.match.process import mono


@dataclass(frozen=True)
class Reference:
    """A reference to learn from.

    Attributes
    ----------
    name : str
        What messages call it.
    signal : ndarray, shape (samples,), float32
        The mean of its channels, at the loop's sample rate.
    weight : float
    silent, clips : bool
        What it was as given.
    """

    name: str
    signal: np.ndarray
    weight: float
    silent: bool
    clips: bool


def mixed(name: str, signal: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return the mean of a signal's channels, shape (samples,), float32.

    Raises
    ------
    InputError
        If the signal is of another shape than (samples,) or (channels, samples), too short or not
        finite.
    """
    signal = np.asarray(signal, np.float32)
    if signal.ndim not in (1, 2):
        raise InputError(
            f"{name}: its shape is {signal.shape}, must be (samples,) or (channels, samples)"
        )
    if not sample_rate > 0:
        raise InputError(f"{name}: its sample rate is {sample_rate:g} Hz, must be above 0")
    channels = np.atleast_2d(signal)
    require_duration(name, channels.shape[1] if len(channels) else 0, sample_rate)
    require_finite(name, channels)
    return mono(channels)


def as_references(
    signals: Sequence[np.ndarray],
    rates: Sequence[int],
    weights: Sequence[float],
    *,
    sample_rate: int,
) -> list[Reference]:
    """Mix and resample every reference to `sample_rate`, in Hz; the errors are those of `mixed`."""
    found = []
    for number, (signal, rate, weight) in enumerate(zip(signals, rates, weights, strict=True), 1):
        name = "reference" if len(signals) == 1 else f"reference {number}"
        mix = mixed(name, signal, rate)
        silent = is_silent(float(np.abs(mix).max()))
        found.append(
            Reference(name, _resampled(mix, rate, sample_rate), weight, silent, clips(mix))
        )
    return found


def _resampled(signal: np.ndarray, rate: int, target: int) -> np.ndarray:
    if rate == target:
        return signal
    import soxr

    return soxr.resample(signal, rate, target, quality="VHQ")
