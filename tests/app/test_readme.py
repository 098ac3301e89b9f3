"""What README.md and docs/ say about the tool can be typed as it is written."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from siamese_drc.app.apply import apply_options
from siamese_drc.app.cli import command_line
from tests.app.made_up_files import write_sound
from tests.match.made_up_answers import FOUND
from tests.pipeline.working_copy import PROJECT

PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
TEXT = "\n".join(page.read_text() for page in PAGES)
# At the start of a line or of inline code; not a command's name alone, nor where LOOP stands for a
# file.
COMMANDS = [
    command
    for command in re.findall(r"(?:^|`)drc-match +([^`\n]+)", TEXT, re.MULTILINE)
    if " " in command and not re.search(r"\b[A-Z]{4,}\b", command)
]
OPTIONS = re.findall(r"\| `(--.*?)`", TEXT)  # in a table
PYTHON = [
    code
    for code in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    if "siamese_drc.match import" in code
]


def write_inputs(*names: Path | str) -> None:
    for name in names:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_sound(path.with_suffix(".wav")).rename(path)


def test_the_commands_run(asked, command, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert COMMANDS
    pair = "drums.wav drums-compressed.wav"
    for line in [*COMMANDS, *(f"{pair} {option}" for option in OPTIONS)]:
        arguments = shlex.split(line, comments=True)
        if arguments[0] == "apply":
            applied = apply_options(arguments[1:])
            write_inputs(*(path if path.suffix else path / "take.wav" for path in applied.files))
            values = {name: found.value for name, found in FOUND.items()}
            applied.settings.write_text(json.dumps(values))
        else:
            options = command_line(arguments)
            write_inputs(options.loop, options.reference, *options.also)
        assert command(*arguments).code == 0, line


@pytest.mark.parametrize("code", PYTHON)
def test_the_python_examples_run(asked, capsys, monkeypatch, tmp_path, code):
    monkeypatch.chdir(tmp_path)
    write_inputs(*re.findall(r'"([^"]*\.wav)"', code))
    names: dict[str, Any] = {}
    exec(code, names)
    printed = capsys.readouterr().out
    assert printed.startswith("another recording")
    assert all(name in printed for name in FOUND)
    assert names["processed"].shape == names["loop"].shape
