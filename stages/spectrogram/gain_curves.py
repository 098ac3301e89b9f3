"""Gain-reduction curves: how far a clip lies below its dry loop, hop by hop.

The smoothed overshoot is homogeneous (Giannoulis, Massberg and Reiss 2012, eqs. 4 and 16), so that
the curve of a ratio R is 1 - 1/R times that of an infinite ratio: a bank of curves needs no ratios.
This is exact sample by sample, and nearly so for the level of a hop.
"""

from __future__ import annotations

import numpy as np

from stages.common.params import GainBank
from stages.compress.compressor import compress
from stages.compress.settings import Settings

MINIMUM_POWER = 1e-10  # -100 dB
_CLIPS_AT_ONCE = 96  # of four seconds: 70 MB


def hop_levels(signal: np.ndarray, hop: int) -> np.ndarray:
    """Return the mean square of every whole hop, in dB.

    Parameters
    ----------
    signal : ndarray, shape (*batch, samples), float32, full scale 1.0
    hop : int, samples

    Returns
    -------
    ndarray, shape (*batch, samples // hop), float32, dB, at least -100 (to rounding)
    """
    *batch, samples = signal.shape
    hops = samples // hop
    framed = signal[..., : hops * hop].reshape(*batch, hops, hop)
    power = np.einsum("...t,...t->...", framed, framed) / np.float32(hop)
    return 10 * np.log10(np.maximum(power, np.float32(MINIMUM_POWER)))


def bank_settings(bank: GainBank) -> Settings:
    """Return the settings of a bank, the release varying fastest and the threshold slowest."""
    threshold, attack, release = np.meshgrid(
        bank.threshold_db.linear(),
        bank.attack_ms.geometric(),
        bank.release_ms.geometric(),
        indexing="ij",
    )
    ratio = np.full(threshold.size, bank.ratio)
    return Settings(threshold.ravel(), ratio, attack.ravel(), release.ravel())


def bank_curves(dry: np.ndarray, bank: GainBank, *, sample_rate: int) -> np.ndarray:
    """Compress a loop under a bank's settings, by the paper's compressor, and measure the gain.

    Parameters
    ----------
    dry : ndarray, shape (samples,), float32, full scale 1.0
    bank : GainBank
    sample_rate : int, Hz

    Returns
    -------
    ndarray, shape (settings, samples // hop), float32, dB
        The gain reduction by each of `bank_settings`, for an infinite ratio.
    """
    settings = bank_settings(bank)
    levels = hop_levels(dry, bank.hop)
    curves = np.empty((len(settings), levels.size), np.float32)
    for start in range(0, len(settings), _CLIPS_AT_ONCE):
        some = settings[start : start + _CLIPS_AT_ONCE]
        clips = compress(dry, some, sample_rate=sample_rate)
        curves[start : start + len(some)] = levels - hop_levels(clips, bank.hop)
    curves /= np.float32(1 - 1 / bank.ratio)
    return curves
