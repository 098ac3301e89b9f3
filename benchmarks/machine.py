"""The machine: its processor, and its highest rates of copying, arithmetic and disk access."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.measuring import interleaved_medians

COPIED_BYTES = 2**28  # far beyond any cache
MATRIX_SIZE = 2048
DISK_BYTES = 2**30
PIECE_BYTES = 2**24
ROUNDS = 7


def machine_limits(folder: Path) -> dict[str, float | str]:
    """Measure the machine; `folder` is on the disk to be measured."""
    write, read = disk_rates(folder)
    return {
        "processor": processor_name(),
        "cores": len(os.sched_getaffinity(0)),
        "copy_gb_per_s_one_core": copy_rate(),
        "float32_gflop_per_s_one_core": matrix_rate(threads=1),
        "float32_gflop_per_s": matrix_rate(threads=None),
        "disk_write_gb_per_s": write,
        "disk_read_gb_per_s": read,
    }


def processor_name() -> str:
    """Return the processor's name as Linux knows it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def copy_rate() -> float:
    """Return how many GB one core copies in a second, read and written bytes counted once."""
    source = np.ones(COPIED_BYTES, np.uint8)
    target = np.empty_like(source)
    times = interleaved_medians({"copy": lambda: np.copyto(target, source)}, rounds=ROUNDS)
    return COPIED_BYTES / times["copy"] / 1e9


def matrix_rate(*, threads: int | None) -> float:
    """Return the GFLOP a second of a float32 matrix product; `None`: on all cores."""
    a = np.ones((MATRIX_SIZE, MATRIX_SIZE), np.float32)
    product = np.empty_like(a)
    with threadpool_limits(threads):
        times = interleaved_medians({"product": lambda: np.matmul(a, a, product)}, rounds=ROUNDS)
    return 2 * MATRIX_SIZE**3 / times["product"] / 1e9


def disk_rates(folder: Path) -> tuple[float, float]:
    """Return GB a second written to the disk, and read from it past the system's cache."""
    piece = np.random.default_rng(0).bytes(PIECE_BYTES)
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        started = time.perf_counter()
        for _ in range(DISK_BYTES // PIECE_BYTES):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
        written = time.perf_counter()
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        file.seek(0)
        reading = time.perf_counter()
        while file.read(PIECE_BYTES):
            pass
        ended = time.perf_counter()
    return DISK_BYTES / (written - started) / 1e9, DISK_BYTES / (ended - reading) / 1e9
