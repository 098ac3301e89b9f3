"""`make repro` restores a dvc.lock that a kill has cut, and leaves every other one alone."""

from __future__ import annotations

import subprocess

import pytest

from stages.repro import IN_USE, KEPT, LOCK, remove_cut_list, restore_lock

BEGIN = "schema: '2.0'\nstages:\n"
ENTRY = (
    "  {name}:\n    cmd: python {name}\n    outs:\n    - path: data/{name}\n      hash: md5\n"
    "      md5: 0123456789abcdef0123456789abcdef.dir\n      size: 1234\n      nfiles: 12\n"
)


def lock_of(names):
    return BEGIN + "".join(ENTRY.format(name=name) for name in names)


@pytest.fixture(autouse=True)
def _repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    LOCK.write_text(lock_of("abcd"))
    KEPT.parent.mkdir(parents=True)
    name = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    for command in (["init", "-q"], ["add", "dvc.lock"], [*name, "commit", "-q", "-m", "Lock"]):
        subprocess.run(["git", *command], check=True)


@pytest.mark.parametrize("now", ["abcd", "abcde", "abc"])
def test_a_lock_of_a_run_that_ended_is_left_alone(now):
    LOCK.write_text(lock_of(now))
    if now == "abc":  # a run from nothing, stopped while a stage ran
        KEPT.write_text(lock_of(now))
    assert restore_lock() is None
    assert LOCK.read_text() == KEPT.read_text() == lock_of(now)


def test_another_version_that_was_checked_out_is_left_alone():
    KEPT.write_text(lock_of("abcdefg"))
    assert restore_lock() is None
    assert LOCK.read_text() == lock_of("abcd")


@pytest.mark.parametrize("length", [0, 1, 40, 200, 650, 705])
def test_a_cut_lock_is_again_what_the_last_stage_found(length):
    KEPT.write_text(lock_of("abcde"))
    LOCK.write_text(lock_of("abcdef")[:length])
    message = restore_lock()
    assert message is not None
    assert "the last run was stopped and may have cut it" in message
    assert LOCK.read_text() == lock_of("abcde")


@pytest.mark.parametrize("gone", [1, 8, 16, 30, 60, 200, 600, len(lock_of("abcd"))])
def test_a_lock_cut_by_dvc_repro_is_again_the_committed_one(gone):
    """Sixteen bytes are the number of a folder's files, which DVC does not miss."""
    LOCK.write_text(lock_of("abcd")[:-gone])
    message = restore_lock()
    assert message is not None
    assert "It is as committed" in message
    assert LOCK.read_text() == KEPT.read_text() == lock_of("abcd")


def test_a_lock_that_began_with_the_killed_run_is_removed():
    KEPT.write_text("")
    LOCK.write_text(lock_of("ab")[:100])
    assert restore_lock() is not None
    assert not LOCK.exists()


def test_a_run_from_nothing_begins_without_a_lock():
    LOCK.unlink()
    KEPT.write_text(lock_of("abcdefg"))
    assert restore_lock() is None
    assert KEPT.read_bytes() == b""


@pytest.mark.parametrize("content", ["", '{"write": {"data', "{}"])
def test_only_a_cut_list_of_what_is_in_use_is_removed(content):
    IN_USE.write_text(content)
    remove_cut_list()
    assert IN_USE.exists() == (content == "{}")
    remove_cut_list()  # also where there is none
