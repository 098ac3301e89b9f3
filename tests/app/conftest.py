"""The command line run in this process, and its answers faked."""

from __future__ import annotations

import pytest

from siamese_drc.export.files import FILES, Export
from tests.app.made_up_files import CommandLine
from tests.match.conftest import asked as situations  # noqa: F401 (a fixture)
from tests.match.made_up_answers import Asked


@pytest.fixture
def asked(situations: Asked, monkeypatch: pytest.MonkeyPatch) -> Asked:  # noqa: F811
    monkeypatch.setattr(
        "siamese_drc.export.files.exports",
        lambda settings, loop, gain_db, *, sample_rate, document, start_s: [
            Export("other", name, "text", 0.25, "turned up") for name in FILES
        ],
    )
    return situations


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(capsys)
