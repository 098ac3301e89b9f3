"""Gain profiles: a clip's gain-reduction curve, compared with a bank of such curves.

A gain-reduction curve is the level of the dry loop minus that of the clip, hop by hop. The
smoothed overshoot is homogeneous (Giannoulis, Massberg and Reiss 2012, eqs. 4 and 16), so that the
curve of a ratio R is 1 - 1/R times that of an infinite ratio: a bank of curves needs no ratios.
This is exact sample by sample, and nearly exact for the level of a hop.

The clip's curve is projected on each curve of the bank. The scale of the projection estimates
1 - 1/R; the residual measures how far the bank's threshold, attack and release are from the clip's.
The profile holds, for all thresholds, all attacks, all releases, and all pairs of attack and
release, the smallest residuals and then the scales that belong to them; the place in the bank of
the smallest residual of all, with its scale; and the curve's power. Every feature is of order 1:

scale
    Between 0 and 2; 1 - 1/R where the bank's curve is the clip's own.
residual
    1 + log10(r) / 2.5, where r is the share of the curve's power that the projection leaves, at
    least 1e-5: from -1 to 1.
place
    0 to 1 along each of the bank's axes.
power
    log10 of the curve's mean square, in dB squared and at least 1e-6, divided by 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft

from siamese_drc.compressor.compressor import compress
from siamese_drc.compressor.settings import Settings
from siamese_drc.inputs.changes import delayed

_MINIMUM_POWER = np.float32(1e-10)  # -100 dB
_AUDIBLE_DB = -70.0  # a hop in which the dry loop is quieter does not show the gain
_LEAST_POWER = np.float32(1e-6)  # dB squared; a curve of less power counts as zero
_LEAST_RESIDUAL = np.float32(1e-5)
_LARGEST_SCALE = np.float32(2)
_RESIDUAL_DECADES = np.float32(2.5)
_POWER_DECADES = np.float32(3)
# The axes of (clip, threshold, attack, release) over which the smallest residual is searched.
_SEARCHED_AXES = ((2, 3), (1, 3), (1, 2), (1,))
_CLIPS_AT_ONCE = 96  # of four seconds: 70 MB


@dataclass(frozen=True)
class GainBank:
    """A bank of gain-reduction curves: every combination of these settings."""

    threshold_db: tuple[float, ...]
    attack_ms: tuple[float, ...]
    release_ms: tuple[float, ...]
    hop: int = 64  # samples, length of the pieces whose levels are compared
    ratio: float = 8.0  # the curves of other ratios are proportional
    align_ms: float = 20.0  # a clip is first moved to the best correlation, by at most this

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of thresholds, attacks and releases."""
        return len(self.threshold_db), len(self.attack_ms), len(self.release_ms)

    def settings(self) -> Settings:
        """Return all settings, the release varying fastest and the threshold slowest."""
        threshold, attack, release = np.meshgrid(
            self.threshold_db, self.attack_ms, self.release_ms, indexing="ij"
        )
        ratio = np.full(threshold.size, self.ratio)
        return Settings(threshold.ravel(), ratio, attack.ravel(), release.ravel())

    def curves(self, dry: np.ndarray, *, sample_rate: int) -> np.ndarray:
        """Return by how much each of `settings` reduces a loop, for an infinite ratio.

        The shape is (settings, samples // hop), float32, dB.
        """
        settings, levels = self.settings(), hop_levels(dry, self.hop)
        curves = []
        for start in range(0, len(settings), _CLIPS_AT_ONCE):
            some = settings[start : start + _CLIPS_AT_ONCE]
            clips = compress(dry, some, sample_rate=sample_rate)
            curves.append(levels - hop_levels(clips, self.hop))
        return np.concatenate(curves) / np.float32(1 - 1 / self.ratio)


