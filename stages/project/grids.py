"""Checked types, and the sections of params.yaml about settings: grids and the gain bank.

Every number in params.yaml has an upper bound, far above what is useful and low enough that a slip
of the keyboard cannot ask for a terabyte (docs/reproduce.md, "Limits of params.yaml").
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from functools import cached_property
from math import prod
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from siamese_drc.compressor import grids
from siamese_drc.compressor.settings import PARAMETERS, check_setting


def nearest(name: object, names: Iterable[str]) -> str:
    """Return "; did you mean ...?" with the name most like `name`, or nothing."""
    matches = difflib.get_close_matches(str(name), list(names), n=1)
    return f"; did you mean {matches[0]}?" if matches else ""


def _check_key(key: str) -> str:
    if len(key) > 100 or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key):
        raise ValueError(
            "a name is lower-case letters and digits, with '-' between words, at most 100 of them"
        )
    return key


ScaleName = Literal["smoke", "laptop", "paper"]
Key = Annotated[str, AfterValidator(_check_key)]
Positive = Annotated[float, Field(gt=0, le=1000)]
NotNegative = Annotated[float, Field(ge=0, le=1000)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
Part = Annotated[float, Field(gt=0, le=1)]
Decibels = Annotated[float, Field(ge=0, le=60)]
Count = Annotated[int, Field(ge=1, le=10_000)]
Many = Annotated[int, Field(ge=2, le=1_000_000)]  # loops, settings
Samples = Annotated[int, Field(ge=1, le=10_000_000)]
Frame = Annotated[int, Field(ge=16, le=65_536, multiple_of=2)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Value = Annotated[float, Field(ge=-10_000, le=10_000)]  # of a parameter, or a step of one
Some = Field(min_length=1, max_length=100)  # of a list

SETTINGS = 1_000_000  # of a grid or a gain bank, at most


def _check_size(counts: Iterable[int]) -> None:
    if (settings := prod(counts)) > SETTINGS:
        raise ValueError(f"has {settings} settings, must have at most {SETTINGS}")


class Checked(BaseModel):
    """A part of params.yaml: unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, content: Any) -> Any:
        for key in content if isinstance(content, dict) else ():
            if key not in cls.model_fields:
                hint = nearest(key, cls.model_fields)
                raise ValueError(f"there is no key {key!r} here{hint}")
        return content


class Axis(Checked):
    """Values of one parameter: start + i * step + (loop mod 8) * offset_per_loop."""

    start: Value
    step: Value | None = None
    stop: Value | None = None
    count: Count
    offset_per_loop: Value = 0.0

    @model_validator(mode="after")
    def _one_of_step_and_stop(self) -> Axis:
        if (self.step is None) == (self.stop is None):
            raise ValueError("needs either step or stop")
        if self.stop is not None and self.count < 2:
            raise ValueError("count must be at least 2 where stop is given")
        return self

    @property
    def values(self) -> grids.Axis:
        """The axis in the library's form."""
        step = self.step
        if step is None:
            assert self.stop is not None
            step = (self.stop - self.start) / (self.count - 1)
        return grids.Axis(self.start, step, self.count, self.offset_per_loop)


class Setting(Checked):
    """One compressor setting."""

    threshold_db: Value
    ratio: Value
    attack_ms: Value
    release_ms: Value

    @model_validator(mode="after")
    def _possible(self) -> Setting:
        for name in PARAMETERS:
            check_setting(name, getattr(self, name))
        return self


class Grid(Checked):
    """One grid: the axes of the parameters that it varies."""

    threshold_db: Axis | None = None
    ratio: Axis | None = None
    attack_ms: Axis | None = None
    release_ms: Axis | None = None

    def with_defaults(self, defaults: Setting) -> grids.Grid:
        """Return the grid in the library's form; `defaults` has what it does not vary."""
        axes = {name: axis.values for name in PARAMETERS if (axis := getattr(self, name))}
        return grids.Grid(**defaults.model_dump() | axes)

    @model_validator(mode="after")
    def _possible(self) -> Grid:
        _check_size(self.with_defaults(_POSSIBLE).counts)
        return self


_POSSIBLE = Setting(threshold_db=0.0, ratio=1.0, attack_ms=1.0, release_ms=1.0)


class Grids(BaseModel):
    """The grids by name, beside the defaults of the parameters that a grid does not vary."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    __pydantic_extra__: dict[Key, Grid]

    defaults: Setting

    @cached_property
    def named(self) -> dict[str, grids.Grid]:
        """The grids by name in the library's form, which has the defaults in it."""
        entries = self.__pydantic_extra__ or {}
        return {name: grid.with_defaults(self.defaults) for name, grid in entries.items()}


class Spread(Checked):
    """Values from `start` to `stop`, both of them included."""

    start: Value
    stop: Value
    count: Annotated[int, Field(ge=2, le=10_000)]


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
        names = ("threshold_db", "attack_ms", "release_ms")
        _check_size(getattr(self, name).count for name in names)
        for name in names:
            for end in ("start", "stop"):
                check_setting(name, getattr(getattr(self, name), end))
        return self

    def options(self) -> dict[str, Any]:
        """Return the arguments of `siamese_drc.inputs.GainBank`."""

        def values(spread: Spread, spaced: Callable[..., np.ndarray]) -> tuple[float, ...]:
            return tuple(spaced(spread.start, spread.stop, spread.count).tolist())

        return {
            "threshold_db": values(self.threshold_db, np.linspace),
            "attack_ms": values(self.attack_ms, np.geomspace),
            "release_ms": values(self.release_ms, np.geomspace),
            **self.model_dump(include={"hop", "ratio", "align_ms"}),
        }
