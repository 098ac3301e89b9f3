"""Ridge regression: what it can express, it finds."""

import numpy as np
import pytest

from stages.evaluate.data_set import Fit
from stages.evaluate.ridge import predict_by_ridge


def fit_of(targets: np.ndarray, features: np.ndarray) -> Fit:
    train, test = np.arange(0, 300), np.arange(300, 400)
    return Fit(features, targets, train, features, test)


@pytest.fixture
def features(monkeypatch) -> np.ndarray:
    monkeypatch.setenv("DRC_JOBS", "1")
    return np.random.default_rng(0).normal(3, 5, (400, 4)).astype(np.float32)


def test_directions_of_features_are_found(features):
    a, b, c, _ = features.T
    targets = np.stack([2 * a - 1, a - 3 * b + 0.5 * c], axis=1)
    (found,) = predict_by_ridge([fit_of(targets, features)], penalty=1e-9, description="")
    np.testing.assert_allclose(found.values, targets[300:], atol=1e-3 * np.abs(targets).max())
    assert found.rows.tolist() == list(range(300, 400))


def test_a_large_penalty_leaves_the_mean(features):
    targets = features[:, :1].astype(float)
    (found,) = predict_by_ridge([fit_of(targets, features)], penalty=1e9, description="")
    np.testing.assert_allclose(found.values, targets[:300].mean(), atol=1e-3)


def test_test_rows_do_not_reach_the_fit(features):
    targets = features[:, :1].astype(float)
    spoilt = targets.copy()
    spoilt[300:] = 1e6
    fits = [fit_of(targets, features), fit_of(spoilt, features)]
    clean, same = predict_by_ridge(fits, penalty=1e-4, description="")
    np.testing.assert_array_equal(clean.values, same.values)
