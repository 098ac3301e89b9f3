"""The state of a training: cut by a power failure, and shared by two processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from siamese_drc.networks.checkpoint import LearningCurve, alone, load_checkpoint, save_checkpoint
from tests.pipeline.working_copy import PROJECT


class Variable:
    """What a checkpoint needs of a Keras variable."""

    def __init__(self, value):
        self.value = np.asarray(value, np.float32)

    def __array__(self, dtype=None, copy=None):
        return self.value

    def assign(self, value):
        self.value = value


def network(value):
    variables = [Variable(np.full((40, 5), value)), Variable(value)]
    return SimpleNamespace(
        non_trainable_variables=[],
        trainable_variables=variables,
        optimizer=SimpleNamespace(variables=[Variable(value)]),
        get_weights=lambda: [each.value for each in variables],
    )


def cut(path, share):
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])


def flip(path, share):
    content = bytearray(path.read_bytes())
    content[int(share * len(content))] ^= 255
    path.write_bytes(content)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "checkpoint.npz"
    for epoch in (1, 2, 3):
        save_checkpoint(path, network(epoch), [np.full(3, epoch)] * 2, LearningCurve([1.0] * epoch))
    return path


def epochs_of(path):
    found = network(0)
    best, curve = load_checkpoint(path, found)
    assert all((np.asarray(each) == curve.epochs).all() for each in found.trainable_variables)
    assert (best[0] == curve.epochs).all()
    return curve.epochs


def test_a_whole_state_continues_after_its_last_epoch(saved):
    assert epochs_of(saved) == 3


@pytest.mark.parametrize("damage", [cut, flip])
@pytest.mark.parametrize("share", [0, 0.2, 0.5, 0.99])
def test_a_damaged_state_continues_one_epoch_before(saved, damage, share, capsys):
    damage(saved, share)
    epochs = epochs_of(saved)
    assert epochs == 2 or (damage is flip and epochs == 3)  # not all bytes mean something
    assert (epochs == 3) != ("checkpoint.npz: cannot be read" in capsys.readouterr().err)


def test_without_a_whole_state_the_training_begins(saved):
    for path in saved.parent.iterdir():
        cut(path, 0.5)
    assert epochs_of(saved) == 0


HOLDER = """
import sys, shutil
from pathlib import Path
from siamese_drc.networks.checkpoint import alone
state = Path(sys.argv[1])
with alone(state, label="first"):
    print("holds", flush=True)
    sys.stdin.readline()
    if sys.argv[2] == "removes":
        shutil.rmtree(state)
"""


@pytest.mark.parametrize("end", ["leaves", "removes", "is killed"])
def test_a_second_training_waits_and_says_so(tmp_path, capsys, end):
    state, entered = tmp_path / "state", threading.Event()

    def second():
        with alone(state, label="second"):
            assert (state / "lock").exists()
            entered.set()

    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(state), end],
        cwd=PROJECT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as first:
        assert first.stdout is not None
        assert first.stdin is not None
        assert first.stdout.readline() == "holds\n"
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.3)
        if end == "is killed":
            first.kill()
        else:
            first.stdin.write("\n")
            first.stdin.flush()
        assert entered.wait(20)
        thread.join()
    assert "second: another process trains the same network" in capsys.readouterr().err
