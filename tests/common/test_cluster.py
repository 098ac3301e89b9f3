"""The same results on a Dask cluster as on this machine, also when a worker dies at work."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from stages.common import cluster, files
from stages.common.errors import InputError
from stages.common.parallel import parallel_map
from stages.compress.__main__ import main as compress
from tests.common.dask_cluster import DaskCluster, dask_cluster
from tests.compress.made_up_corpus import make_up_corpus


@pytest.fixture
def dask(tmp_path, monkeypatch) -> Iterator[DaskCluster]:
    """Put a scheduler into `DRC_DASK`; the test runs in an empty folder, its own project."""
    for name in ("dask", "project"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("DRC_JOBS", "1")
    with dask_cluster(tmp_path / "dask") as running:
        monkeypatch.setenv("DRC_DASK", running.address)
        yield running


def spectrum(noise: np.ndarray, *, die_at: int) -> tuple[int, bytes]:
    """Return who worked and a transform; the first to get piece `die_at` is killed."""
    number, mark = int(noise[0]), Path("somebody-died")
    if number == die_at and not mark.exists():
        mark.touch()
        os.killpg(0, signal.SIGKILL)
    time.sleep(0.02)
    return os.getpgid(0), np.fft.rfft(noise).tobytes()


def test_a_killed_worker_costs_no_result_and_no_order(dask, monkeypatch):
    first, second = dask.add_workers(2)
    pieces = [np.r_[n, np.random.default_rng(n).normal(size=20_000)] for n in range(30)]
    found = parallel_map(partial(spectrum, die_at=10), pieces, description="on the cluster")
    assert Path("somebody-died").exists()
    assert {first.poll(), second.poll()} == {None, -signal.SIGKILL}
    assert {worker for worker, _ in found} <= {first.pid, second.pid}
    monkeypatch.delenv("DRC_DASK")
    here = parallel_map(partial(spectrum, die_at=-1), pieces, description="here")
    assert [values for _, values in found] == [values for _, values in here]


def hashes() -> dict[str, str]:
    made = sorted(path for path in files.COMPRESSED.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in made}


def test_a_stage_writes_the_same_bytes_when_a_worker_is_killed(dask, monkeypatch):
    make_up_corpus()
    with monkeypatch.context() as local:
        local.delenv("DRC_DASK")
        compress(["takes"])
    expected = hashes()
    victim, _ = dask.add_workers(2)
    made: list[Path] = []

    def kill_when_the_first_file_is_there() -> None:
        while not made:
            time.sleep(0.001)
            made.extend((files.COMPRESSED / "takes.tmp").rglob("*.flac"))
        dask.kill(victim)

    killer = threading.Thread(target=kill_when_the_first_file_is_there)
    killer.start()
    compress(["takes"])
    killer.join()
    clips = [name for name in expected if name.endswith(".flac")]
    assert len(made) < len(clips), "the worker was killed when all was done"
    assert hashes() == expected


def surroundings(variable: str) -> tuple[str, str | None, float]:
    """Return what a piece finds: its folder, a variable, and the next of Python's random numbers.

    Keras seeds its layers from these: no thread of Dask's may draw one in between.
    """
    random.seed(1)
    time.sleep(0.6)  # Dask's threads have something to do every half second
    return str(Path.cwd()), os.environ.get(variable), random.random()


def test_a_piece_finds_what_it_would_find_here(dask, monkeypatch):
    dask.add_workers(1, threads=2)  # both pieces at a time, each in a process of its own
    for state in ("first", "second"):
        monkeypatch.setenv("DRC_STATE", state)
        found = parallel_map(surroundings, ["DRC_STATE", "OMP_NUM_THREADS"], description="there")
        number = random.Random(1).random()
        assert found == [(str(Path.cwd()), state, number), (str(Path.cwd()), "1", number)]


def mistake(item: object) -> None:
    if item == "input":
        raise InputError("loop 7 is silent")
    if item == "crash":
        os._exit(3)


def test_faults_are_told_apart(dask, monkeypatch):
    with pytest.raises(InputError, match="it has no workers: start some by `python -m dask"):
        parallel_map(mistake, [1], description="nobody there")
    dask.add_workers(1)
    with pytest.raises(InputError) as raised:
        parallel_map(mistake, [1, "input"], description="a mistake of the user's")
    assert str(raised.value) == "loop 7 is silent"
    with pytest.raises(InputError, match=r"a piece of work was lost .* ended with 3"):
        parallel_map(mistake, ["crash"], description="a crash")
    monkeypatch.setattr(
        cluster,
        "describe_environment",
        lambda: {"python": "2.7", "numpy": "1", "scipy": "1", "joblib": "1"},
    )
    with pytest.raises(InputError, match=r"its python is '3\.\S+', must be '2\.7',.* and 1 more"):
        parallel_map(mistake, [1], description="other versions")
    monkeypatch.setattr(Path, "cwd", lambda: Path("/not/shared"))
    with pytest.raises(InputError, match="/not/shared"):
        parallel_map(mistake, [1], description="another folder")


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense"])
def test_no_scheduler_is_one_message_within_seconds(monkeypatch, address):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    monkeypatch.setenv("DRC_DASK", address)
    started = time.monotonic()
    with pytest.raises(InputError, match=f"^DRC_DASK={address}: no Dask scheduler answers"):
        parallel_map(mistake, [1], description="nobody")
    assert time.monotonic() - started < 10
