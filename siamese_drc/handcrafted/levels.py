"""Levels over time, and the features in which threshold and ratio show.

The level of a dry loop has the shape (frames,); the level and the gain reduction of its clips have
the shape (clips, frames). All are in dB.
"""

from __future__ import annotations

import numpy as np

FLOOR_DB = -160.0  # of silence
# Quieter dry frames do not show the gain: in the compressed ones, 24-bit rounding dominates.
AUDIBLE_DB = -90.0
PERCENTILES = (5, 25, 50, 75, 95)
SMALLEST_REDUCTION_DB = 0.5


def rms_curve(signal: np.ndarray, *, frame: int, hop: int) -> np.ndarray:
    """Return the root mean square of every frame, shape (*batch, 1 + samples // hop), float64.

    Frame t is centred on sample t * hop; beyond the signal's ends lie zeros. `hop` divides `frame`.
    """
    frames, hops = 1 + signal.shape[-1] // hop, frame // hop
    around = [(0, 0)] * (signal.ndim - 1) + [(frame // 2, frame - frame // 2)]
    padded = np.pad(signal, around)[..., : (frames + hops - 1) * hop]
    parts = padded.reshape(*signal.shape[:-1], -1, hop)
    # The energy of a hop is summed once, and then added to every frame that contains the hop.
    energy = np.einsum("...s,...s->...", parts, parts).astype(np.float64)
    of_frame = sum(energy[..., first : first + frames] for first in range(hops))
    return np.sqrt(of_frame / frame)


def decibels(amplitude: np.ndarray) -> np.ndarray:
    """Return 20 log10 of amplitudes, dB, at least -160."""
    return 20 * np.log10(np.maximum(amplitude, 10 ** (FLOOR_DB / 20)))


def gain_reduction(dry_level: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Return the level of the dry loop minus that of its compressed clips, (clips, frames), dB.

    Where the dry loop is silent, it is that of the last frame in which it was not, and 0 before the
    first such frame.
    """
    audible = dry_level > AUDIBLE_DB
    last = np.maximum.accumulate(np.where(audible, np.arange(len(audible)), -1))
    return np.where(last < 0, 0.0, np.take(dry_level - level, last, axis=1))


def threshold_features(dry_level: np.ndarray, reduction: np.ndarray) -> dict[str, np.ndarray]:
    """Return by how much the level is reduced, and from which level on: shape (clips,), dB.

    `reduction_p5` ... `reduction_p95` are percentiles over the audible frames, 0 where there are
    none. `lowest_reduced_level` is the lowest dry level that is reduced by more than 0.5 dB, 0 dBFS
    where none is.
    """
    audible = dry_level > AUDIBLE_DB
    of_audible = reduction[:, audible] if audible.any() else np.zeros((len(reduction), 1))
    found = np.percentile(of_audible, PERCENTILES, axis=1)
    reduced = audible & (reduction > SMALLEST_REDUCTION_DB)
    return {
        **{f"threshold.reduction_p{p}": each for p, each in zip(PERCENTILES, found, strict=True)},
        "threshold.lowest_reduced_level": np.where(reduced, dry_level, 0.0).min(axis=1),
    }


def ratio_features(dry_level: np.ndarray, level: np.ndarray) -> dict[str, np.ndarray]:
    """Return how the compressed level follows the dry one: shape (clips,).

    `slope` is that of the compressed level on the dry one over the loudest half of the audible
    frames; `variance_ratio`, compressed over dry, is over all audible ones. Both are 1 where the
    dry level does not vary. (The ratio of the crest factors is in the set `all`.)
    """
    audible = dry_level > AUDIBLE_DB
    median = np.median(dry_level[audible]) if audible.any() else 0.0
    dry_loud, loud = _centred(dry_level, level, audible & (dry_level >= median))
    dry_audible, of_audible = _centred(dry_level, level, audible)
    slope = _quotient((loud * dry_loud).sum(axis=1), np.square(dry_loud).sum())
    ratio = _quotient(np.square(of_audible).sum(axis=1), np.square(dry_audible).sum())
    return {"ratio.slope": slope, "ratio.variance_ratio": ratio}


def _centred(
    dry_level: np.ndarray, level: np.ndarray, chosen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return both levels in the chosen frames, minus their means."""
    if not chosen.any():
        return np.zeros(1), np.zeros((len(level), 1))
    dry, clips = dry_level[chosen], np.compress(chosen, level, axis=1)
    return dry - dry.mean(), clips - clips.mean(axis=1, keepdims=True)


def _quotient(numerator: np.ndarray, denominator: float) -> np.ndarray:
    return numerator / denominator if denominator > 0 else np.ones_like(numerator)
