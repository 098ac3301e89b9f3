"""Two sets of errors agree within the stated tolerance, and only within it."""

import pytest

from stages.report.compare import disagreements


def metrics(mae):
    return {
        "drum-dm2": {
            "paper": {"attack_ms": {"mae": mae, "percent": 100 * mae / 99}},
            "closed_form": {"attack_ms": {"mae": 0.0, "percent": 0.0}, "unsolved": 3},
        }
    }


@pytest.mark.parametrize("mae", [20.0, 24.9, 15.1])
def test_errors_within_a_quarter_agree(mae):
    assert list(disagreements(metrics(20.0), metrics(mae))) == []


@pytest.mark.parametrize("mae", [25.5, 14.5])
def test_larger_differences_are_named(mae):
    (line,) = disagreements(metrics(20.0), metrics(mae))
    assert line == f"drum-dm2 paper attack_ms: {mae:g} here, 20 committed"


def test_two_percent_of_the_range_is_forgiven():
    assert list(disagreements(metrics(0.5), metrics(2.4))) == []
    assert len(list(disagreements(metrics(0.5), metrics(2.6)))) == 1


def test_a_missing_entry_is_named():
    here = {"drum-dm2": {"paper": {"attack_ms": {"mae": 1.0, "percent": 1.0}}}}
    (line,) = disagreements(metrics(1.0), here)
    assert line == "drum-dm2 closed_form attack_ms: missing here"
