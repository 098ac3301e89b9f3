"""Numba gets a cache of its own where neither the home nor the packages can be written."""

import importlib.util
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from siamese_drc.core import machine_code


@pytest.fixture
def _nothing_can_be_written(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.touch()
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    monkeypatch.setattr(machine_code, "__file__", str(file / "siamese_drc/core/machine_code.py"))
    monkeypatch.setattr("sys.modules", {})  # Numba of this process keeps its cache
    yield
    os.environ.pop("NUMBA_CACHE_DIR", None)


@pytest.mark.usefixtures("_nothing_can_be_written")
def test_a_cache_of_its_own():
    machine_code.use_writable_cache()
    assert os.access(os.environ["NUMBA_CACHE_DIR"], os.W_OK)


@pytest.mark.usefixtures("_nothing_can_be_written")
def test_a_home_is_enough_and_so_are_the_packages(tmp_path, monkeypatch):
    package = SimpleNamespace(origin=str(tmp_path / "librosa/__init__.py"))
    with monkeypatch.context() as patch:
        patch.setattr(importlib.util, "find_spec", lambda name: package)
        patch.setattr(machine_code, "__file__", str(tmp_path / "project/core/machine_code.py"))
        machine_code.use_writable_cache()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    machine_code.use_writable_cache()
    assert "NUMBA_CACHE_DIR" not in os.environ


def test_a_users_own_cache_is_kept(monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/somewhere")
    machine_code.use_writable_cache()
    assert Path(os.environ["NUMBA_CACHE_DIR"]) == Path("/somewhere")
