"""A stage starts only where the disk can hold what it writes."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from stages.common.disk import require_space
from stages.common.errors import InputError
from tests.common.full_disk import leave_free


def test_the_message_names_folder_needed_and_free_bytes(monkeypatch):
    leave_free(monkeypatch, 999)
    require_space(Path("data/drum"), 999)
    with pytest.raises(InputError, match=r"^data/drum: up to 1,000 bytes .* only 999 bytes free$"):
        require_space(Path("data/drum"), 1000)


def test_the_disk_asked_is_that_of_the_nearest_folder(monkeypatch, tmp_path):
    asked = []

    def usage(place: Path) -> SimpleNamespace:
        asked.append(place)
        return SimpleNamespace(free=1)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    monkeypatch.chdir(tmp_path)
    require_space(Path("data/drum"), 1)
    Path("data").mkdir()
    require_space(Path("data/drum"), 1)
    require_space(tmp_path / "data", 1)
    assert asked == [tmp_path, tmp_path / "data", tmp_path / "data"]
