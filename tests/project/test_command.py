"""Bad input of a stage is one line and exit code 2; faults of the project keep their traceback."""

import errno
from pathlib import Path

import pytest

from siamese_drc.core.errors import InputError
from stages.project.command import run_stage

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _in_project(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("sys.argv", ["stage", "drum"])


def ended(main, section):
    with pytest.raises(SystemExit) as stopped:
        run_stage(main, section)
    return stopped.value.code


def raising(error):
    def main(params, *names):
        raise error

    return main


def test_a_stage_gets_the_parameters_and_the_name(monkeypatch):
    seen = []
    run_stage(lambda params, name: seen.append((params.scale, name)), "materials")
    monkeypatch.setattr("sys.argv", ["stage"])
    run_stage(lambda params: seen.append(params.sample_rate))
    assert seen == [("laptop", "drum"), 44100]


def test_bad_input_is_one_line(capsys):
    assert ended(raising(InputError("loop 7 is silent")), "corpora") == 2
    assert capsys.readouterr().err == "error: loop 7 is silent\n"


def test_an_unknown_entry_names_the_nearest(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["stage", "drum-cnn-mel521"])
    assert ended(raising(AssertionError()), "experiments") == 2
    error = capsys.readouterr().err
    assert error.startswith("error: drum-cnn-mel521: not an entry of experiments in")
    assert error.endswith("did you mean drum-cnn-mel512?\n")


@pytest.mark.parametrize("arguments", [[], ["drum", "guitar"]])
def test_a_stage_takes_one_name(capsys, monkeypatch, arguments):
    monkeypatch.setattr("sys.argv", ["stage", *arguments])
    assert ended(raising(AssertionError()), "materials") == 2
    assert "this stage takes one argument, one of: drum, guitar, mix" in capsys.readouterr().err


def test_a_full_disk_is_one_line(capsys):
    full = OSError(errno.ENOSPC, "No space left on device", "data/loops/drum.tmp/000.wav")
    assert ended(raising(full), "materials") == 2
    assert "data/loops/drum.tmp/000.wav: the disk is full" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("variable", "value"),
    [("DRC_JOBS", "none"), ("DRC_DASK", "nowhere"), ("DRC_STATE", "params.yaml")],
)
def test_the_environment_is_checked_before_any_work(capsys, monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    assert ended(raising(AssertionError()), "materials") == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {variable}=")
    assert error.count("\n") == 1


def test_other_errors_pass():
    with pytest.raises(RuntimeError, match="ours"):
        run_stage(raising(RuntimeError("a fault of ours")), "materials")
    with pytest.raises(OSError, match="unreadable"):
        run_stage(raising(OSError(errno.EIO, "unreadable")), "materials")