class GainProfiler:
    """One dry loop and its bank of curves, with which any number of clips can be compared.

    Parameters
    ----------
    dry : ndarray, shape (samples,), float32, full scale 1.0
    bank : GainBank
    sample_rate : int, Hz

    Examples
    --------
    >>> import numpy as np
    >>> from siamese_drc.compressor import Settings, compress
    >>> bank = GainBank((-40.0, -30.0, -20.0), (1.0, 10.0, 100.0), (50.0, 500.0))
    >>> time = np.arange(44100) / 44100
    >>> tone = np.sin(2 * np.pi * 110 * time) * np.exp(-(time % 0.25) / 0.1)
    >>> dry = tone.astype(np.float32)
    >>> clips = compress(dry, Settings([-30], [4], [10], [500]), sample_rate=44100)
    >>> profile = GainProfiler(dry, bank, sample_rate=44100).profiles(clips)
    >>> profile.shape
    (1, 33)
    >>> place, scale = profile[0, -5:-2], profile[0, -2]
    >>> [float(share) for share in place]  # the second threshold and attack, the last release
    [0.5, 0.5, 1.0]
    >>> print(f"{1 / (1 - float(scale)):.1f}")  # the ratio
    4.0
    """

    def __init__(self, dry: np.ndarray, bank: GainBank, *, sample_rate: int) -> None:
        self._dry, self._bank = dry, bank
        self._furthest = round(bank.align_ms * sample_rate / 1000)
        self._levels = hop_levels(dry, bank.hop)
        self._curves = bank.curves(dry, sample_rate=sample_rate)

    def profiles(self, clips: np.ndarray) -> np.ndarray:
        """Return the profiles, (n, features), float16, of clips (n, samples), float32, aligned."""
        hop = self._bank.hop
        delays = find_delays(self._dry, clips, furthest=self._furthest)
        moved = map(delayed, clips, -delays)
        levels = np.stack([hop_levels(clip, hop) for clip in moved])
        hops, late = np.arange(levels.shape[1]), delays[:, None]
        complete = (hops >= -(late // hop)) & ((hops + 1) * hop <= clips.shape[1] - late)
        counted = (complete & (self._levels > _AUDIBLE_DB)).astype(np.float32)
        projection = project(self._levels - levels, counted, self._curves)
        return _summarise(*projection, self._bank)


def profile_of_no_gain(bank: GainBank) -> np.ndarray:
    """Return the profile of any loop compared with itself, shape (features,), float16."""
    nothing = np.zeros((1, 1), np.float32)
    curves = np.zeros((int(np.prod(bank.shape)), 1), np.float32)
    return _summarise(*project(nothing, nothing, curves), bank)[0]


def hop_levels(signal: np.ndarray, hop: int) -> np.ndarray:
    """Return the mean square of every complete hop, (*batch, samples // hop), dB, at least -100."""
    *batch, samples = signal.shape
    hops = samples // hop
    framed = signal[..., : hops * hop].reshape(*batch, hops, hop)
    power = np.einsum("...t,...t->...", framed, framed) / np.float32(hop)
    return 10 * np.log10(np.maximum(power, _MINIMUM_POWER))


def project(
    gain: np.ndarray, counted: np.ndarray, curves: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return scale, residual and power of gain-reduction curves projected on those of a bank.

    `gain` (dB) and `counted`, 1 in the hops that count, else 0, have the shape (n, hops), `curves`
    (settings, hops), all float32. The scale, (n, settings), is the factor by which each of the
    bank's curves comes nearest to the clip's, 0 where either of them is nearly zero; the residual,
    of that shape, is the share of the power that the projection leaves; the power, (n,), dB
    squared, is the mean square of the gain.
    """
    gain = gain * counted
    count = np.maximum(counted.sum(axis=1, keepdims=True), 1)
    of_both = gain @ curves.T / count
    of_curves = counted @ np.square(curves).T / count + _LEAST_POWER
    power = np.square(gain).sum(axis=1, keepdims=True) / count
    scale = of_both / of_curves
    residual = 1 - scale * of_both / (power + _LEAST_POWER)
    return scale, residual, power[:, 0]


def _summarise(
    scale: np.ndarray, residual: np.ndarray, power: np.ndarray, bank: GainBank
) -> np.ndarray:
    """Turn projections, as `project` returns them, into profiles, (n, features), float16."""
    shape = (len(power), *bank.shape)
    scale = np.clip(scale, 0, _LARGEST_SCALE).reshape(shape)
    decades = np.log10(np.maximum(residual, _LEAST_RESIDUAL)).reshape(shape)
    residual = 1 + decades / _RESIDUAL_DECADES
    features = []
    for axes in _SEARCHED_AXES:
        grouped = shape[0], -1, int(np.prod([shape[axis] for axis in axes]))
        both = [
            np.moveaxis(each, axes, range(-len(axes), 0)).reshape(grouped)
            for each in (residual, scale)
        ]
        best = both[0].argmin(axis=-1)[..., None]
        features += [np.take_along_axis(each, best, -1)[..., 0] for each in both]
    best = residual.reshape(shape[0], -1).argmin(axis=1)
    places = np.unravel_index(best, shape[1:])
    last = [place / (count - 1) for place, count in zip(places, bank.shape, strict=True)]
    last.append(scale.reshape(shape[0], -1)[np.arange(shape[0]), best])
    last.append(np.log10(np.maximum(power, _LEAST_POWER)) / _POWER_DECADES)
    return np.concatenate([*features, np.stack(last, axis=1)], axis=1).astype(np.float16)


def find_delays(dry: np.ndarray, clips: np.ndarray, *, furthest: int) -> np.ndarray:
    """Return the delay, -furthest to furthest, at which each clip correlates best with the loop.

    The shape is (n,), int: above 0 where the clip is late, 0 for a clip that is silent.

    Both are differentiated first. A compressor turns a loop down while it rings, which moves the
    broad maximum of the correlation by some samples where the bass is loud; the maximum for the
    differences is narrow and does not move.
    """
    length = scipy.fft.next_fast_len(dry.size + furthest, real=True)
    spectrum = scipy.fft.rfft(np.diff(dry), length).conj()
    lags = np.arange(-furthest, furthest + 1)
    delays = np.zeros(len(clips), np.int64)
    for row, clip in enumerate(clips):
        correlation = scipy.fft.irfft(scipy.fft.rfft(np.diff(clip), length) * spectrum, length)
        best = lags[np.argmax(correlation[lags])]
        delays[row] = best if correlation[best] > 0 else 0
    return delays
