"""The command line run in this process, and its answers faked."""

from __future__ import annotations

import pytest

from siamese_drc.export.equivalents import Equivalent
from tests.app.made_up_files import CommandLine
from tests.match.conftest import asked as situations  # noqa: F401 (a fixture)
from tests.match.made_up_answers import FOUND, Asked


@pytest.fixture
def asked(situations: Asked, monkeypatch: pytest.MonkeyPatch) -> Asked:  # noqa: F811
    values = {name: found.value for name, found in FOUND.items()}
    monkeypatch.setattr(
        "siamese_drc.export.equivalents.equivalents",
        lambda settings, loop, *, sample_rate: [
            Equivalent(compressor="Other", difference_db=0.25, **values)
        ],
    )
    return situations


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(capsys)
