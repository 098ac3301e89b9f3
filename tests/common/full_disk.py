"""A disk with just so much space, and how much lies in a folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from stages.common.errors import InputError


def leave_free(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=free))


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def check_space(
    monkeypatch: pytest.MonkeyPatch, stage: Callable[[], None], folder: Path, needed: int
) -> float:
    """Run a stage with a byte too few, then with enough; return the share that it filled."""
    leave_free(monkeypatch, needed - 1)
    with pytest.raises(InputError, match=rf"^{folder}: up to {needed:,} bytes .* {needed - 1:,} "):
        stage()
    assert not folder.exists()
    leave_free(monkeypatch, needed)
    stage()
    return size_of(folder) / needed
