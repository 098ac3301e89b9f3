"""Experiments as DVC means them: runs with other parameters, sweeps, comparisons, plots."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.pipeline.working_copy import WorkingCopy, clone

pytestmark = pytest.mark.timeout(900)  # the first test makes everything, on a busy machine too

SUMMARY = "metrics/smoke/summary.json"
# Without what does not differ between the runs, and without the hashes of files and folders.
READABLE = ("dvc", "exp", "show", "--only-changed", "--drop", ".*/|models$")


@pytest.fixture(scope="module")
def larger_batches(
    finished: WorkingCopy, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WorkingCopy]:
    """Yield a clone after an experiment, which became the branch `larger`."""
    copy = clone(finished, tmp_path_factory.mktemp("runs") / "clone")
    try:
        copy.run("dvc", "pull")
        copy.run("dvc", "exp", "run", "--name", "larger-batches", "-S", "train.batch_size=16")
        copy.run("dvc", "exp", "branch", "larger-batches", "larger")
        yield copy
    finally:
        copy.end()


def shown(copy: WorkingCopy) -> dict[str, dict[str, Any]]:
    """Return what `dvc exp show` knows of the workspace, the commit and each experiment."""
    runs = {}
    for commit in json.loads(copy.run("dvc", "exp", "show", "--json")):
        runs[commit["rev"]] = commit["data"]
        for experiment in commit["experiments"] or []:
            runs[experiment["name"]] = experiment["revs"][0]["data"]
    return runs


def comments(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")]


def test_a_run_keeps_the_comments_of_params(larger_batches):
    before = larger_batches.run("git", "show", "main:params.yaml")
    after = larger_batches.run("git", "show", "larger:params.yaml")
    assert len(comments(before)) > 20
    assert comments(after) == comments(before)


def test_branches_are_compared_without_data(larger_batches, tmp_path):
    """Metrics live in git: a clone without a remote has them."""
    copy = clone(larger_batches, tmp_path / "clone")
    copy.run("git", "branch", "larger", "origin/larger")
    metrics = json.loads(copy.run("dvc", "metrics", "diff", "main", "larger", "--json"))
    assert list(metrics) == [SUMMARY]
    assert metrics[SUMMARY]["drum_dm2_attack_ms_paper"]["diff"] != 0
    params = json.loads(copy.run("dvc", "params", "diff", "main", "larger", "--json"))
    assert params == {"params.yaml": {"train.batch_size": {"old": 8, "new": 16, "diff": 8}}}


def test_exp_show_shows_the_summary_and_what_was_changed(larger_batches):
    metrics = [run["metrics"] for run in shown(larger_batches).values()]
    assert len(metrics) == 3
    assert all(list(files) == [SUMMARY] for files in metrics)
    headlines = list(metrics[0][SUMMARY]["data"])
    assert 1 <= len(headlines) <= 12

    table = csv.DictReader(io.StringIO(larger_batches.run(*READABLE, "--csv")))
    others = [name for name in table.fieldnames or [] if name not in headlines]
    assert others == ["Experiment", "rev", "typ", "Created", "train.batch_size"]


@pytest.mark.parametrize("command", [["show"], ["diff", "main", "larger"]])
def test_plots_open_without_a_network(larger_batches, tmp_path, command):
    figures = larger_batches.folder / "reports" / "smoke" / "figures"
    larger_batches.run("dvc", "plots", *command, "--out", str(tmp_path))
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "http" not in page
    pictures = re.findall(r'<img src="(.*?)"', page)
    assert len(pictures) == len(command[1:] or ["workspace"]) * len(list(figures.iterdir()))
    assert all("</svg>" in (tmp_path / picture).read_text(encoding="utf-8") for picture in pictures)
