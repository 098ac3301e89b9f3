"""Progress of long work: a bar with rate and time left, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


def progress(items: Iterable[Item], *, total: int, description: str, unit: str) -> Iterable[Item]:
    """Iterate over `items` behind a bar; sparse lines where standard error is not a terminal."""
    interval = 0.2 if sys.stderr.isatty() else 10.0
    return tqdm(
        items,
        total=total,
        desc=description,
        unit=unit,
        mininterval=interval,
        maxinterval=interval,
        file=sys.stderr,
        dynamic_ncols=True,
    )
