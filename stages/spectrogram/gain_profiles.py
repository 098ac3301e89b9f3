"""A clip's gain-reduction curve, described by how well each curve of a bank explains it.

The clip's curve is projected on each curve of the bank: the scale of the projection estimates
1 - 1/R, and what is left over says how far the bank's threshold, attack and release are from the
clip's. From all pairs of scale and residual, these are kept: the smallest residual, and the scale
that goes with it, for each threshold, each attack, each release, and each pair of attack and
release; the place in the bank of the smallest residual of all, with its scale; and the curve's
power. Every feature is of order 1 by design:

scale
    Between 0 and 2; 1 - 1/R where the bank's curve is the clip's own.
residual
    1 + log10(r) / 2.5, where r is the share of the curve's power that is left over, at least 1e-5:
    from -1 to 1.
place
    0 to 1 along each of the bank's axes.
power
    log10 of the curve's mean square, in dB squared and at least 1e-6, divided by 3.
"""

from __future__ import annotations

import numpy as np

from stages.common.params import GainBank
from stages.spectrogram.alignment import delayed, find_delays
from stages.spectrogram.gain_curves import bank_curves, hop_levels

HEARD_DB = -70.0  # a hop in which the dry loop is quieter says nothing of the gain
_LEAST_POWER = np.float32(1e-6)  # dB squared; below it a curve is none
_LEAST_RESIDUAL = np.float32(1e-5)
_LARGEST_SCALE = np.float32(2)
_RESIDUAL_DECADES = np.float32(2.5)
_POWER_DECADES = np.float32(3)
# Which axes of (clip, threshold, attack, release) the smallest residual is sought over.
_SOUGHT_OVER = ((2, 3), (1, 3), (1, 2), (1,))


class GainProfiler:
    """One dry loop and its bank of curves, against which any number of clips can be measured.

    Parameters
    ----------
    dry : ndarray, shape (samples,), float32, full scale 1.0
    bank : GainBank
    sample_rate : int, Hz
    """

    def __init__(self, dry: np.ndarray, bank: GainBank, *, sample_rate: int) -> None:
        """Compress the loop under every setting of the bank."""
        self._dry, self._bank = dry, bank
        self._furthest = round(bank.align_ms * sample_rate / 1000)
        self._levels = hop_levels(dry, bank.hop)
        self._curves = bank_curves(dry, bank, sample_rate=sample_rate)

    def profiles(self, clips: np.ndarray) -> np.ndarray:
        """Describe clips, each first moved to where it correlates best with the dry loop.

        Parameters
        ----------
        clips : ndarray, shape (n, samples), float32

        Returns
        -------
        ndarray, shape (n, features), float16
        """
        delays = find_delays(self._dry, clips, furthest=self._furthest)
        levels = np.stack(
            [
                hop_levels(delayed(clip, -delay), self._bank.hop)
                for clip, delay in zip(clips, delays, strict=True)
            ]
        )
        hops = np.arange(levels.shape[1])
        whole = (hops >= -(delays[:, None] // self._bank.hop)) & (
            (hops + 1) * self._bank.hop <= clips.shape[1] - delays[:, None]
        )
        heard = (whole & (self._levels > HEARD_DB)).astype(np.float32)
        scale, residual, power = project(self._levels - levels, heard, self._curves)
        return summarise(scale, residual, power, self._bank)


def profile_size(bank: GainBank) -> int:
    """Return how many features a bank makes."""
    thresholds, attacks, releases = _shape(bank)
    return 2 * (thresholds + attacks + releases + attacks * releases) + 5


def profile_of_no_gain(bank: GainBank) -> np.ndarray:
    """Return the profile of any loop against itself, shape (features,), float16."""
    nothing = np.zeros((1, 1), np.float32)
    curves = np.zeros((int(np.prod(_shape(bank))), 1), np.float32)
    return summarise(*project(nothing, nothing, curves), bank)[0]


def project(
    gain: np.ndarray, heard: np.ndarray, curves: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Project gain-reduction curves on those of a bank.

    Parameters
    ----------
    gain : ndarray, shape (n, hops), float32, dB
    heard : ndarray, shape (n, hops), float32
        1 in the hops that count, else 0.
    curves : ndarray, shape (settings, hops), float32, dB

    Returns
    -------
    scale : ndarray, shape (n, settings)
        What each of the bank's curves is multiplied by to come nearest to the clip's; 0 where
        either of them is nearly none.
    residual : ndarray, shape (n, settings)
        Share of the curve's power that is left over, 0 to 1.
    power : ndarray, shape (n,), dB squared
        Mean square of the gain.
    """
    gain = gain * heard
    count = np.maximum(heard.sum(axis=1, keepdims=True), 1)
    of_both = gain @ curves.T / count
    of_curves = heard @ np.square(curves).T / count + _LEAST_POWER
    power = np.square(gain).sum(axis=1, keepdims=True) / count
    scale = of_both / of_curves
    residual = 1 - scale * of_both / (power + _LEAST_POWER)
    return scale, residual, power[:, 0]


def summarise(
    scale: np.ndarray, residual: np.ndarray, power: np.ndarray, bank: GainBank
) -> np.ndarray:
    """Turn projections on a bank, as `project` returns them, into features.

    Returns
    -------
    ndarray, shape (n, features), float16
        For thresholds, attacks, releases and pairs of attack and release in turn, the residuals
        and then the scales; place and scale of the smallest residual; power.
    """
    shape = (len(power), *_shape(bank))
    scale = np.clip(scale, 0, _LARGEST_SCALE).reshape(shape)
    residual = 1 + np.log10(np.maximum(residual, _LEAST_RESIDUAL)).reshape(shape) / (
        _RESIDUAL_DECADES
    )
    features = []
    for axes in _SOUGHT_OVER:
        for_each = shape[0], -1, int(np.prod([shape[axis] for axis in axes]))
        last = range(-len(axes), 0)
        residuals = np.moveaxis(residual, axes, last).reshape(for_each)
        scales = np.moveaxis(scale, axes, last).reshape(for_each)
        best = residuals.argmin(axis=-1)[..., None]
        features += [np.take_along_axis(each, best, -1)[..., 0] for each in (residuals, scales)]
    best = residual.reshape(shape[0], -1).argmin(axis=1)
    places = np.unravel_index(best, shape[1:])
    features += [
        (place / (count - 1))[:, None] for place, count in zip(places, shape[1:], strict=True)
    ]
    features.append(scale.reshape(shape[0], -1)[np.arange(shape[0]), best][:, None])
    features.append(np.log10(np.maximum(power, _LEAST_POWER))[:, None] / _POWER_DECADES)
    return np.concatenate(features, axis=1).astype(np.float16)


def _shape(bank: GainBank) -> tuple[int, int, int]:
    return bank.threshold_db.count, bank.attack_ms.count, bank.release_ms.count
