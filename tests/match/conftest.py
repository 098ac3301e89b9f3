"""The situations faked."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from tests.match.made_up_answers import Asked


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    situations = Asked()
    modules: dict[str, dict[str, object]] = {
        "same_performance": {"same_performance": situations.same_performance},
        "another_recording": {"another_recording": situations.another_recording},
        "model": {"read_model": lambda: "model"},
    }
    for name, content in modules.items():
        module = ModuleType(f"siamese_drc.match.{name}")
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return situations
