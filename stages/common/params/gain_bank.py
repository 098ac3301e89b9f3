"""The bank of gain-reduction curves against which a clip's own is measured."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from stages.common.params.checked import Checked, Count, Positive
from stages.common.params.grids import check_setting


class Spread(Checked):
    """Values from `start` to `stop`, both of them included."""

    start: float
    stop: float
    count: Annotated[int, Field(ge=2)]

    def linear(self) -> np.ndarray:
        """Return the values, equally far apart."""
        return np.linspace(self.start, self.stop, self.count)

    def geometric(self) -> np.ndarray:
        """Return the values, each the same number of times the one before it."""
        return np.geomspace(self.start, self.stop, self.count)


class GainBank(Checked):
    """Every combination of these thresholds (linear), attacks and releases (geometric)."""

    hop: Count
    threshold_db: Spread
    attack_ms: Spread
    release_ms: Spread
    ratio: Annotated[float, Field(gt=1, le=1000)]
    align_ms: Positive

    @model_validator(mode="after")
    def _possible(self) -> GainBank:
        for name in ("threshold_db", "attack_ms", "release_ms"):
            spread = getattr(self, name)
            for value in (spread.start, spread.stop):
                check_setting(name, value)
        return self
