"""`make smoke` tells how long each stage took, and fails where a stage fails."""

from __future__ import annotations

import pytest

from tests.pipeline.smoke import timed_repro
from tests.pipeline.working_copy import WorkingCopy

PIPELINE = """\
stages:
  short: {cmd: 'true'}
  long: {cmd: sleep 1}
  broken: {cmd: exit 3}
  never: {cmd: 'true'}
"""


@pytest.fixture
def copy(tmp_path) -> WorkingCopy:
    copy = WorkingCopy(tmp_path)
    copy.run("dvc", "init", "--quiet", "--no-scm")
    return copy


@pytest.mark.timeout(60)
def test_each_stage_is_timed_up_to_the_one_that_fails(copy):
    (copy.folder / "dvc.yaml").write_text(PIPELINE)
    code, seconds = timed_repro(copy)
    assert code != 0
    assert list(seconds) == ["short", "long", "broken"]
    assert 1 <= seconds["long"] < 20
