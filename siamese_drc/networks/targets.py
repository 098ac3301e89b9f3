"""The targets of a network: the parameters that a grid varies, each scaled to [0, 1]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from siamese_drc.compressor.grids import Grid

Domain = Literal["linear", "sound"]

# Of `sound` targets: those whose equal ratios sound about equally large.
_LOGARITHMIC = ("ratio", "attack_ms", "release_ms")


@dataclass(frozen=True)
class TargetScale:
    """The range of each target over the whole grid, mapped to [0, 1].

    The domain is `linear`, real units, or `sound`: the threshold in dB, the logarithms of the
    others. (The gain reduction grows with 1 - 1/ratio; but in that domain the high ratios, whose
    errors in real units are the largest, would lie too close together.)

    Examples
    --------
    >>> scale = TargetScale(["attack_ms"], "linear", np.array([1.0]), np.array([99.0]))
    >>> scale.scale(np.array([[1.0], [50.0]])).tolist()
    [[0.0], [0.5]]
    """

    names: list[str]  # the varied parameters
    domain: Domain
    low: np.ndarray  # shape (parameters,), in the domain
    high: np.ndarray

    @classmethod
    def of_grid(cls, grid: Grid, domain: Domain = "linear") -> TargetScale:
        """Return the range of the grid's varied parameters over all loops' offsets."""
        bounds = np.array([grid.bounds(name) for name in grid.varied], np.float64).T
        low, high = _mapped(bounds, grid.varied, domain, np.log)
        return cls(grid.varied, domain, low, np.where(high > low, high, low + 1.0))

    @property
    def per_db(self) -> np.ndarray:
        """By how much each scaled target rises where a loop gets 1 dB louder: the threshold's."""
        rises = np.array([name == "threshold_db" for name in self.names])
        return rises / (self.high - self.low)

    def scale(self, values: np.ndarray) -> np.ndarray:
        """Return parameters (rows, parameters) in real units scaled to [0, 1], float32."""
        values = _mapped(values, self.names, self.domain, np.log)
        return ((values - self.low) / (self.high - self.low)).astype(np.float32)

    def restore(self, scaled: np.ndarray) -> np.ndarray:
        """Return scaled parameters in real units, float32.

        `sound` targets are first limited to [0, 1]: a logarithm that is slightly too high is a
        value that is much too high.
        """
        if self.domain == "sound":
            scaled = np.clip(scaled, 0, 1)
        values = self.low + scaled * (self.high - self.low)
        return _mapped(values, self.names, self.domain, np.exp).astype(np.float32)


def _mapped(
    values: np.ndarray, names: Sequence[str], domain: Domain, function: np.ufunc
) -> np.ndarray:
    """Return parameters (rows, parameters), `function` applied to those that are logarithmic."""
    if domain == "linear":
        return values
    mapped = np.array(values, np.float64, order="C")
    for column, name in enumerate(names):
        if name in _LOGARITHMIC:
            mapped[:, column] = function(mapped[:, column])
    return mapped
