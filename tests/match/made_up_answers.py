"""Answers without computation, to test the code around the situations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from siamese_drc.match.answer import (
    ANOTHER_RECORDING,
    NO_ANSWER,
    SAME_PERFORMANCE,
    Answer,
    Estimate,
)

FOUND = {
    "threshold_db": Estimate(-24.0, -25.0, -23.0),
    "ratio": Estimate(4.0, 3.0, 5.0),
    "attack_ms": Estimate(5.0, 4.0, 6.0),
    "release_ms": Estimate(100.0, 80.0, 120.0),
    "makeup_db": Estimate(2.0, 1.0, 3.0),
}


class Asked:
    """Replaces both situations, and keeps the arguments of every call."""

    def __init__(self) -> None:
        self.same: list[tuple[np.ndarray, np.ndarray, dict[str, Any]]] = []
        self.another: list[tuple[np.ndarray, list[np.ndarray], dict[str, Any]]] = []
        self.is_same: Callable[[np.ndarray], bool] = lambda reference: False
        self.is_dry: Callable[[np.ndarray], bool] = lambda reference: False
        self.is_mix = False
        self.answer = Answer(ANOTHER_RECORDING, dict(FOUND), ["release: one hit only"])

    def same_performance(self, loop, reference, **options):
        self.same.append((loop, reference, options))
        if self.is_same(reference):
            return Answer(SAME_PERFORMANCE, dict(FOUND))
        if self.is_dry(reference):
            return Answer(NO_ANSWER, warnings=["it is the loop"])
        if self.is_mix:
            return Answer(ANOTHER_RECORDING, warnings=["contains the loop"])
        return None

    def another_recording(self, loop, references, **options):
        self.another.append((loop, references, options))
        return self.answer
