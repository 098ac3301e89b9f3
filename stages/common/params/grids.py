"""The parameter grids: axes, defaults, and which values the compressor allows."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, model_validator

from stages.common.params.checked import Checked, Count

PARAMETERS = ("threshold_db", "ratio", "attack_ms", "release_ms")


class Axis(Checked):
    """Values of one parameter: start + i * step + (loop mod 8) * offset_per_loop."""

    start: float
    step: float | None = None
    stop: float | None = None
    count: Count
    offset_per_loop: float = 0.0

    @model_validator(mode="after")
    def _one_of_step_and_stop(self) -> Axis:
        if (self.step is None) == (self.stop is None):
            raise ValueError("needs either step or stop")
        if self.stop is not None and self.count < 2:
            raise ValueError("count must be at least 2 where stop is given")
        return self

    def values(self, loop: int) -> list[float]:
        """Return the `count` values for loop number `loop`, free of rounding noise."""
        if self.step is not None:
            step = self.step
        else:
            assert self.stop is not None
            step = (self.stop - self.start) / (self.count - 1)
        offset = (loop % 8) * self.offset_per_loop
        return [round(self.start + i * step + offset, 9) for i in range(self.count)]


_RULES = {
    "threshold_db": (lambda v: -120 <= v <= 0, "must lie between -120 and 0 dBFS"),
    "ratio": (lambda v: 1 <= v <= 1000, "must be at least 1 and at most 1000"),
    "attack_ms": (lambda v: 0 < v <= 10000, "must be above 0 and at most 10000 ms"),
    "release_ms": (lambda v: 0 < v <= 10000, "must be above 0 and at most 10000 ms"),
}


def check_setting(name: str, value: float) -> None:
    """Raise ValueError where `value` is impossible for the compressor parameter `name`."""
    allowed, rule = _RULES[name]
    if not allowed(value):
        raise ValueError(f"{name} {value:g}: {rule}")


class Setting(Checked):
    """One compressor setting."""

    threshold_db: float
    ratio: float
    attack_ms: float
    release_ms: float

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

    @property
    def varied(self) -> list[str]:
        """Names of the parameters that the grid varies, in the order of `PARAMETERS`."""
        return [name for name in PARAMETERS if getattr(self, name) is not None]

    @model_validator(mode="after")
    def _possible(self) -> Grid:
        if not self.varied:
            raise ValueError("an empty grid: name at least one parameter")
        for name in self.varied:
            for loop in range(8):
                for value in getattr(self, name).values(loop):
                    check_setting(name, value)
        return self


class Grids(BaseModel):
    """The grids by name, beside the defaults of the parameters that a grid does not vary."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    __pydantic_extra__: dict[str, Grid]

    defaults: Setting

    @property
    def named(self) -> dict[str, Grid]:
        """The grids by name, without the defaults."""
        return dict(self.__pydantic_extra__ or {})
