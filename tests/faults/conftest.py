"""How many faults are injected: few by default, all with `--all-faults` (`make test-faults`)."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all-faults", action="store_true", help="inject all faults (40 min)")


@pytest.fixture
def all_faults(request: pytest.FixtureRequest) -> bool:
    """Whether all faults are asked for; the option is known where tests/faults is named."""
    return bool(request.config.getoption("--all-faults", default=False))
