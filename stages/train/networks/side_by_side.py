"""Two compiled pieces of work at once: what a training alone on its machine gains a core by."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from joblib import cpu_count


def side_by_side(one: Callable[[], None], other: Callable[[], None]) -> None:
    """Call both, and return when both have: on two threads where the machine has two cores.

    They must be kernels that release Python's lock, and write to nothing in common.
    """
    if cpu_count() < 2:
        one()
        other()
        return
    running = _thread().submit(other)
    one()
    running.result()


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="kernel")
