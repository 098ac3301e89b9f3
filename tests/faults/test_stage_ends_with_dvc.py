"""A stage, with its worker processes, ends when the DVC that started it is killed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time

import psutil
import pytest

from tests.pipeline.working_copy import PROJECT, WorkingCopy

STAGE = """
import os, sys, time
from pathlib import Path
from siamese_drc.core.parallel import parallel_map
from stages.project.command import run_stage

def sleep(name):
    Path(f"{name}.tmp").write_text(str(os.getpid()))
    Path(f"{name}.tmp").rename(name)
    time.sleep(300)

def main(params):
    Path("stage").write_text(str(os.getpid()))
    parallel_map(sleep, ["first", "second"], description="sleepers")

run_stage(main)
"""
PIPELINE = "stages:\n  sleep:\n    cmd: python sleep.py\n    outs: [never]\n"


@pytest.fixture
def copy(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    copy = WorkingCopy(tmp_path, jobs=2)
    copy.run("dvc", "init", "--quiet", "--no-scm")
    shutil.copy(PROJECT / "params.yaml", tmp_path)
    (tmp_path / "sleep.py").write_text(STAGE)
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    yield copy
    copy.end()


def started(copy):
    """Return the processes of the stage once all are there."""
    names = ("stage", "first", "second")
    wait_until(lambda: all((copy.folder / name).exists() for name in names))
    return [psutil.Process(int((copy.folder / name).read_text())) for name in names]


def wait_until(happened):
    deadline = time.monotonic() + 150
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])  # one of them stays, the other does not
def test_a_stage_ends_with_dvc(copy, monkeypatch, shell):
    monkeypatch.setenv("SHELL", shell)
    with subprocess.Popen(["dvc", "repro"], cwd=copy.folder, env=copy.environment) as dvc:
        try:
            processes = started(copy)
        finally:
            dvc.kill()
    wait_until(lambda: not any(each.is_running() for each in processes))


@pytest.mark.timeout(300)
def test_a_stage_started_by_hand_outlives_the_shell(copy):
    command = f"{sys.executable} sleep.py & sleep 0.1"
    subprocess.run(["/bin/sh", "-c", command], cwd=copy.folder, env=copy.environment, check=True)
    processes = started(copy)
    time.sleep(2.5)
    assert all(each.is_running() for each in processes)
