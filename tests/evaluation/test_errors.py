"""Errors and their spread, by hand; predictions as a table."""

import numpy as np
import pandas as pd
import pytest

from siamese_drc.evaluation.errors import (
    absolute_errors,
    bootstrap_means,
    errors_of,
    learnt,
    prediction_table,
    rounded,
    row_means,
)
from siamese_drc.evaluation.protocols import DataSet, Prediction


def dm2(identifiable: list[bool]) -> DataSet:
    """Four rows of two loops with zero attack and release, so that predictions are errors."""
    loop = np.array([0, 0, 1, 1])
    return DataSet(
        "drum-dm2",
        ["attack_ms", "release_ms"],
        np.zeros((4, 2)),
        loop,
        loop.astype(str),
        np.array(identifiable),
    )


def test_errors_of_splits():
    data = dm2([True, True, False, False])
    splits = [
        Prediction(np.array([0, 2]), np.array([[1.0, -10.0], [3.0, 30.0]])),
        Prediction(np.array([2, 3]), np.array([[4.0, 0.0], [-6.0, 0.0]])),
    ]
    assert errors_of(data, splits, bootstrap=5, seed=1) == {
        "attack_ms": {
            "mae": 3.5,  # of the splits' 2 and 5
            "std": 1.5,
            "percent": pytest.approx(100 * 3.5 / 99),
            "mae_identifiable": 1.0,  # the second split tests no identifiable row
            "n": 3,
        },
        "release_ms": {
            "mae": 10.0,
            "std": 10.0,
            "percent": pytest.approx(1000 / 999),
            "mae_identifiable": 10.0,
            "n": 3,
        },
    }


def test_errors_of_rows_and_their_bootstrap():
    data = dm2([True, False, True, False])
    values = np.array([[1.0, 5.0], [1.0, 5.0], [0.0, 5.0], [0.0, 5.0]])
    tested = Prediction(np.array([2, 3, 0, 1]), values)
    errors = errors_of(data, [tested], bootstrap=20000, seed=1)
    assert errors["attack_ms"]["mae"] == 0.5
    assert errors["attack_ms"]["mae_identifiable"] == 0.5
    assert errors["attack_ms"]["n"] == 4
    # Two loops drawn of errors 0 and 1: a binomial mean, deviation sqrt(0.25 / 2)
    assert errors["attack_ms"]["std"] == pytest.approx(np.sqrt(0.125), abs=0.005)
    assert errors["release_ms"]["mae"] == 5.0
    assert errors["release_ms"]["std"] == 0.0


def test_the_bootstrap_draws_whole_recordings():
    """Four loops of which two pairs share a recording spread as two loops do."""
    four = DataSet(
        "drum-ds3",
        ["attack_ms"],
        np.zeros((4, 1)),
        np.arange(4),
        np.array(["a", "a", "b", "b"]),
        np.ones(4, bool),
    )
    errors = np.array([[0.0], [0.0], [1.0], [1.0]])
    found = errors_of(four, [Prediction(np.arange(4), errors)], bootstrap=20000, seed=1)
    assert found["attack_ms"]["std"] == pytest.approx(np.sqrt(0.125), abs=0.005)


def test_no_identifiable_row_has_no_error():
    data = dm2([False] * 4)
    all_rows = Prediction(np.arange(4), np.ones((4, 2)))
    for tested in ([all_rows], [all_rows] * 2):
        found = errors_of(data, tested, bootstrap=5, seed=1)
        assert found["attack_ms"]["mae_identifiable"] is None


def test_predictions_are_the_mean_over_the_splits_that_tested_a_row():
    data = dm2([True] * 4)
    splits = [
        Prediction(np.array([3, 0]), np.array([[1.0, 10.0], [2.0, 20.0]])),
        Prediction(np.array([0, 1]), np.array([[4.0, 40.0], [6.0, 60.0]])),
    ]
    expected = pd.DataFrame(
        {
            "data_set": "drum-dm2",
            "protocol": "paper",
            "parameter": ["attack_ms"] * 3 + ["release_ms"] * 3,
            "loop": [0, 0, 1] * 2,
            "true": 0.0,
            "predicted": [3.0, 6.0, 1.0, 30.0, 60.0, 10.0],
        }
    )
    pd.testing.assert_frame_equal(prediction_table(data, "paper", splits), expected)


