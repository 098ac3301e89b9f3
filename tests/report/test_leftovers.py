"""Nothing of an experiment that is gone may lie in the folders that the report depends on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stages.common.errors import InputError
from stages.report.__main__ import main
from stages.report.leftovers import check_leftovers
from tests.report.made_up_project import build_project, made_up_params

ERRORS = "metrics/smoke/experiments"
LEFTOVERS = [
    f"{ERRORS}/drum-cnn-stft64.json",
    f"{ERRORS}/piano-handcrafted.json",
    "models/drum-cnn-stft64",
    "models/mix-d4p-cnn-stft128",  # a transfer has no models of its own
    "data/predictions/drum-cnn-stft64.csv",
    "data/predictions/drum-cnn-stft128.txt",
]


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    build_project(tmp_path, made_up_params())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check() -> None:
    check_leftovers(
        made_up_params(),
        errors=Path(ERRORS),
        models=Path("models"),
        predictions=Path("data/predictions"),
    )


def test_finished_experiments_pass(project):
    check()


@pytest.mark.parametrize("leftover", LEFTOVERS)
def test_each_leftover_is_named_with_the_command_that_removes_it(project, leftover):
    Path(leftover).mkdir()
    with pytest.raises(InputError, match=re.escape(f"`rm -rf {leftover}`")):
        check()


def test_all_leftovers_are_named_at_once(project):
    for leftover in LEFTOVERS:
        Path(leftover).mkdir()
    with pytest.raises(InputError, match="rm -rf") as error:
        check()
    command = str(error.value).split("`")[1]
    assert sorted(command.removeprefix("rm -rf ").split()) == sorted(LEFTOVERS)


@pytest.mark.parametrize("name", [".gitignore", "drum-cnn-stft64.json.tmp"])
def test_what_dvc_does_not_see_passes(project, name):
    for folder in (ERRORS, "models", "data/predictions"):
        (Path(folder) / name).touch()
    check()


def test_folders_need_not_exist(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check()


def test_the_stage_stops_before_it_writes(project):
    (project / "models/drum-cnn-stft64").mkdir()
    with pytest.raises(InputError, match="rm -rf models/drum-cnn-stft64"):
        main([])
    assert not (project / "reports").exists()
