"""The options of `match`, checked: every message names the option, the value and the rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from stages.common.errors import InputError
from stages.common.params import PARAMETERS, check_setting

MAKEUP = "makeup_db"
NAMES = (*PARAMETERS, MAKEUP)


def checked_rates(given: int | Sequence[int] | None, loops: int, count: int) -> list[int]:
    """Return the sample rate of every reference; without any given, the loop's."""
    if given is None:
        return [loops] * count
    rates = list(given) if isinstance(given, Sequence) else [given] * count
    if len(rates) != count:
        raise InputError(f"reference_rate: has {len(rates)} values for {count} references")
    return rates


def checked_weights(weights: Sequence[float] | None, count: int) -> list[float]:
    """Return the weight of every reference; without any given, all alike."""
    if count == 0:
        raise InputError("reference: there must be at least one")
    shares = [1.0] * count if weights is None else [float(weight) for weight in weights]
    if len(shares) != count:
        raise InputError(f"weights: has {len(shares)} values for {count} references")
    if not all(0 < share < np.inf for share in shares):
        raise InputError(f"weights: {shares}, every one must be above 0")
    return shares


def checked_lock(lock: Mapping[str, float]) -> dict[str, float]:
    """Return the settings to keep, each one within what the compressor allows."""
    for name, value in lock.items():
        if name == MAKEUP:
            if not -60 <= value <= 60:
                raise InputError(f"lock: {name} {value:g}: must lie between -60 and 60 dB")
        elif name in PARAMETERS:
            try:
                check_setting(name, value)
            except ValueError as error:
                raise InputError(f"lock: {error}") from error
        else:
            raise InputError(f"lock: there is no setting {name!r}, only {', '.join(NAMES)}")
    return dict(lock)


def check_amount(amount: float, fixed: Mapping[str, float]) -> None:
    """Raise InputError unless `amount` is a percentage that the ratio is free to follow."""
    if not 0 <= amount <= 100:
        raise InputError(f"amount: {amount:g} %, must lie between 0 and 100")
    if amount < 100 and "ratio" in fixed:
        raise InputError("amount: works through the ratio, which is locked; leave out one of them")


def parsed_lock(texts: Sequence[str]) -> dict[str, float]:
    """Return the settings to keep from texts like `ratio=4` and `attack=5`."""
    lock = {}
    for text in texts:
        name, _, value = text.partition("=")
        full = next((each for each in NAMES if name in (each, _bare(each))), name)
        try:
            lock[full] = float(value)
        except ValueError:
            raise InputError(f"lock: {text!r}, must be NAME=VALUE, e.g. ratio=4") from None
    return lock


def _bare(name: str) -> str:
    return name.removesuffix("_db").removesuffix("_ms")
