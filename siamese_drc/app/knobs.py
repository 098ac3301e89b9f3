"""The settings as the page shows them: a number and a slider each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Knob:
    """A setting as a number and a slider from `low` to `high`.

    Examples
    --------
    >>> attack = Knob("Attack", 0.1, 10.0, logarithmic=True)
    >>> attack.value(0.5), attack.position(1.0), attack.rounded(0.123456)
    (1.0, 0.5, 0.1235)
    """

    label: str
    low: float
    high: float
    logarithmic: bool = False

    def position(self, value: float) -> float:
        """Return where the slider stands, 0 to 1."""
        ends = self._scaled(self.low), self._scaled(self.high)
        return float(np.interp(self._scaled(value), ends, (0.0, 1.0)))

    def value(self, position: float) -> float:
        """Return the setting where the slider stands."""
        at = float(
            np.interp(position, (0.0, 1.0), (self._scaled(self.low), self._scaled(self.high)))
        )
        return self.rounded(10**at if self.logarithmic else at)

    def rounded(self, value: float) -> float:
        """Return a value as the page shows and applies it: 4 digits, or to 0.01 dB."""
        return float(f"{value:.4g}" if self.logarithmic else f"{value:z.2f}")

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value


KNOBS = {
    "threshold_db": Knob("Threshold (dBFS)", -80, 0),
    "ratio": Knob("Ratio (to 1)", 1, 50, logarithmic=True),
    "attack_ms": Knob("Attack (ms)", 0.02, 250, logarithmic=True),
    "release_ms": Knob("Release (ms)", 5, 5000, logarithmic=True),
    "makeup_db": Knob("Make-up gain (dB)", -24, 24),
    "knee_db": Knob("Knee (dB)", 0, 24),
}
# Typed values may lie beyond the ends of the sliders.
_TYPED = {
    "threshold_db": (-120.0, 0.0),
    "ratio": (1.0, 1000.0),
    "attack_ms": (0.01, 10_000.0),
    "release_ms": (0.01, 10_000.0),
    "makeup_db": (-100.0, 100.0),
    "knee_db": (0.0, 24.0),
}


def limited(settings: Mapping[str, float]) -> dict[str, float]:
    """Return settings within the limits of what may be typed, as they are shown and applied."""
    return {
        name: knob.rounded(min(max(settings[name], _TYPED[name][0]), _TYPED[name][1]))
        for name, knob in KNOBS.items()
    }
