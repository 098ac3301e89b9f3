"""Forests: constant and plain answers, scikit-learn's accuracy, the same bytes every time."""

from functools import partial

import numpy as np
import pytest
from sklearn.datasets import make_friedman1
from sklearn.ensemble import RandomForestRegressor

from stages.evaluate.data_set import Fit
from stages.evaluate.forests import predict
from stages.evaluate.protocols import random_splits, transfer

by_forests = partial(predict, trees=20, max_features=0.34, seed=1, description="test")


@pytest.fixture(autouse=True)
def _one_process(monkeypatch):
    monkeypatch.setenv("DRC_JOBS", "1")


def friedman(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Ten features, five of them informative, two targets."""
    features, first = make_friedman1(rows, noise=1.0, random_state=0)
    second = 1000 * features[:, 0] - 300 * features[:, 1] ** 2
    return features.astype(np.float32), np.column_stack([first, second])


def test_constant_targets_are_predicted_exactly():
    features, _ = friedman(100)
    targets = np.full((100, 2), [0.1, -37.5])
    fit = Fit(features, targets, np.arange(60), features, np.arange(60, 100))
    (prediction,) = by_forests([fit])
    np.testing.assert_array_equal(prediction.values, targets[60:])


def test_the_one_feature_that_tells_the_target_is_found():
    generator = np.random.default_rng(0)
    # So few values that each has a bin of its own
    features = generator.integers(0, 40, size=(800, 9)).astype(np.float32)
    target = np.where(features[:, 6] > 20, 50.0, -20.0)
    (fit,) = random_splits(features, target[:, None], splits=1, test_fraction=0.25, seed=1)
    (prediction,) = by_forests([fit], max_features=1.0)
    np.testing.assert_allclose(prediction.values[:, 0], target[fit.test])


def test_test_rows_do_not_move_the_forest():
    features, targets = friedman(300)
    others = np.concatenate([features[:50], 1000 + features])
    (alone,) = by_forests(transfer(features, targets, features[:50]))
    (beside,) = by_forests(transfer(features, targets, others))
    np.testing.assert_array_equal(beside.values[:50], alone.values)


def test_training_rows_left_out_do_not_move_the_forest():
    features, targets = friedman(300)
    changed, train, test = features.copy(), np.arange(200), np.arange(200, 250)
    changed[250:] = 1e6
    (before,) = by_forests([Fit(features, targets, train, features, test)])
    (after,) = by_forests([Fit(changed, targets, train, features, test)])
    np.testing.assert_array_equal(before.values, after.values)


def test_error_is_within_three_percent_of_scikit_learns():
    features, targets = friedman(2000)
    (fit,) = random_splits(features, targets, splits=1, test_fraction=0.5, seed=1)
    (ours,) = by_forests([fit], trees=60)
    for parameter in range(2):
        forest = RandomForestRegressor(60, max_features=0.34, random_state=1)
        forest.fit(features[fit.train], targets[fit.train, parameter])
        true = targets[fit.test, parameter]
        theirs = np.abs(forest.predict(features[fit.test]) - true).mean()
        assert np.abs(ours.values[:, parameter] - true).mean() < 1.03 * theirs


def test_bytes_are_the_same_on_every_run_and_for_any_number_of_processes(monkeypatch):
    features, targets = friedman(400)
    fits = random_splits(features, targets, splits=3, test_fraction=0.2, seed=1)
    runs = []
    for processes in ("1", "1", "2"):
        monkeypatch.setenv("DRC_JOBS", processes)
        runs.append(b"".join(each.values.tobytes() for each in by_forests(fits)))
    assert runs[0] == runs[1] == runs[2]


def test_each_fit_parameter_and_seed_has_trees_of_its_own():
    features, targets = friedman(200)
    twins = np.repeat(targets[:, :1], 2, axis=1)
    fits = transfer(features, twins, features) * 2
    first, second = (each.values for each in by_forests(fits))
    (reseeded, _) = (each.values for each in by_forests(fits, seed=2))
    columns = [*first.T, *second.T, *reseeded.T]
    assert len({column.tobytes() for column in columns}) == len(columns)
