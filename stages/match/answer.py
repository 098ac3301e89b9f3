"""What the tool answers: a situation, settings with their uncertainty, and warnings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from stages.compress.level import Detector

# The reference is the loop itself, compressed; another recording; or the answer cannot be had.
SAME_PERFORMANCE = "same performance"
ANOTHER_RECORDING = "another recording"
NO_ANSWER = "no answer"


@dataclass(frozen=True)
class Estimate:
    """A setting and the interval in which it lies nine times of ten."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Answer:
    """The compressor's settings for a loop, found from a reference.

    Attributes
    ----------
    situation : str
        `SAME_PERFORMANCE`, `ANOTHER_RECORDING` or `NO_ANSWER`.
    settings : dict
        `threshold_db` (dBFS of the loop as loaded), `ratio`, `attack_ms`, `release_ms` and
        `makeup_db`; empty without an answer.
    warnings : list of str
        What the audio could not tell, one sentence each; without an answer, why there is none.
    detector : {"peak", "rms"}
        The compressor's level detector for which the settings hold.
    """

    situation: str
    settings: dict[str, Estimate] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    detector: Detector = "peak"

    def values(self) -> dict[str, float]:
        """Return the settings' values, as `process` takes them."""
        return {name: setting.value for name, setting in self.settings.items()}

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "situation": self.situation,
            "settings": {
                name: {"value": setting.value, "low": setting.low, "high": setting.high}
                for name, setting in self.settings.items()
            },
            "warnings": self.warnings,
        }
