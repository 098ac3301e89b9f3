"""Independent pieces of work on all cores, or on a cluster, in one place.

`DRC_DASK` holds the address of a Dask scheduler whose workers are to do the work; without it, the
cores of this machine do.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache, partial
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
    in_threads: bool = False,
) -> list[Result]:
    """Apply `function` to each item in a worker process and return the results in order.

    Every worker computes on one thread, so that a result does not depend on how many of
    them run or where: the bytes are the same for any number of cores and machines.

    Parameters
    ----------
    function : callable
    items : sequence
    description, unit : str
        What the progress bar says.
    in_threads : bool
        Whether `function` spends its time in compiled code that releases Python's lock: threads
        start in no time, and processes import everything anew.

    Raises
    ------
    InputError
        If `DRC_DASK` is set and the cluster does not answer or a worker of it does not fit: see
        `stages.common.cluster`.
    """
    shown = partial(progress, total=len(items), description=description, unit=unit)
    address = os.environ.get("DRC_DASK")
    if address:
        from stages.common.cluster import cluster_map  # importing Dask takes a second

        return list(shown(cluster_map(address, function, items)))
    workers = min(jobs(), max(1, len(items)))
    with (
        parallel_config("threading")
        if in_threads
        else parallel_config("loky", inner_max_num_threads=1)
    ):
        results = Parallel(n_jobs=workers, return_as="generator")(
            delayed(_guarded)(function, item, os.getpid()) for item in items
        )
        return list(shown(results))


def _guarded(function: Callable[[Item], Result], item: Item, parent: int) -> Result:
    _end_with(parent)
    return function(item)


@cache
def _end_with(parent: int) -> None:
    """End this worker once its parent is gone: it would train on beside the run that resumes."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    if os.getppid() == parent:  # it is not where a single job runs in the process itself
        threading.Thread(target=watch, daemon=True).start()
