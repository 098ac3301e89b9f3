"""After a kill, the documented next run ends in the bytes of a run that was never killed."""

from __future__ import annotations

import itertools
import random
import shutil
import signal
from pathlib import Path

import pytest
from dvc.repo import Repo

from stages.repro import KEPT, LOCK, restore_lock
from tests.faults.kills import DVC, MAKE, Pipeline, made
from tests.pipeline.working_copy import PROJECT, WorkingCopy, copy_project

TRIALS = 40
SMOKE = ("evaluate@drum-handcrafted", "train@drum-cnn-stft128")
TOY = """\
stages:
  copy:
    foreach: {1: 0, 2: 1, 3: 2, 4: 3}
    do:
      cmd: mkdir -p data && cp data/${item} data/${key} && echo ${key} >> data/${key}
      deps: ["data/${item}"]
      outs: ["data/${key}"]
  count:
    cmd: mkdir -p metrics/smoke && wc -c data/4 > metrics/smoke/count.json
    deps: [data/4]
    outs: [{metrics/smoke/count.json: {cache: false}}]
"""


def toy_copy(folder: Path) -> WorkingCopy:
    """Five stages of a moment each, so that DVC does little besides rewriting dvc.lock."""
    copy = WorkingCopy(folder)
    copy.run("git", "init", "--quiet")
    copy.run("git", "config", "user.name", "Test")
    copy.run("git", "config", "user.email", "test@example.org")
    copy.run("dvc", "init", "--quiet")
    (folder / "dvc.yaml").write_text(TOY)
    (folder / "data").mkdir()
    (folder / "data/0").write_text("start\n")
    (folder / ".gitignore").write_text("/data/[1-9]\n/metrics\n")
    return copy


@pytest.fixture
def toy(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    copy = toy_copy(tmp_path)
    yield Pipeline(copy, (), rewrites=5, unused=200)
    copy.end()


@pytest.mark.timeout(900)
def test_a_lock_cut_at_any_byte_ends_in_the_same_bytes(tmp_path, monkeypatch, all_faults):
    """As if DVC had been killed at that byte; DVC runs in this process, which saves its start."""
    monkeypatch.chdir(tmp_path)
    copy = toy_copy(tmp_path)
    copy.commit("Begin")
    states = [b""]
    for stage in ("copy@1", "copy@2", "copy@3", "copy@4", "count"):
        with Repo() as repo:
            repo.reproduce(stage)
        states.append(LOCK.read_bytes())
    whole = made(tmp_path)
    chosen = random.Random(1)
    for _ in range(200 if all_faults else 12):
        number = chosen.randrange(1, len(states))
        KEPT.write_bytes(states[number - 1])
        LOCK.write_bytes(states[number][: chosen.randrange(len(states[number]))])
        shutil.rmtree("metrics")
        assert restore_lock() is not None
        with Repo() as repo:
            repo.reproduce()
        assert made(tmp_path) == whole


@pytest.mark.timeout(900)
@pytest.mark.parametrize("command", [MAKE, DVC], ids=["make repro", "dvc repro"])
def test_a_kill_while_dvc_writes_its_lock_costs_nothing(toy, command):
    random.seed(1)
    toy.reset(forget=0.5)
    trial = toy.kill(command, in_rewrite=True, stop=signal.SIGKILL)
    assert trial.survived, trial.said
    if trial.cut and command == MAKE:
        assert "dvc.lock: the last run was stopped and may have cut it" in trial.said


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("pipeline", ["toy", "smoke"])
def test_many_kills(pipeline, request, all_faults):
    """Every second one while DVC writes its lock; every fifth by Ctrl-C."""
    if not all_faults:
        pytest.skip("only with --all-faults")
    killed = request.getfixturevalue(pipeline)
    lost, cut, kills = [], 0, 0
    for number, command in enumerate(itertools.cycle([MAKE, MAKE, DVC, DVC])):
        if kills == TRIALS:
            break
        random.seed(number)
        killed.reset(forget=0.2)
        stop = signal.SIGINT if number % 5 == 4 else signal.SIGKILL
        trial = killed.kill(command, in_rewrite=number % 2 == 0, stop=stop)
        kills += trial.killed
        cut += trial.cut
        if not trial.survived:
            lost.append(f"{number}: {trial.said}")
        print(f"{kills} kills, {cut} cut dvc.lock, {len(lost)} lost", flush=True)
    assert not lost, "\n".join(lost)


@pytest.fixture
def smoke(tmp_path, monkeypatch):
    """Stages of every kind that writes to DVC's cache or to git, a training among them."""
    copy = copy_project(tmp_path / "project")
    with copy.edited_params() as params:
        params["scale"] = "smoke"
    # DVC's order for several targets, and so that of dvc.lock, depends on it; for none it does not.
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    yield Pipeline(copy, SMOKE, rewrites=9, unused=300)
    copy.end()
