"""The ways to compress a loop under many settings that are measured: ours, peers, a textbook loop.

Each writes to an array (settings, samples) that is there already, as the stage does.
JUCE's compressor (pedalboard) and torchcomp smooth other quantities than this project does; what
is compared is the cost of a sample, not the sound. The textbook loop computes the same as this
project.
"""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
import pedalboard
import torch
import torchcomp

from stages.compress.compressor import compress
from stages.compress.settings import Settings

SAMPLE_RATE = 44100
TORCHCOMP_AT_ONCE = 5  # the fastest: with 125 it takes three times as long


def ours(loop: np.ndarray, settings: Settings, clips: np.ndarray) -> None:
    """Compress under all settings at once."""
    compress(loop, settings, sample_rate=SAMPLE_RATE, out=clips)


def with_pedalboard(loop: np.ndarray, settings: Settings, clips: np.ndarray) -> None:
    """Compress under one setting after the other, as the plug-in does."""
    for row in range(len(settings)):
        plugin = pedalboard.Compressor(
            settings.threshold_db[row],
            settings.ratio[row],
            settings.attack_ms[row],
            settings.release_ms[row],
        )
        clips[row] = plugin(loop, SAMPLE_RATE)


def with_torchcomp(loop: np.ndarray, settings: Settings, clips: np.ndarray) -> None:
    """Compress under a few settings at a time; the expander is set to do nothing."""
    signal = torch.from_numpy(loop)
    magnitude = signal.abs().clamp_min(1e-6)
    for first in range(0, len(settings), TORCHCOMP_AT_ONCE):
        some = settings[first : first + TORCHCOMP_AT_ONCE]
        gain = torchcomp.compexp_gain(
            magnitude.expand(len(some), -1),
            comp_thresh=torch.from_numpy(some.threshold_db).float(),
            comp_ratio=torch.from_numpy(some.ratio).float(),
            exp_thresh=-120.0,
            exp_ratio=0.999,
            at=torchcomp.ms2coef(torch.from_numpy(some.attack_ms), SAMPLE_RATE).float(),
            rt=torchcomp.ms2coef(torch.from_numpy(some.release_ms), SAMPLE_RATE).float(),
        )
        torch.mul(gain, signal, out=torch.from_numpy(clips[first : first + len(some)]))


def by_textbook(loop: np.ndarray, settings: Settings, clips: np.ndarray) -> None:
    """Compress under one setting after the other with a compiled loop over the samples."""
    for row in range(len(settings)):
        textbook_loop(
            loop,
            settings.threshold_db[row],
            settings.ratio[row],
            np.exp(-1000 / (settings.attack_ms[row] * SAMPLE_RATE)),
            np.exp(-1000 / (settings.release_ms[row] * SAMPLE_RATE)),
            clips[row],
        )


@numba.njit
def textbook_loop(loop, threshold, ratio, attack, release, compressed):
    """Compress sample by sample, in float64 (Giannoulis, Massberg and Reiss 2012, eq. 16)."""
    smoothed = 0.0
    for n in range(loop.size):
        level = 20.0 * np.log10(max(abs(loop[n]), 1e-6))
        overshoot = max(level - threshold, 0.0) * (1.0 - 1.0 / ratio)
        a = attack if overshoot > smoothed else release
        smoothed = a * smoothed + (1.0 - a) * overshoot
        compressed[n] = loop[n] * 10.0 ** (-smoothed / 20.0)


PEERS: dict[str, Callable[[np.ndarray, Settings, np.ndarray], None]] = {
    "pedalboard": with_pedalboard,
    "torchcomp": with_torchcomp,
    "textbook loop": by_textbook,
}
