"""What DVC itself takes for a number of experiments whose stages do nothing."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.pipeline.working_copy import WorkingCopy

STAGES = """\
stages:
  train:
    foreach: ${experiments}
    do:
      cmd: touch a-${item}
      outs:
        - a-${item}
  embed:
    foreach: ${experiments}
    do:
      cmd: touch b-${item}
      deps:
        - a-${item}
      outs:
        - b-${item}
  evaluate:
    foreach: ${experiments}
    do:
      cmd: touch c-${item}
      deps:
        - b-${item}
      outs:
        - c-${item}
"""


def dvc_seconds(experiments: int) -> float:
    """Return the seconds of `dvc repro` for so many experiments of three trivial stages."""
    with tempfile.TemporaryDirectory() as name:
        copy = WorkingCopy(Path(name))
        copy.run("git", "init", "--quiet")
        copy.run("dvc", "init", "--quiet")
        names = ", ".join(f"e{number}" for number in range(experiments))
        (copy.folder / "params.yaml").write_text(f"experiments: [{names}]\n")
        (copy.folder / "dvc.yaml").write_text(STAGES)
        started = time.perf_counter()
        copy.run("dvc", "repro")
        return time.perf_counter() - started
