"""The forest as an estimator: scikit-learn's rules and accuracy, known answers, the same bytes."""

import hashlib

import numpy as np
import pytest
from sklearn.datasets import make_friedman1
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import ShuffleSplit
from sklearn.utils.estimator_checks import parametrize_with_checks

from siamese_drc.evaluation.forest import BinnedForestRegressor


# By their own conditions the checks of sparse input, sample weights, missing values and array
# namespaces do not apply.
@parametrize_with_checks(
    [
        BinnedForestRegressor(n_estimators=5, random_state=0),
        BinnedForestRegressor(n_estimators=5, max_leaf_nodes=30, random_state=0),
    ]
)
def test_it_is_a_scikit_learn_estimator(estimator, check):
    check(estimator)


def forest(**options) -> BinnedForestRegressor:
    return BinnedForestRegressor(**{"n_estimators": 20, "max_features": 0.34} | options)


def friedman(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Ten features, five of them informative, two targets."""
    features, first = make_friedman1(rows, noise=1.0, random_state=0)
    second = 1000 * features[:, 0] - 300 * features[:, 1] ** 2
    return features.astype(np.float32), np.column_stack([first, second])


def test_known_answers():
    """Those of the forests that the metrics of version 0.1.0 were made with."""
    generator = np.random.default_rng(5)
    features = generator.integers(0, 1000, size=(300, 12)).astype(np.float32) / 8
    features[:, 3] //= 25
    a, b, c = features[:, 0], features[:, 1], features[:, 3]
    targets = np.column_stack([np.floor(a * b / 50) / 4 - 40, 3 * c - 0.1 * a]).astype(np.float64)
    values = []
    for i, (train, test) in enumerate(
        ShuffleSplit(2, test_size=0.1, random_state=3).split(features)
    ):
        fitted = forest(n_estimators=7, random_state=(9, i)).fit(features[train], targets[train])
        values.append(fitted.predict(features[test]))
    assert values[0][:3].tolist() == [
        [-12.357142856893397, -7.378571441254705],
        [-12.678571430192928, 3.128571356531525],
        [2.750000002037268, -4.425000019718313],
    ]
    assert values[1][:3].tolist() == [
        [-34.46428571465991, 0.9339284988230077],
        [-34.21428571320472, -1.5482143401983333],
        [-3.21428571436887, -0.9964286935214908],
    ]
    assert [hashlib.sha256(each.tobytes()).hexdigest()[:16] for each in values] == [
        "f955f167ed7afe8b",
        "05d86dd73c576fd5",
    ]


def test_constant_targets_are_predicted_exactly():
    features, _ = friedman(100)
    targets = np.full((100, 2), [0.1, -37.5])
    predicted = forest().fit(features[:60], targets[:60]).predict(features[60:])
    np.testing.assert_array_equal(predicted, targets[60:])


def test_the_one_informative_feature_is_found():
    generator = np.random.default_rng(0)
    # So few values that each has a bin of its own
    features = generator.integers(0, 40, size=(800, 9)).astype(np.float32)
    target = np.where(features[:, 6] > 20, 50.0, -20.0)
    fitted = forest(max_features=1.0, random_state=1).fit(features[:600], target[:600])
    np.testing.assert_allclose(fitted.predict(features[600:]), target[600:])


@pytest.mark.parametrize(
    ("trees", "leaves", "ratio"),
    [(60, None, 1.03), (200, 50, 1.05)],  # few leaves: chance has more influence
)
def test_error_is_close_to_scikit_learns(trees, leaves, ratio):
    features, targets = friedman(2000)
    if leaves:
        features = np.floor(60 * features)  # the same bins for both
    options = {"n_estimators": trees, "max_features": 0.34, "max_leaf_nodes": leaves}
    ours = forest(**options, random_state=1).fit(features[:1000], targets[:1000])
    errors = np.abs(ours.predict(features[1000:]) - targets[1000:]).mean(axis=0)
    for error, target in zip(errors, targets.T, strict=True):
        theirs = RandomForestRegressor(**options, random_state=1)
        theirs.fit(features[:1000], target[:1000])
        assert error < ratio * np.abs(theirs.predict(features[1000:]) - target[1000:]).mean()


def test_any_number_of_threads_gives_the_same_bytes():
    features, targets = friedman(400)
    runs = [
        forest(random_state=1, n_jobs=jobs).fit(features, targets).predict(features).tobytes()
        for jobs in (None, 1, 3)
    ]
    assert runs[0] == runs[1] == runs[2]


def test_each_target_and_seed_has_trees_of_its_own():
    features, targets = friedman(200)
    twins = np.repeat(targets[:, :1], 2, axis=1)
    columns = [
        column.tobytes()
        for seed in ((1, 0), (1, 1), (2, 0))
        for column in forest(random_state=seed).fit(features, twins).predict(features).T
    ]
    assert len(set(columns)) == len(columns)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_estimators": 0}, "n_estimators 0: must be at least 1"),
        ({"max_features": 0.0}, r"max_features 0\.0: must be above 0 and at most 1"),
        ({"max_features": 2}, "max_features 2: must be above 0 and at most 1"),
        ({"max_leaf_nodes": 1}, "max_leaf_nodes 1: must be at least 2 or None"),
    ],
)
def test_impossible_options_are_errors(options, message):
    with pytest.raises(ValueError, match=message):
        BinnedForestRegressor(**options).fit(*friedman(10))
