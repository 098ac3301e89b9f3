"""The user's recordings as arguments of `match`, and settings applied to them.

`match` takes at most ten minutes of a file, in which it finds the stretch that it analyses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from siamese_drc.audio import BLOCK, Sound, require_duration, require_finite
from siamese_drc.compressor.settings import PARAMETERS, check_setting
from siamese_drc.core.errors import InputError
from siamese_drc.core.ffmpeg import Coding
from siamese_drc.match.families import Family, FamilyCompressor, Link

LONGEST_PART_S = 600.0  # length of the part of a long file in which the settings are found
_HIGHEST_PEAK = 1000.0  # of full scale: above, a signal is of another scale
_LARGEST_PART = 2**26  # samples of all channels together, 256 MB
SILENCE_DB = -80.0  # dBFS of the peak, below which there is nothing to compress
LIMITS_DB = {"makeup_db": (-100.0, 100.0), "knee_db": (0.0, 24.0)}  # what these settings may be

_CANCELLED = 0.05  # power of the channels' mean, re the loudest channel's, below which they cancel
_FLAT = 1e-6  # a sample this close to the peak, relative to it, is at the peak
_RUN = 3  # samples in a row at the peak, of one sign: a waveform that was clipped there
_CLIPPED = 0.01  # share of the samples in such runs
_EIGHT_BITS = ("PCM_U8", "PCM_S8", "ULAW", "ALAW")  # in libsndfile's names


class Part(NamedTuple):
    """The whole of a file, or the part of a long one from which settings are found."""

    signal: np.ndarray  # shape (channels, samples), float32
    start: int  # its first frame in the file


class Inputs(NamedTuple):
    """Arguments of `match`, read from files."""

    loop: np.ndarray
    start: int  # the first frame of the loop in its file
    references: list[np.ndarray]
    rates: list[int]  # of the references, Hz
    codings: list[Coding | None]  # how the references were coded with loss
    warnings: list[str]


def read_part(sound: Sound) -> Part:
    """Return a file whole, or of a long one the part with the most energy.

    InputError if it cannot be decoded, or the part is silent.
    """
    longest = min(round(LONGEST_PART_S * sound.sample_rate), _LARGEST_PART // sound.channels)
    frames = min(sound.frames, longest)
    start = 0 if frames == sound.frames else _loudest(sound, frames)
    signal = np.empty((sound.channels, frames), np.float32)
    done = 0
    for block in sound.blocks(start=start, frames=frames):
        signal[:, done : done + block.shape[1]] = block
        done += block.shape[1]
    require_sound(sound.path, float(np.abs(signal).max()))
    return Part(signal, start)


def read_inputs(loop: Sound, references: Sequence[Sound]) -> Inputs:
    """Read a loop and its references, or of long ones the loudest part; raises as `read_part`."""
    sounds = [loop, *references]
    parts = [read_part(sound) for sound in sounds]
    warnings = [warning for sound in sounds for warning in sound.warnings]
    warnings += [
        f"{sound.path}: lasts {sound.seconds:.0f} s, the settings are found in"
        f" {part.signal.shape[1] / sound.sample_rate:.0f} s from"
        f" {part.start / sound.sample_rate:.0f} s on"
        for sound, part in zip(sounds, parts, strict=True)
        if part.signal.shape[1] < sound.frames
    ]
    if loop.encoding in _EIGHT_BITS:
        warnings.append(f"{loop.path}: has 8 bits, whose rounding the intervals do not include")
    first, *others = parts
    return Inputs(
        *first,
        [part.signal for part in others],
        [reference.sample_rate for reference in references],
        [reference.coding() for reference in references],
        warnings,
    )


def _loudest(sound: Sound, frames: int) -> int:
    """Return the first of the `frames` with the most energy, to a block."""
    energy = [float(np.square(block, dtype=np.float64).sum()) for block in sound.blocks()]
    first = _largest_sum(np.array(energy), min(-(-frames // BLOCK), len(energy)))
    return min(first * BLOCK, sound.frames - frames)


def loudest_part(signal: np.ndarray, samples: int) -> slice:
    """Return where the `samples` with the most energy lie in a signal of one or more channels."""
    energy = np.square(np.atleast_2d(signal), dtype=float).sum(axis=0)
    span = min(samples, energy.size)
    start = _largest_sum(energy, span)
    return slice(start, start + span)


def _largest_sum(values: np.ndarray, span: int) -> int:
    """Return the first of the `span` adjacent values with the largest sum."""
    before = np.concatenate([[0.0], np.cumsum(values)])
    return int(np.argmax(before[span:] - before[: before.size - span]))


def checked_channels(name: str, signal: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return a signal, (samples,) or (channels, samples), as (channels, samples), float32.

    InputError, which calls it `name`, if it is of integers, of another shape or scale, too short,
    or not finite.
    """
    if not np.issubdtype(np.asarray(signal).dtype, np.floating):
        raise InputError(f"{name}: must hold floating-point numbers of full scale 1.0")
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
    if (peak := float(np.abs(channels).max())) > _HIGHEST_PEAK:
        raise InputError(f"{name}: its peak is {peak:g}, where full scale is 1.0")
    return channels


