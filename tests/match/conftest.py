"""The situations faked, and the command line run in this process."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from tests.match.made_up_answers import FOUND, Asked
from tests.match.made_up_files import CommandLine


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    situations = Asked()
    values = {name: found.value for name, found in FOUND.items()}
    equivalent = SimpleNamespace(compressor="Other", difference_db=0.25, **values)
    modules: dict[str, dict[str, object]] = {
        "same_performance": {"same_performance": situations.same_performance},
        "another_recording": {"another_recording": situations.another_recording},
        "model": {"read_model": lambda: "model"},
        "equivalents": {"equivalents": lambda settings, loop, *, sample_rate: [equivalent]},
    }
    for name, content in modules.items():
        module = ModuleType(f"stages.match.{name}")
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return situations


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(monkeypatch, capsys)
