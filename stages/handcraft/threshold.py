"""Features in which the threshold shows."""

from __future__ import annotations

import numpy as np

from stages.handcraft.rms_curve import AUDIBLE_DB

PERCENTILES = (5, 25, 50, 75, 95)
SMALLEST_REDUCTION_DB = 0.5


def threshold_features(dry_level: np.ndarray, reduction: np.ndarray) -> dict[str, np.ndarray]:
    """Measure how far the level is reduced, and from which level on.

    Parameters
    ----------
    dry_level : ndarray, shape (frames,), dB
    reduction : ndarray, shape (clips, frames), dB

    Returns
    -------
    dict of str to ndarray, shape (clips,), dB
        `reduction_p5` ... `reduction_p95`: percentiles over the audible frames, 0 where there are
        none. `lowest_reduced_level`: the lowest dry level that is reduced by more than 0.5 dB, 0
        dBFS where none is.
    """
    audible = dry_level > AUDIBLE_DB
    heard = reduction[:, audible] if audible.any() else np.zeros((len(reduction), 1))
    found = np.percentile(heard, PERCENTILES, axis=1)
    reduced = audible & (reduction > SMALLEST_REDUCTION_DB)
    return {
        **{f"reduction_p{p}": each for p, each in zip(PERCENTILES, found, strict=True)},
        "lowest_reduced_level": np.where(reduced, dry_level, 0.0).min(axis=1),
    }
