"""Independent tasks on all cores of this machine, or on a Dask cluster.

`DRC_JOBS` sets the number of worker processes (default: the number of cores). `DRC_DASK` holds the
address of a Dask scheduler; its workers must run in this project's folder, which they share, with
the same packages (docs/scaling.md).
"""

from __future__ import annotations

import os
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from tqdm import tqdm

from siamese_drc.core.errors import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")

CONNECT_SECONDS = 5
RETRIES = 3  # of a task whose worker process died


def jobs() -> int:
    """Return the number of worker processes: `DRC_JOBS`, else the number of cores."""
    from joblib import cpu_count  # importing joblib takes 0.15 s

    value = os.environ.get("DRC_JOBS", "")
    if not value:
        return cpu_count()
    if not re.fullmatch("[0-9]{1,4}", value) or not 1 <= int(value) <= 1024:
        raise InputError(f"DRC_JOBS={value}: must be a whole number from 1 to 1024")
    return int(value)


def scheduler() -> tuple[str, int] | None:
    """Return host and port of the Dask scheduler in `DRC_DASK`, or None where it is not set."""
    address = os.environ.get("DRC_DASK", "")
    if not address:
        return None
    found = re.fullmatch(r"(?:\w+://)?(\[[^]\s]+\]|[^\s:/\[\]]+):([0-9]{1,5})/?", address)
    if not found or not 1 <= int(found[2]) <= 65535:
        raise InputError(f"DRC_DASK={address}: must be an address such as tcp://HOST:8786")
    return found[1].strip("[]"), int(found[2])


def progress(items: Iterable[Item], *, total: int, description: str, unit: str) -> Iterable[Item]:
    """Iterate over `items` with a progress bar on standard error.

    Where standard error is not a terminal, a line is written every 10 s.
    """
    interval = 0.2 if sys.stderr.isatty() else 10.0
    times = {"mininterval": interval, "maxinterval": interval}
    return tqdm(items, description, total, unit=unit, dynamic_ncols=True, **times)


def parallel_map(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    description: str,
    unit: str = "loop",
    in_threads: bool = False,
) -> list[Result]:
    """Apply `function` to each item in a worker process and return the results in order.

    Every worker computes on one thread, so that the results have the same bytes for any number of
    workers and machines.

    `in_threads` is for a function that spends its time in compiled code which releases Python's
    global lock. InputError if `DRC_JOBS` or `DRC_DASK` is not valid, or the cluster does not
    answer, has no workers or loses a task.
    """
    from joblib import Parallel, delayed, parallel_config
    from threadpoolctl import threadpool_limits

    shown = partial(progress, total=len(items), description=description, unit=unit)
    if scheduler():
        return list(shown(_on_cluster(os.environ["DRC_DASK"], function, items)))
    workers = min(jobs(), max(1, len(items)))
    # From the first moment of a worker, not of its first task: one that waits ends with us too.
    of_processes = dict(inner_max_num_threads=1, initializer=_end_with, initargs=(os.getpid(),))
    backend = (
        parallel_config("threading") if in_threads else parallel_config("loky", **of_processes)
    )
    with backend, threadpool_limits(1):  # the latter for one worker, which is this process
        results = Parallel(n_jobs=workers, return_as="generator")(
            delayed(function)(item) for item in items
        )
        return list(shown(results))


def _on_cluster(
    address: str, function: Callable[[Item], Result], items: Sequence[Item]
) -> Iterator[Result]:
    """Apply `function` to each item on a Dask cluster and yield the results in order."""
    from distributed import Client, KilledWorker  # importing Dask takes a second

    try:
        # Dask's client tries again and again and leaves threads behind: first see who is there.
        socket.create_connection(scheduler() or ("", 0), timeout=CONNECT_SECONDS).close()
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except Exception as error:  # what Dask makes of another program's answer can be any error
        nobody = f"no Dask scheduler answers there within {CONNECT_SECONDS} s"
        raise InputError(f"DRC_DASK={address}: {nobody}") from error
    with client:
        if not client.nthreads():
            raise InputError(
                f"DRC_DASK={address}: the cluster has no workers; start some with"
                f" `python -m dask worker {address} --nthreads 1` in this folder"
            )
        futures = client.map(function, items, pure=False, retries=RETRIES)
        for future in futures:
            try:
                yield future.result()
            except (KilledWorker, OSError) as error:
                lost = f"a task was lost ({' '.join(str(error).split())})"
                raise InputError(f"DRC_DASK={address}: {lost}") from error


def _end_with(parent: int) -> None:
    """End this worker process once its parent is gone."""
    end_once(lambda: os.getppid() != parent)


def end_once(gone: Callable[[], bool]) -> None:
    """End this process within a second of `gone`, so that it does not compute for nobody."""

    def watch() -> None:
        while not gone():
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