def one_channel(channels: np.ndarray) -> np.ndarray:
    """Return the mean of channels, or where they cancel each other the loudest of them.

    Examples
    --------
    >>> one_channel(np.array([[1.0, -1.0], [0.5, 0.5]]))
    array([ 0.75, -0.25])
    >>> one_channel(np.array([[1.0, -1.0], [-1.0, 1.0]]))
    array([ 1., -1.])
    """
    if len(channels) == 1:
        return channels[0]
    mean = channels.mean(axis=0, dtype=channels.dtype)
    powers = [np.vdot(channel, channel) for channel in channels]
    if np.vdot(mean, mean) < _CANCELLED * max(powers):
        return channels[int(np.argmax(powers))]
    return mean


def resampled(signal: np.ndarray, rate: int, target: int, quality: str = "VHQ") -> np.ndarray:
    """Return a signal, shape (samples,) or (channels, samples), at another sample rate, Hz."""
    if rate == target:
        return signal
    import soxr

    return soxr.resample(signal.T, rate, target, quality=quality).T


def check_value(name: str, value: float) -> None:
    """Raise ValueError if a value of a setting, make-up gain and knee too, is outside its range."""
    if name in PARAMETERS:
        check_setting(name, value)
        return
    low, high = LIMITS_DB[name]
    if not low <= value <= high:
        raise ValueError(f"{name} {value:g}: must lie between {low:g} and {high:g} dB")


def process(
    loop: np.ndarray,
    settings: Mapping[str, float],
    *,
    sample_rate: int,
    family: Family = "branching",
    link: Link | None = None,
) -> np.ndarray:
    """Return a whole loop compressed under settings that `match` found.

    Parameters
    ----------
    loop : ndarray, shape (samples,) or (channels, samples), float32, full scale 1.0
    settings : mapping of str to float
        The values of `Answer.settings`: `Answer.values()`.
    sample_rate : int, Hz
    family, link : str
        `Answer.family` and `Answer.link`: the design of the compressor, and what controls the gain
        of several channels, which is their mean where `link` is None.

    Returns
    -------
    ndarray of the loop's shape, float32
        Not limited: a make-up gain may lift it above full scale.

    Raises
    ------
    ValueError
        If the loop is empty or not finite, or a setting is outside its range.

    Examples
    --------
    >>> loop = np.full((2, 44100), 0.1, np.float32)
    >>> settings = {
    ...     "threshold_db": -30.0, "ratio": 2.0, "attack_ms": 5.0, "release_ms": 80.0,
    ...     "makeup_db": 0.0,
    ... }
    >>> steady = process(loop, settings, sample_rate=44100)[:, -1]
    >>> (20 * np.log10(steady)).round(2)
    array([-25., -25.], dtype=float32)
    """
    loop = np.asarray(loop, np.float32)
    channels = np.atleast_2d(loop)
    whole = FamilyCompressor(
        settings, sample_rate=sample_rate, family=family, link=link, channels=len(channels)
    )
    return whole.process(channels).signal.reshape(loop.shape)


def require_sound(name: object, peak: float) -> None:
    """Raise InputError where the peak of a signal is silence."""
    if is_silent(peak):
        raise InputError(f"{name}: is silent, its peak must exceed {SILENCE_DB:g} dBFS")


def is_silent(peak: float) -> bool:
    """Return whether a signal with this peak is silence."""
    return peak <= 10 ** (SILENCE_DB / 20)


def clips(signal: np.ndarray) -> bool:
    """Return whether the peaks of a signal, shape (samples,), are clipped, at whatever level.

    Examples
    --------
    >>> sine = np.sin(np.arange(1000) / 10)
    >>> clips(sine), clips(0.1 * np.clip(3 * sine, -1, 1))
    (False, True)
    """
    from scipy.ndimage import binary_opening

    peak = (1 - _FLAT) * np.abs(signal).max()
    in_run = [binary_opening(sign * signal >= peak, np.ones(_RUN)) for sign in (1, -1)]
    return bool(sum(each.mean() for each in in_run) > _CLIPPED)
