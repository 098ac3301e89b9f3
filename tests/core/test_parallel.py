"""Parallel work: results in order, the same for any number of processes."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from siamese_drc.core.errors import InputError
from siamese_drc.core.parallel import jobs, parallel_map, scheduler


def square(number):
    return number * number


def threads(number):
    np.ones((2, 2)) @ np.ones((2, 2))
    return max(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")


def fail(number):
    raise ValueError(f"piece {number}")


@pytest.mark.parametrize("count", ["1", "2"])
@pytest.mark.parametrize("in_threads", [False, True])
def test_results_come_in_order(monkeypatch, count, in_threads):
    monkeypatch.setenv("DRC_JOBS", count)
    found = parallel_map(square, range(20), description="squares", in_threads=in_threads)
    assert found == [n * n for n in range(20)]


@pytest.mark.parametrize("in_threads", [False, True])
@pytest.mark.parametrize("count", ["1", "2"])
def test_each_piece_computes_on_one_thread(monkeypatch, count, in_threads):
    monkeypatch.setenv("DRC_JOBS", count)
    with threadpool_limits(2):
        found = parallel_map(threads, range(2), description="threads", in_threads=in_threads)
    assert found == [1, 1]


def test_nothing_to_do():
    assert parallel_map(square, [], description="squares") == []


def test_an_error_in_a_piece_comes_back(monkeypatch):
    monkeypatch.setenv("DRC_JOBS", "2")
    with pytest.raises(ValueError, match="piece"):
        parallel_map(fail, [1, 2], description="failing")


def test_the_environment_sets_how_many(monkeypatch):
    monkeypatch.setenv("DRC_JOBS", "3")
    assert jobs() == 3
    monkeypatch.delenv("DRC_JOBS")
    assert jobs() >= 1


@pytest.mark.parametrize("count", ["0", "-1", "2.5", "many", " ", "1025", "٣", "9" * 5000])
def test_a_number_of_jobs_is_checked(monkeypatch, count):
    monkeypatch.setenv("DRC_JOBS", count)
    with pytest.raises(InputError, match=r"^DRC_JOBS=.*: must be a whole number from 1 to 1024$"):
        jobs()


@pytest.mark.parametrize(
    "address",
    ["here", "tcp://", "tcp://host", "tcp://host:x", "host:0", "host:99999", " ", "a:1 b"],
)
def test_an_address_is_checked(monkeypatch, address):
    monkeypatch.setenv("DRC_DASK", address)
    with pytest.raises(InputError, match="must be an address such as tcp://HOST:8786"):
        scheduler()


@pytest.mark.parametrize(
    "address", ["tcp://10.0.0.1:8786", "10.0.0.1:8786", "tls://10.0.0.1:8786/"]
)
def test_addresses(monkeypatch, address):
    monkeypatch.setenv("DRC_DASK", address)
    assert scheduler() == ("10.0.0.1", 8786)


def test_nobody_at_the_address_is_said_within_ten_seconds(monkeypatch):
    import distributed  # noqa: F401 - takes seconds of its own

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("DRC_DASK", f"tcp://127.0.0.1:{port}")  # free again
    start = time.monotonic()
    with pytest.raises(InputError, match="no Dask scheduler answers there"):
        parallel_map(square, [1], description="nobody")
    assert time.monotonic() - start < 10


SLEEPERS = """
import os, sys, time
from pathlib import Path
from siamese_drc.core.parallel import parallel_map

def sleep(name):
    Path(sys.argv[1], f"{name}.tmp").write_text(str(os.getpid()))
    Path(sys.argv[1], f"{name}.tmp").rename(Path(sys.argv[1], name))
    time.sleep(60)

parallel_map(sleep, ["a", "b"], description="sleepers")
"""


def test_workers_end_when_their_parent_is_killed(tmp_path):
    command = [sys.executable, "-c", SLEEPERS, str(tmp_path)]
    with subprocess.Popen(
        command, env={**os.environ, "DRC_JOBS": "2", "PYTHONPATH": str(Path.cwd())}
    ) as parent:
        started = [tmp_path / "a", tmp_path / "b"]
        wait_until(lambda: all(file.exists() for file in started))
        parent.kill()
    workers = [int(file.read_text()) for file in started]
    wait_until(lambda: not any(psutil.pid_exists(worker) for worker in workers))


def wait_until(happened):
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.1)
