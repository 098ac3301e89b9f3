"""What README.md, docs/ and CONTRIBUTING.md show is true: links, code, scripts, names."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
import yaml
from ruamel.yaml import YAML

from siamese_drc.loops import render
from stages.project.params import check_params
from tests.pipeline.working_copy import PROJECT

DOCS = PROJECT / "docs"
PAGES = [
    *(PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *(PROJECT / name / "README.md" for name in ("data", "models", "benchmarks")),
    *sorted(DOCS.glob("*.md")),
]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def named(page: Path) -> str:
    return str(page.relative_to(PROJECT))


def blocks(page: Path, language: str) -> list[str]:
    found = FENCE.findall(page.read_text(encoding="utf-8"))
    return [code for name, code in found if name == language]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page):
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if link.startswith("http"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_commands_name_what_there_is(page):
    """Modules, make targets and stages that a page tells to run."""
    text = page.read_text(encoding="utf-8")
    if page.name == "CHANGELOG.md":  # also has the old names
        text = "\n".join(line.rpartition("| `")[2] for line in text.splitlines())
    makefile = (PROJECT / "Makefile").read_text()
    stages = YAML(typ="safe").load((PROJECT / "dvc.yaml").read_text())["stages"]
    for module in re.findall(
        r"python -m ((?:stages|experiments|benchmarks|tests|siamese)[\w.]*)", text
    ):
        path = PROJECT.joinpath(*module.rstrip(".").split("."))
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module
    for target in re.findall(r"(?:^|`)make ([a-z.][\w./-]*)", text, re.MULTILINE):
        assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE), target
    for stage in re.findall(r"dvc repro ([a-z][a-z-]*)", text):
        assert stage in stages, stage


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_python_is_python_and_yaml_is_yaml(page):
    for code in blocks(page, "python"):
        ast.parse(code if code[0] != " " else f"[{{\n{code}\n}}]")
    for text in blocks(page, "yaml"):
        assert isinstance(yaml.safe_load(text), dict)


def test_the_example_of_the_readme_runs(capsys):
    names: dict = {}
    for code in blocks(PROJECT / "README.md", "python"):
        exec(code, names)
    assert names["compressed"].shape == (2, 4 * 44100)
    assert names["embedding"].shape == (2, 50)
    assert {key: values.shape for key, values in names["found"].items()} == dict.fromkeys(
        ("threshold_db", "ratio", "attack_ms", "release_ms"), (2,)
    )


RUNS = re.findall(
    r"dvc exp run ((?:\\\n|[^`\n])+)", "".join(page.read_text(encoding="utf-8") for page in PAGES)
)


@pytest.mark.parametrize("arguments", [run for run in RUNS if "-S " in run])
def test_what_an_experiment_changes_is_allowed(arguments):
    """Every combination of the values of `dvc exp run -S` gives a valid params.yaml."""
    words = shlex.split(arguments.replace("\\\n", " "))
    changes = [word for flag, word in pairwise(words) if flag == "-S"]
    assert changes
    for values in product(*(values_of(change) for change in changes)):
        content = YAML(typ="safe").load((PROJECT / "params.yaml").read_text())
        for change, value in zip(changes, values, strict=True):
            *parents, key = change.partition("=")[0].lstrip("+").split(".")
            entry = content
            for parent in parents:
                entry = entry.setdefault(parent, {}) if change[0] == "+" else entry[parent]
            assert (key in entry) == (change[0] != "+"), change
            entry[key] = YAML(typ="safe").load(value)
        check_params(content)


def values_of(change: str) -> list[str]:
    values = change.partition("=")[2]
    return [values] if values.startswith("[") else values.split(",")


def test_the_examples_for_contributors_fit_params():
    content = YAML(typ="safe").load((PROJECT / "params.yaml").read_text())
    [example] = [
        text for text in blocks(PROJECT / "CONTRIBUTING.md", "yaml") if "model: none" in text
    ]
    content["experiments"] |= yaml.safe_load(example)["experiments"]
    check_params(content)


def test_the_composer_for_contributors_composes():
    [code] = [
        code for code in blocks(PROJECT / "CONTRIBUTING.md", "python") if "def compose" in code
    ]
    names: dict = {}
    exec(code, names)
    score = names["compose"](3, np.random.default_rng(0))
    assert render(score, samples=4410, sample_rate=44100).max() > 0


def test_the_slurm_script_is_bash():
    for script in DOCS.glob("*.sh"):
        subprocess.run(["bash", "-n", script], check=True)


def test_the_slurm_script_names_every_experiment():
    experiments = YAML(typ="safe").load((PROJECT / "params.yaml").read_text())["experiments"]
    for page in ("slurm-array.sh", "scaling.md"):
        ranges = re.findall(r"--array=0-(\d+)", (DOCS / page).read_text())
        assert ranges == [str(len(experiments) - 1)], page


def test_the_skypilot_task_has_the_fields_of_one_and_bash_in_them():
    task = YAML(typ="safe").load((DOCS / "skypilot.yaml").read_text())
    known = {"name", "resources", "envs", "file_mounts", "setup", "run"}
    assert set(task) == known
    assert task["envs"]["EXPERIMENT"] is None  # SkyPilot then asks for it
    for script in (task["setup"], task["run"]):
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_a_step_on_two_devices_is_that_of_the_joined_batch():
    command = [sys.executable, "-m", "tests.docs.mirrored_step"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    apart, moved = map(float, done.stdout.split())
    assert moved > 1e-4
    assert apart < 1e-3 * moved
