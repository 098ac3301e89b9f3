"""Times of several ways to do the same, measured so that a noisy machine is noisy for all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median


def interleaved_medians(
    ways: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Return the median seconds of each way.

    The ways take turns, `rounds` times, after one turn that is not timed: it compiles and warms
    the caches.

    Parameters
    ----------
    ways : mapping of str to callable
    rounds : int
    clock : callable
        `time.perf_counter`, or `time.process_time` for work on one core: then other programs do
        not count.
    """
    for way in ways.values():
        way()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            started = clock()
            way()
            seconds[name].append(clock() - started)
    return {name: median(each) for name, each in seconds.items()}
