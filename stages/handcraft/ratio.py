"""Features in which the ratio shows. The ratio of the crest factors is in the set `all`."""

from __future__ import annotations

import numpy as np

from stages.handcraft.rms_curve import AUDIBLE_DB


def ratio_features(dry_level: np.ndarray, level: np.ndarray) -> dict[str, np.ndarray]:
    """Measure how the compressed level follows the dry one.

    Parameters
    ----------
    dry_level : ndarray, shape (frames,), dB
    level : ndarray, shape (clips, frames), dB

    Returns
    -------
    dict of str to ndarray, shape (clips,)
        `slope` of the compressed level on the dry one over the loudest half of the audible frames;
        `variance_ratio`, compressed over dry, over the audible frames. Both are 1 where the dry
        level does not vary.
    """
    audible = dry_level > AUDIBLE_DB
    median = np.median(dry_level[audible]) if audible.any() else 0.0
    dry_loud, loud = _centred(dry_level, level, audible & (dry_level >= median))
    dry_heard, heard = _centred(dry_level, level, audible)
    return {
        "slope": _quotient((loud * dry_loud).sum(axis=1), np.square(dry_loud).sum()),
        "variance_ratio": _quotient(np.square(heard).sum(axis=1), np.square(dry_heard).sum()),
    }


def _centred(
    dry_level: np.ndarray, level: np.ndarray, chosen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return both levels in the chosen frames, less their means."""
    if not chosen.any():
        return np.zeros(1), np.zeros((len(level), 1))
    dry, clips = dry_level[chosen], np.compress(chosen, level, axis=1)
    return dry - dry.mean(), clips - clips.mean(axis=1, keepdims=True)


def _quotient(numerator: np.ndarray, denominator: float) -> np.ndarray:
    return numerator / denominator if denominator > 0 else np.ones_like(numerator)
