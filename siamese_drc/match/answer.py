"""The answer of `match`: a situation, settings with 90 % intervals, and warnings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from siamese_drc.match.families import Family, Link

# The reference is the loop itself, compressed; or another recording; or no settings were found.
SAME_PERFORMANCE = "same performance"
ANOTHER_RECORDING = "another recording"
NO_ANSWER = "no answer"

MAKEUP = "makeup_db"
SETTING_NAMES = ("threshold_db", "ratio", "attack_ms", "release_ms", MAKEUP)


@dataclass(frozen=True)
class Estimate:
    """A setting and the ends of its 90 % interval."""

    value: float
    low: float
    high: float

    @classmethod
    def known(cls, value: float) -> Estimate:
        """Return a setting that is given, not estimated: an interval of width 0."""
        return cls(value, value, value)

    def mapped(self, rising: Callable[[float], float]) -> Estimate:
        """Return the estimate of a rising function of the setting."""
        return Estimate(rising(self.value), rising(self.low), rising(self.high))


@dataclass(frozen=True)
class Position:
    """Where a loop lies in a reference of the same performance, and how they differ but in gain.

    Attributes
    ----------
    delay_s : float, s
        Place of the loop's first sample in the reference, by its own time; negative where the
        reference starts later in the performance.
    speed : float
        Of the reference, relative to the loop's: above 1 it is shorter and higher.
    inverted : bool
        Whether the reference's polarity is opposite to the loop's.
    start_s, seconds : float, s
        Start and length of the stretch of the loop from which the settings are found.
    """

    delay_s: float
    speed: float
    inverted: bool
    start_s: float
    seconds: float


@dataclass(frozen=True)
class ReferenceAnswer:
    """What one of the references said: its share of the answer, and the settings that it would give
    alone, none where it was not used.
    """

    name: str
    weight: float
    settings: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """The compressor's settings for a loop, found from a reference.

    Attributes
    ----------
    situation : str
        `SAME_PERFORMANCE`, `ANOTHER_RECORDING` or `NO_ANSWER`.
    settings : dict of str to Estimate
        The threshold is in dBFS of the loop as given. Empty without an answer.
    warnings : list of str
        What is poorly determined, one sentence each; without an answer, why there is none.
    family, link : str
        The compressor's design, and what controls the gain of several channels (None: their mean);
        see `siamese_drc.match.families`.
    families : dict of str to float
        Of the same performance: what each design that was tried leaves unexplained of the gain,
        root mean square, dB.
    unexplained_db : float, optional
        The same of the settings of the answer.
    start_db : float, optional
        Of the same performance: the compressor's state before the first sample.
    residual_db : float, optional
        Power that loop and settings do not explain, relative to the reference's.
    position : Position, optional
        Of the same performance: delay, speed and polarity.
    limiter : dict of str to float
        Threshold (dBFS of the reference), ratio, attack, release and look-ahead of a limiter that
        followed the compressor. Empty where there was none.
    references : list of ReferenceAnswer
        In the order in which they were given.

    Examples
    --------
    >>> answer = Answer(SAME_PERFORMANCE, {"ratio": Estimate(4.0, 3.9, 4.1)})
    >>> answer.values()
    {'ratio': 4.0}
    """

    situation: str
    settings: dict[str, Estimate] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    family: Family = "branching"
    link: Link | None = None
    families: dict[Family, float] = field(default_factory=dict)
    unexplained_db: float | None = None
    start_db: float | None = None
    residual_db: float | None = None
    position: Position | None = None
    limiter: dict[str, float] = field(default_factory=dict)
    references: list[ReferenceAnswer] = field(default_factory=list)

    def values(self) -> dict[str, float]:
        """Return the settings' values, as `process` takes them."""
        return {name: setting.value for name, setting in self.settings.items()}

    def as_json(self) -> dict[str, Any]:
        """Return the answer as plain dictionaries and lists, for JSON."""
        told = ["situation", "settings", "warnings", "references", "family", "link"]
        if self.situation == SAME_PERFORMANCE:
            told += ["families", "unexplained_db", "start_db", "residual_db", "position", "limiter"]
        fields = asdict(self)
        return {name: fields[name] for name in told}
