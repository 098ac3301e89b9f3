"""Independent pieces of work on all cores, in one place."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TypeVar

from joblib import Parallel, cpu_count, delayed, parallel_config

from stages.common.progress import progress

Item = TypeVar("Item")
Result = TypeVar("Result")


def jobs() -> int:
    """Return how many processes work side by side: `DRC_JOBS`, else the number of cores."""
    return int(os.environ.get("DRC_JOBS", "0")) or cpu_count()


def parallel_map(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    description: str,
    unit: str = "loop",
) -> list[Result]:
    """Apply `function` to each item in its own process and return the results in order.

    Every worker computes on one thread, so that a result does not depend on how many of
    them run: the bytes are the same for any number of cores.
    """
    workers = min(jobs(), max(1, len(items)))
    with parallel_config(backend="loky", inner_max_num_threads=1):
        results = Parallel(n_jobs=workers, return_as="generator")(
            delayed(function)(item) for item in items
        )
        return list(progress(results, total=len(items), description=description, unit=unit))
