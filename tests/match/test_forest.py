"""The forest as plain arrays, beside scikit-learn's, and the intervals from its trees."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor

from stages.match.calibration import calibrated_factors, intervals
from stages.match.forest import fit_forest


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    features = random.standard_normal((600, 5)).astype(np.float32)
    targets = np.stack([features[:, 0], features[:, 1] * features[:, 2]], axis=1)
    return features, targets + 0.1 * random.standard_normal(targets.shape)


@pytest.mark.parametrize("leaves", [30, None])
def test_it_says_what_scikit_learn_says(rows, leaves):
    features, targets = rows
    ours = fit_forest(features, targets, trees=7, max_leaf_nodes=leaves, seed=3)
    theirs = RandomForestRegressor(
        7, max_leaf_nodes=leaves, max_features=1 / 3, random_state=3
    ).fit(features, targets)
    np.testing.assert_allclose(
        ours.of_trees(features).mean(axis=0), theirs.predict(features), atol=2e-3
    )


def test_intervals_hold_what_they_claim(rows):
    features, targets = rows
    forest = fit_forest(features[:300], targets[:300], trees=30, max_leaf_nodes=50, seed=0)
    calibration, unseen = slice(300, 450), slice(450, 600)
    trees = forest.of_trees(features)
    value = trees.mean(axis=0)
    factors = calibrated_factors(
        value[calibration], trees[:, calibration], targets[calibration], 0.9
    )
    low, high = intervals(value[unseen], trees[:, unseen], factors)
    covered = np.mean((low <= targets[unseen]) & (targets[unseen] <= high), axis=0)
    assert np.all((covered > 0.82) & (covered < 0.97))
