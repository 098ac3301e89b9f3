"""The drawing of the pipeline in docs/reproduce.md has the stages and dependencies of dvc.yaml."""

from __future__ import annotations

import re

from dvc.repo import Repo
from dvc.stage import PipelineStage
from ruamel.yaml import YAML

from tests.pipeline.working_copy import PROJECT


def drawn() -> dict[str, set[str]]:
    """Return the stages to which arrows lead from each stage."""
    page = (PROJECT / "docs/reproduce.md").read_text(encoding="utf-8")
    _, _, rest = page.partition("```mermaid\nflowchart TD\n")
    text, _, _ = rest.partition("```")
    lines = re.findall(r"^ *([\w-]+)\[.*?\](?: --> (.+))?$", text, re.MULTILINE)
    assert len(lines) == len(text.splitlines())
    return {name: set(arrows.split(" & ")) - {""} for name, arrows in lines}


def dependencies() -> set[tuple[str, str]]:
    """Return each stage that needs another, those of a `foreach` as one, after the other one."""
    with Repo(str(PROJECT)) as repo:
        return {
            (needed.name.split("@")[0], stage.name.split("@")[0])
            for stage, needed in repo.index.graph.edges
            if isinstance(needed, PipelineStage)  # not files added by `dvc add`
        }


def test_every_stage_is_in_it():
    stages = YAML(typ="safe", pure=True).load(PROJECT / "dvc.yaml")["stages"]
    assert sorted(drawn()) == sorted(stages)


def test_arrows_are_dependencies_and_lead_to_all_of_them():
    arrows, needed = drawn(), dependencies()
    assert {(start, end) for start, ends in arrows.items() for end in ends} <= needed

    def reached(name: str) -> set[str]:
        return arrows[name].union(*map(reached, arrows[name]))

    assert all(end in reached(start) for start, end in needed)
