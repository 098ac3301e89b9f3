"""The same results on a Dask cluster as on this machine, also when a worker dies at work."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from siamese_drc.core import parallel
from siamese_drc.core.errors import InputError
from siamese_drc.core.parallel import parallel_map
from tests.core.dask_cluster import DaskCluster, dask_cluster


@pytest.fixture
def dask(tmp_path, monkeypatch) -> Iterator[DaskCluster]:
    """Put a scheduler into `DRC_DASK`; its workers start in an empty folder."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    with dask_cluster(tmp_path) as running:
        monkeypatch.setenv("DRC_DASK", running.address)
        yield running


def spectrum(noise: np.ndarray, *, die_at: int) -> tuple[int, bytes]:
    """Return who worked and a transform; the first to get task `die_at` is killed."""
    number, mark = int(noise[0]), Path("somebody-died")
    if number == die_at and not mark.exists():
        mark.touch()
        os.killpg(0, signal.SIGKILL)
    time.sleep(0.02)
    return os.getpgid(0), np.fft.rfft(noise).tobytes()


def test_a_killed_worker_costs_no_result_and_no_order(dask, monkeypatch):
    first, second = dask.add_workers(2)
    tasks = [np.r_[n, np.random.default_rng(n).normal(size=20_000)] for n in range(30)]
    found = parallel_map(partial(spectrum, die_at=10), tasks, description="on the cluster")
    assert {first.poll(), second.poll()} == {None, -signal.SIGKILL}
    assert {worker for worker, _ in found} <= {first.pid, second.pid}
    monkeypatch.delenv("DRC_DASK")
    here = parallel_map(partial(spectrum, die_at=-1), tasks, description="here")
    assert [values for _, values in found] == [values for _, values in here]


def mistake(item: object) -> None:
    if item == "input":
        raise InputError("loop 7 is silent")
    if item == "crash":
        os._exit(3)


def test_faults_are_told_apart(dask):
    with pytest.raises(
        InputError, match="the cluster has no workers; start some with `python -m dask worker"
    ):
        parallel_map(mistake, [1], description="no workers")
    dask.add_workers(1)
    with pytest.raises(InputError, match=r"^loop 7 is silent$"):
        parallel_map(mistake, [1, "input"], description="bad input")
    with pytest.raises(InputError, match=r"a task was lost"):
        parallel_map(mistake, ["crash"], description="a crash")


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("tcp://127.0.0.1:1", "no Dask scheduler answers"),
        ("nonsense", "must be an address such as"),
    ],
)
def test_no_scheduler_is_one_message_within_seconds(monkeypatch, address, rule):
    monkeypatch.setattr(parallel, "CONNECT_SECONDS", 1)
    monkeypatch.setenv("DRC_DASK", address)
    started = time.monotonic()
    with pytest.raises(InputError, match=f"^DRC_DASK={address}: {rule}"):
        parallel_map(mistake, [1], description="nobody")
    assert time.monotonic() - started < 10
