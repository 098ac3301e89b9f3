"""Parallel work: results in order, the same for any number of processes."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from siamese_drc.core.parallel import jobs, parallel_map


def square(number):
    return number * number


def fail(number):
    raise ValueError(f"piece {number}")


@pytest.mark.parametrize("count", ["1", "2"])
@pytest.mark.parametrize("in_threads", [False, True])
def test_results_come_in_order(monkeypatch, count, in_threads):
    monkeypatch.setenv("DRC_JOBS", count)
    found = parallel_map(square, range(20), description="squares", in_threads=in_threads)
    assert found == [n * n for n in range(20)]


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
