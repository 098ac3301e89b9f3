"""What the README says about the tool can be typed as it stands."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest

from tests.match.made_up_answers import FOUND
from tests.match.made_up_files import write_sound
from tests.pipeline.working_copy import PROJECT

_, _, _BEHIND = (PROJECT / "README.md").read_text().partition("\n## Match\n")
SECTION = _BEHIND.partition("\n## ")[0]
COMMANDS = re.findall(r"python -m stages\.match (.*?)(?:`|\n)", SECTION)
OPTIONS = re.findall(r"\| `(--.*?)`", SECTION)


@pytest.fixture
def examples(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "build" / "match"
    folder.mkdir(parents=True)
    for name in ("drums", "drums-compressed", "other-drums-compressed"):
        write_sound(folder / f"{name}.wav")


def test_the_commands_run(asked, command, examples):
    assert (len(COMMANDS), len(OPTIONS)) == (2, 5)
    for arguments in COMMANDS:
        assert command(*shlex.split(arguments)).code == 0
    for options in OPTIONS:
        assert command(*shlex.split(COMMANDS[0]), *shlex.split(options)).code == 0


def test_the_python_example_runs(asked, capsys, examples):
    (code,) = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "another recording"
    assert "threshold_db: -24.00 (-25.00 .. -23.00)" in printed
    assert len(printed) == 1 + len(FOUND)
    assert names["processed"].shape == names["loop"].shape
