"""Settings by a search: those under which a loop has the dynamics of a reference.

It needs no training of the settings, and is the comparison for the learnt model. Candidates are
drawn from the same ranges as the model's training; the loop is compressed under each, and the
settings are the mean of those under which its dynamics come closest to the reference's
(approximate Bayesian computation by nearest neighbours).

References
----------
M. A. Beaumont, W. Zhang and D. J. Balding, "Approximate Bayesian computation in population
genetics", Genetics 162, 2002.
"""

from __future__ import annotations

import numpy as np

from siamese_drc.compressor.compressor import compress
from siamese_drc.match.dynamics import as_settings, dynamics, relative
from siamese_drc.match.model import MatchModel, restored, scaled

_NEAREST = 8  # candidates


def closest_settings(
    loop: np.ndarray,
    references: np.ndarray,
    candidates: np.ndarray,
    *,
    loudness: float,
    sample_rate: int,
    model: MatchModel,
) -> np.ndarray:
    """Return the settings under which a loop comes closest to the dynamics of references.

    Parameters
    ----------
    loop : ndarray, shape (samples,), full scale 1.0
    references : ndarray, shape (references, features)
        Their `dynamics`.
    candidates : ndarray, shape (candidates, 4)
        Settings to try, the threshold in dB above the loudness of the loop.
    loudness : float
        Of the loop, LUFS.
    sample_rate : int, Hz
    model : MatchModel
        Its mean and deviation of the features are used.

    Returns
    -------
    ndarray, shape (references, 4)
        As `candidates`.
    """
    absolute = relative(candidates, -loudness)
    absolute[:, 0] = np.minimum(absolute[:, 0], 0.0)
    clips = compress(loop, as_settings(absolute), sample_rate=sample_rate)
    tried, wanted = (
        model.network.standardised(features)
        for features in (
            np.stack([dynamics(clip, sample_rate=sample_rate) for clip in clips]),
            references,
        )
    )
    distances = np.square(tried - wanted[:, np.newaxis]).sum(axis=-1)
    nearest = np.argsort(distances, axis=1)[:, :_NEAREST]
    return restored(scaled(candidates)[nearest].mean(axis=1))
