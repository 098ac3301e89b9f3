"""Time and memory of a step, a process for it, and the loops and settings to measure on."""

from __future__ import annotations

import importlib
import multiprocessing
import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from siamese_drc.compressor.grids import grid_settings
from siamese_drc.compressor.settings import Settings
from siamese_drc.loops.composers import compose
from siamese_drc.loops.rendering import render
from stages.project.params import load_params


def interleaved_medians(
    ways: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Return the median seconds of each way to do the same.

    The ways take turns, `rounds` times, so that a noisy machine is noisy for all of them. A first
    turn, which compiles and fills the caches, is not timed.

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


def peak_megabytes(function: Callable[[], object]) -> float:
    """Return by how much a call, its result included, raises the process's memory at most.

    It reads Linux's /proc/self.
    """
    before = _status_kilobytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # begin the peak anew
    result = function()
    peak = _status_kilobytes("VmHWM")
    del result  # it was part of the peak
    return (peak - before) * 1024 / 1e6


def _status_kilobytes(name: str) -> int:
    found = re.search(rf"^{name}:\s*(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1])


def in_own_process(name: str, function: str) -> Any:
    """Return what a function of a benchmark returns in a new process, which may set its threads."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(_call, name, function).result()


def _call(name: str, function: str) -> Any:
    return getattr(importlib.import_module(f"benchmarks.{name}"), function)()


def rendered_loops(material: str, count: int, *, seconds: float) -> list[np.ndarray]:
    """Return the first loops of a composed material, float32, peak 1.0, at the project's rate."""
    params = load_params()
    return [
        render(
            compose(material, loop, seed=params.render.seed),
            samples=round(seconds * params.sample_rate),
            sample_rate=params.sample_rate,
        )
        for loop in range(count)
    ]


def settings_of(grid: str, *, count: int | None = None) -> Settings:
    """Return the first loop's settings under a grid of params.yaml: all, or `count` of them."""
    settings = grid_settings(load_params().grids.named[grid], 0)
    return settings if count is None else settings[:: len(settings) // count][:count]
