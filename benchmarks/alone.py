"""A benchmark in a process of its own: it may set threads and backends as it needs."""

from __future__ import annotations

import importlib
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from benchmarks.table import Row


def measured_alone(name: str) -> list[Row]:
    """Return what `benchmarks.<name>.measure()` does in a fresh process."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(_measure, name).result()


def _measure(name: str) -> list[Row]:
    return importlib.import_module(f"benchmarks.{name}").measure()
