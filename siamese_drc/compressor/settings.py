"""Compressor settings: the four parameters, their ranges, and many settings at once as columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

PARAMETERS = ("threshold_db", "ratio", "attack_ms", "release_ms")

_RULES = {
    "threshold_db": (lambda v: -120 <= v <= 0, "must lie between -120 and 0 dBFS"),
    "ratio": (lambda v: 1 <= v <= 1000, "must be at least 1 and at most 1000"),
    "attack_ms": (lambda v: 0 < v <= 10000, "must be above 0 and at most 10000 ms"),
    "release_ms": (lambda v: 0 < v <= 10000, "must be above 0 and at most 10000 ms"),
}


def check_setting(name: str, value: float) -> None:
    """Raise ValueError if a value of one of `PARAMETERS` is outside its range."""
    allowed, rule = _RULES[name]
    if not allowed(value):
        raise ValueError(f"{name} {value:g}: {rule}")


class Settings:
    """Settings of the compressor, one per row.

    Parameters
    ----------
    threshold_db : array_like, shape (n,), dBFS, -120 to 0
    ratio : array_like, shape (n,), 1 to 1000
    attack_ms, release_ms : array_like, shape (n,), above 0 to 10000
        Time constants: the time to 63 % of a step.

    Attributes
    ----------
    threshold_db, ratio, attack_ms, release_ms : ndarray, shape (n,), float64

    Raises
    ------
    ValueError
        If a value is outside its range or the columns differ in length.

    Examples
    --------
    >>> settings = Settings([-20, -30], [2, 8], [5, 5], [100, 200])
    >>> len(settings)
    2
    >>> settings[1:].ratio
    array([8.])
    >>> Settings(-20, 0.5, 5, 100)
    Traceback (most recent call last):
    ValueError: ratio 0.5: must be at least 1 and at most 1000
    """

    def __init__(
        self,
        threshold_db: ArrayLike,
        ratio: ArrayLike,
        attack_ms: ArrayLike,
        release_ms: ArrayLike,
    ) -> None:
        """Check every value."""
        columns = (threshold_db, ratio, attack_ms, release_ms)
        self.threshold_db, self.ratio, self.attack_ms, self.release_ms = (
            np.atleast_1d(np.asarray(column, np.float64)) for column in columns
        )
        shapes = {name: getattr(self, name).shape for name in PARAMETERS}
        if len(set(shapes.values())) > 1 or self.ratio.ndim > 1:
            raise ValueError(f"the columns must be one-dimensional and equally long, not {shapes}")
        for name in PARAMETERS:
            for value in np.unique(getattr(self, name)):
                check_setting(name, float(value))

    def __len__(self) -> int:
        """Return the number of settings."""
        return len(self.threshold_db)

    def __getitem__(self, rows: slice | np.ndarray) -> Settings:
        """Return some of the settings, by a slice or an index array."""
        return Settings(*(getattr(self, name)[rows] for name in PARAMETERS))
