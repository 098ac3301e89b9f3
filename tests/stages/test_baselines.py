"""The constant predictor's closed forms, and ridge regression."""

import numpy as np
import pytest
from sklearn.dummy import DummyRegressor

from siamese_drc.compressor.grids import grid_settings
from stages.evaluate import ridge
from stages.project.params import load_params

# For n evenly spaced values at distance d, n even, the median's mean absolute error is n d / 4
DS = {"threshold_db": 12.5, "ratio": 12.5 * 19 / 49, "attack_ms": 25.0, "release_ms": 250.0}
DM = {"threshold_db": 9.6, "ratio": 4.8, "attack_ms": 24.0, "release_ms": 240.0}
D4P = {"threshold_db": 10.0, "ratio": 4.8, "attack_ms": 25.0, "release_ms": 250.0}


@pytest.mark.parametrize(
    ("grid", "expected"),
    [*((f"ds{i}", DS) for i in range(1, 5)), ("dm1", DM), ("dm2", DM), ("d4p", D4P)],
)
def test_constant_has_its_closed_form_on_the_papers_grids(grid, expected):
    grids = load_params().grids
    varied = grids.named[grid].varied
    settings = [grid_settings(grids.named[grid], loop) for loop in range(8)]
    targets = np.concatenate(
        [np.column_stack([getattr(one, name) for name in varied]) for one in settings]
    )
    constant = DummyRegressor(strategy="median").fit(targets, targets)
    predicted = constant.predict(targets).reshape(targets.shape)
    mae = np.abs(predicted - targets).mean(axis=0)
    np.testing.assert_allclose(mae, [expected[name] for name in varied], rtol=1e-6)


@pytest.fixture
def features() -> np.ndarray:
    return np.random.default_rng(0).normal(3, 5, (400, 4)).astype(np.float32)


def test_ridge_finds_directions_of_features(features):
    a, b, c, _ = features.T
    targets = np.stack([2 * a - 1, a - 3 * b + 0.5 * c], axis=1)
    found = ridge(1e-9).fit(features[:300], targets[:300]).predict(features[300:])
    np.testing.assert_allclose(found, targets[300:], atol=1e-3 * np.abs(targets).max())


def test_a_large_penalty_leaves_the_mean(features):
    targets = features[:, :1].astype(float)
    found = ridge(1e9).fit(features[:300], targets[:300]).predict(features[300:])
    np.testing.assert_allclose(found, targets[:300].mean(), atol=1e-3)


def test_ridge_computes_in_float64(features):
    targets = features[:, 0].astype(float)
    far = features + np.float32(1e4)
    doubled = far.astype(np.float64)
    found, expected = (ridge(1e-9).fit(each, targets).predict(each) for each in (far, doubled))
    np.testing.assert_array_equal(found, expected)