def test_two_predictors_are_compared_loop_by_loop():
    """One is better by 1 in every row: their own errors spread over the loops, this does not."""
    data = dm2([True] * 4)
    rows, errors = np.arange(4), np.array([[2.0, 5.0], [2.0, 5.0], [9.0, 6.0], [9.0, 6.0]])
    worse, better = (absolute_errors(data, Prediction(rows, errors - by)) for by in (0, 1))
    means = bootstrap_means(better - worse, data.group, samples=50, seed=1)
    assert means.shape == (50, 2)
    np.testing.assert_allclose(means, -1.0)
    assert bootstrap_means(worse, data.group, samples=50, seed=1).std(axis=0).min() > 0.2


def test_a_rows_error_is_the_mean_over_the_splits_that_tested_it():
    splits = [
        Prediction(np.array([3, 0]), np.array([[1.0, -10.0], [2.0, 20.0]])),
        Prediction(np.array([0, 1]), np.array([[-4.0, 40.0], [6.0, 60.0]])),
    ]
    found = row_means(dm2([True] * 4), splits)
    expected = [[3.0, 30.0], [6.0, 60.0], [np.nan, np.nan], [1.0, 10.0]]
    np.testing.assert_array_equal(found, expected)


def loops_off(by: np.ndarray) -> tuple[DataSet, list[Prediction]]:
    """Two rows of each loop with attack 0, predicted `by` the loop's number too high."""
    loop = np.repeat(np.arange(len(by)), 2)
    everything = np.ones(len(loop), bool)
    zeros = np.zeros((len(loop), 1))
    data = DataSet("drum-ds3", ["attack_ms"], zeros, loop, loop.astype(str), everything)
    return data, [Prediction(np.arange(len(loop)), by[loop][:, None].astype(float))]


def test_the_interval_of_a_difference_is_that_of_a_mean_of_loops():
    """Differences of 64 loops: half -3, half -1: mean -2, standard error 1 / 8."""
    data, worse = loops_off(np.full(64, 5.0))
    _, better = loops_off(np.tile([2.0, 4.0], 32))
    others = {"untrained": worse, "constant": worse}
    found = learnt(data, better, others, bootstrap=20000, seed=1)["attack_ms"]
    expected = [-2 - 1.96 / 8, -2 + 1.96 / 8]
    np.testing.assert_allclose(found["below_untrained"], expected, atol=0.04)
    assert found["below_constant"] == found["below_untrained"]
    assert found["learnt"] is True


@pytest.mark.parametrize("baseline", ["untrained", "constant"])
@pytest.mark.parametrize(
    "loops",
    [
        np.full(8, 2.0),  # as good as ours
        np.full(8, 1.5),  # better
        np.array([2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 9.0]),  # worse on one loop of eight
    ],
    ids=["equal", "better", "one-loop"],
)
def test_nothing_is_learnt_where_the_interval_reaches_zero(baseline, loops):
    data, ours = loops_off(np.full(8, 2.0))
    baselines = dict.fromkeys(["untrained", "constant"], loops_off(np.full(8, 9.0))[1])
    baselines[baseline] = loops_off(loops)[1]
    found = learnt(data, ours, baselines, bootstrap=2000, seed=1)["attack_ms"]
    assert found[f"below_{baseline}"][1] >= 0
    assert found["learnt"] is False


def test_each_parameter_is_learnt_by_itself_on_the_rows_that_all_have_tested():
    data, rows = dm2([True] * 4), np.arange(4)
    ours = [Prediction(rows[:3], np.array([[1.0, 7.0]] * 3))]
    other = [Prediction(rows[1:], np.array([[5.0, 7.0]] * 2 + [[100.0, 700.0]]))]
    found = learnt(data, ours, {"untrained": other, "constant": other}, bootstrap=50, seed=1)
    assert found["attack_ms"]["below_untrained"] == [-4.0, -4.0]
    assert found["release_ms"]["below_untrained"] == [0.0, 0.0]
    assert {name: entry["learnt"] for name, entry in found.items()} == {
        "attack_ms": True,
        "release_ms": False,
    }


def test_intervals_are_rounded_and_answers_are_not():
    assert rounded({"below": [-2 / 3, 1e-16], "learnt": True}) == {
        "below": [-0.666667, 0.0],
        "learnt": True,
    }
    assert rounded({"learnt": True})["learnt"] is True
