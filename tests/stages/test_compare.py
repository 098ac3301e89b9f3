"""Errors agree within the stated tolerance, and only where there is a run to compare."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from siamese_drc.core.errors import InputError
from stages.compare import disagreements, main
from tests.report.made_up_project import build_project, made_up_params

ROOT = Path(__file__).parents[2]


COUNT = len(made_up_params().evaluated) + len(made_up_params().unseen_loops)


def metrics(mae):
    return {
        "drum-dm2": {
            "paper": {"attack_ms": {"mae": mae, "percent": 100 * mae / 99}},
            "closed_form": {"attack_ms": {"mae": 0.0, "percent": 0.0}, "unsolved": 3},
        }
    }


@pytest.mark.parametrize("mae", [20.0, 24.9, 15.1])
def test_errors_within_a_quarter_agree(mae):
    assert list(disagreements(metrics(20.0), metrics(mae))) == []


@pytest.mark.parametrize("mae", [25.5, 14.5])
def test_larger_differences_are_named(mae):
    (line,) = disagreements(metrics(20.0), metrics(mae))
    assert line == f"drum-dm2 paper attack_ms: {mae:g} here, 20 committed"


def test_two_percent_of_the_range_is_forgiven():
    assert list(disagreements(metrics(0.5), metrics(2.4))) == []
    assert len(list(disagreements(metrics(0.5), metrics(2.6)))) == 1


def test_a_missing_entry_is_named():
    here = {"drum-dm2": {"paper": {"attack_ms": {"mae": 1.0, "percent": 1.0}}}}
    (line,) = disagreements(metrics(1.0), here)
    assert line == "drum-dm2 closed_form attack_ms: missing here"


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A project whose metrics are committed, in which every experiment has run."""
    build_project(tmp_path, made_up_params())
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "metrics"], ["commit", "-qm", "metrics"]):
        subprocess.run([*git, *command], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_run_with_the_committed_errors_is_equal(project, capsys):
    assert main([]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"{COUNT} files compared with HEAD: {COUNT} equal, 0 errors disagree"
    )


@pytest.mark.parametrize(
    ("name", "file", "protocol", "committed"),
    [
        ("drum-cnn-stft256", "experiments/drum-cnn-stft256", "paper", "5"),
        ("drum-cnn-stft128-unseen-loops", "unseen_loops/drum-cnn-stft128", "unseen_loops", "20"),
    ],
)
def test_a_disagreement_is_shown(project, capsys, name, file, protocol, committed):
    path = project / f"metrics/smoke/{file}.json"
    errors = json.loads(path.read_text())
    errors["drum-ds3"][protocol]["attack_ms"] |= {"mae": 50.0, "percent": 50.5}
    path.write_text(json.dumps(errors))
    assert main(["HEAD"]) == 1
    shown = capsys.readouterr().out
    assert f"{name}: 1 errors disagree" in shown
    assert f"  drum-ds3 {protocol} attack_ms: 50 here, {committed} committed" in shown


@pytest.mark.parametrize("name", ["drum-cnn-stft256", "drum-cnn-stft128-unseen-loops"])
def test_an_experiment_that_has_not_run_is_named(project, name):
    (project / f"data/predictions/{name}.csv").unlink()
    with pytest.raises(InputError, match=rf"nothing to compare: 1 of {COUNT} .*\({name}\)"):
        main([])


def test_metrics_that_are_not_committed_are_named(project):
    with pytest.raises(InputError, match=r"\.json: not in git revision nowhere"):
        main(["nowhere"])


def test_takes_at_most_one_revision():
    with pytest.raises(InputError, match="a b: must be at most one git revision"):
        main(["a", "b"])


def test_where_nothing_has_run_it_fails_with_one_line(project):
    for path in (project / "data/predictions").iterdir():
        path.unlink()
    done = subprocess.run(
        [sys.executable, "-m", "stages.compare"],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    beginning = f"error: nothing to compare: {COUNT} of {COUNT} experiments and transfers have not"
    assert line.startswith(beginning)
    assert line.endswith("run `dvc repro` first")
