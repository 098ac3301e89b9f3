"""Siamese network on a dry loop A and another recording B, compressed: B's settings.

Both pass the same dense branch; the settings are read from the difference of the embeddings, the
dry one minus the compressed one, as in the paper (Fig. 1), by a head of one hidden layer. Beside
it the head is given B's embedding: A is not the loop that became B, and how much of the difference
is the compressor's doing depends on what B is.
Arithmetic here is NumPy's, so that the tool need not load what trained it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import erf

# Of the scaled settings: threshold in dB above the dry recording's loudness, 1/R, log ms, log ms.
_LOWEST = np.array([-30.0, 0.0, np.log(1), np.log(10)])
_HIGHEST = np.array([20.0, 1.0, np.log(100), np.log(1000)])
_CLIPPED = 5.0  # deviations: a feature that is stranger than this counts as just so strange
_SMALLEST_INVERSE_RATIO = 0.02

Layer = tuple[np.ndarray, np.ndarray]
"""Kernel, shape (inputs, units), and bias."""


@dataclass(frozen=True)
class PairNetwork:
    """A trained network."""

    mean: np.ndarray
    deviation: np.ndarray
    branch: list[Layer]
    head: list[Layer]

    def standardised(self, features: np.ndarray) -> np.ndarray:
        """Return features as the network takes them, shape (..., features)."""
        scaled = (features - self.mean) / self.deviation
        return np.clip(scaled, -_CLIPPED, _CLIPPED).astype(np.float32)

    def embedding(self, dry: np.ndarray, compressed: np.ndarray) -> np.ndarray:
        """Embed pairs: the difference, and the compressed one's own, shape (..., 2 embedding)."""
        of_dry, of_compressed = (
            _dense(self.branch, self.standardised(one)) for one in (dry, compressed)
        )
        return np.concatenate([of_dry - of_compressed, of_compressed], axis=-1)

    def output(self, embedding: np.ndarray) -> np.ndarray:
        """Return the scaled settings that the network itself reads, shape (..., 4)."""
        return _dense(self.head, embedding)


def scaled(settings: np.ndarray) -> np.ndarray:
    """Scale settings (..., 4), the threshold relative to the loudness, to about [0, 1]."""
    threshold, ratio, attack, release = np.moveaxis(settings, -1, 0)
    heard = np.stack([threshold, 1 / ratio, np.log(attack), np.log(release)], axis=-1)
    return (heard - _LOWEST) / (_HIGHEST - _LOWEST)


def threshold_db(value: Any) -> Any:
    """Restore a threshold, not limited to where it was drawn from; of any kind of array."""
    return value * float(_HIGHEST[0] - _LOWEST[0]) + float(_LOWEST[0])


def restored(values: np.ndarray) -> np.ndarray:
    """Undo `scaled`, within what the settings were drawn from."""
    heard = np.clip(values, 0, 1) * (_HIGHEST - _LOWEST) + _LOWEST
    threshold, inverse, attack, release = np.moveaxis(heard, -1, 0)
    ratio = 1 / np.maximum(inverse, _SMALLEST_INVERSE_RATIO)
    return np.stack([threshold, ratio, np.exp(attack), np.exp(release)], axis=-1)


def _dense(layers: list[Layer], values: np.ndarray) -> np.ndarray:
    """Apply dense layers, GELU between them."""
    for number, (kernel, bias) in enumerate(layers):
        values = values @ kernel + bias
        if number < len(layers) - 1:
            values = 0.5 * values * (1 + erf(values / np.sqrt(2)))
    return values.astype(np.float32)
