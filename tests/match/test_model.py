"""The learnt model's file, and the coverage of its intervals."""

import numpy as np
import pytest

from siamese_drc.core.errors import InputError
from siamese_drc.evaluation.forest import BinnedForestRegressor
from siamese_drc.match.model import (
    MODEL_FILE,
    calibrated_factors,
    intervals,
    read_model,
    write_model,
)


def test_intervals_have_the_stated_coverage():
    random = np.random.default_rng(0)
    features = random.standard_normal((600, 5)).astype(np.float32)
    targets = np.stack([features[:, 0], features[:, 1] * features[:, 2]], axis=1)
    targets += 0.1 * random.standard_normal(targets.shape)
    fitting, calibration, unseen = slice(300), slice(300, 450), slice(450, 600)
    forest = BinnedForestRegressor(
        n_estimators=30, max_leaf_nodes=50, max_features=1 / 3, random_state=0
    ).fit(features[fitting], targets[fitting])
    trees = forest.tree_predictions(features)
    value = trees.mean(axis=0)
    factors = calibrated_factors(
        value[calibration], trees[:, calibration], targets[calibration], 0.9
    )
    low, high = intervals(value[unseen], trees[:, unseen], factors)
    covered = np.mean((low <= targets[unseen]) & (targets[unseen] <= high), axis=0)
    assert np.all((covered > 0.82) & (covered < 0.97))


def test_a_model_written_is_the_model_read(tmp_path):
    model = read_model()
    write_model(model, tmp_path / "model.npz")
    again = read_model(tmp_path / "model.npz")
    features = np.random.default_rng(0).normal(size=(2, 3, model.network.mean.size))
    for one, other in zip(model.estimate(*features), again.estimate(*features), strict=True):
        np.testing.assert_array_equal(one, other)
    assert again.made_under == model.made_under
    assert MODEL_FILE.stat().st_size < 2e6


def test_a_file_of_another_format_is_refused_in_one_line(tmp_path):
    old, text = tmp_path / "old.npz", tmp_path / "text.npz"
    np.savez(old, mean=np.zeros(3), forest_roots=np.zeros(2))
    text.write_text("no model")
    with pytest.raises(InputError, match=f"{old}: is not a model of format 2, which this version"):
        read_model(old)
    with pytest.raises(InputError, match="cannot be read as the model"):
        read_model(text)
    cut = tmp_path / "cut.npz"
    cut.write_bytes(MODEL_FILE.read_bytes()[:10000])
    for unreadable in (cut, tmp_path / "missing.npz"):
        with pytest.raises(InputError, match="cannot be read as the model"):
            read_model(unreadable)
