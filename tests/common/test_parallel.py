"""Parallel work: results in order, the same for any number of processes."""

import pytest

from stages.common.parallel import jobs, parallel_map


def square(number):
    return number * number


def fail(number):
    raise ValueError(f"piece {number}")


@pytest.mark.parametrize("count", ["1", "2"])
def test_results_come_in_order(monkeypatch, count):
    monkeypatch.setenv("DRC_JOBS", count)
    assert parallel_map(square, range(20), description="squares") == [n * n for n in range(20)]


def test_nothing_to_do():
    assert parallel_map(square, [], description="squares") == []


def test_an_error_in_a_piece_comes_back(monkeypatch):
    monkeypatch.setenv("DRC_JOBS", "2")
    with pytest.raises(ValueError, match="piece"):
        parallel_map(fail, [1, 2], description="failing")


def test_the_environment_sets_how_many(monkeypatch):
    monkeypatch.setenv("DRC_JOBS", "3")
    assert jobs() == 3
    monkeypatch.delenv("DRC_JOBS")
    assert jobs() >= 1
