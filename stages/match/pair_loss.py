"""What the pair network is trained to make small: errors of the settings, as far as they matter."""

from __future__ import annotations

from typing import Any

import numpy as np

from stages.match.dynamics import PEAKS
from stages.match.pair_network import threshold_db

_GAIN_WEIGHT = 0.05  # per dB of gain, beside 1 for the whole range of a setting


def loss_targets(scaled_settings: np.ndarray, dry: np.ndarray) -> np.ndarray:
    """Put beside the settings to be found the levels on which they are to act.

    Parameters
    ----------
    scaled_settings : ndarray, shape (pairs, 4)
    dry : ndarray, shape (pairs, features)
        The dynamics of the dry recordings.

    Returns
    -------
    ndarray, shape (pairs, 4 + levels), float32
    """
    return np.hstack([scaled_settings, 10 * dry[:, PEAKS]]).astype(np.float32)


def pair_loss(targets: Any, output: Any) -> Any:
    """Return the mean absolute errors of the scaled settings and of the gain that they give.

    The gain is the static one (Giannoulis et al., 2012, eq. 3) at the peaks of the dry recording.
    It tells errors that are heard from those that are not: a threshold at a ratio near 1, a ratio
    at a threshold above most of the loop, or both wrong in ways that make up for each other.

    Parameters
    ----------
    targets : tensor, shape (pairs, 4 + levels)
        What `loss_targets` makes.
    output : tensor, shape (pairs, 4)
        Scaled settings.

    Returns
    -------
    tensor, shape ()
    """
    from keras import ops

    settings, levels = targets[:, :4], targets[:, 4:]
    gain_error = _static_gain_db(output, levels) - _static_gain_db(settings, levels)
    return ops.mean(ops.abs(output - settings)) + _GAIN_WEIGHT * ops.mean(ops.abs(gain_error))


def _static_gain_db(settings: Any, levels: Any) -> Any:
    from keras import ops

    return (1 - settings[:, 1:2]) * ops.relu(levels - threshold_db(settings[:, :1]))
