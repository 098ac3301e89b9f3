"""What each protocol lets a forest know, shown on embeddings whose answer is known."""

from functools import partial

import numpy as np
import pytest

from stages.evaluate.baselines import constant
from stages.evaluate.data_set import DataSet
from stages.evaluate.forests import predict
from stages.evaluate.mean_errors import row_errors, split_errors
from stages.evaluate.protocols import random_splits, transfer, unseen_loops
from stages.train.folds import outer_folds

LOOPS, SETTINGS = 24, 30
FOLDS = outer_folds([str(loop) for loop in range(LOOPS)], 4)


@pytest.fixture(autouse=True)
def _one_process(monkeypatch):
    monkeypatch.setenv("DRC_JOBS", "1")


@pytest.fixture
def data() -> DataSet:
    """An attack grid: 30 values for each of 24 loops."""
    loop = np.repeat(np.arange(LOOPS), SETTINGS)
    attack = np.tile(np.linspace(1, 99, SETTINGS), LOOPS)
    everything = np.ones(len(loop), bool)
    return DataSet("drum-ds3", ["attack_ms"], attack[:, None], loop, loop.astype(str), everything)


def errors(data: DataSet, embeddings: np.ndarray) -> dict[str, float]:
    """Mean absolute error by `paper`, by `unseen_loops`, and of the constant predictor."""
    by_forests = partial(predict, trees=20, max_features=0.34, seed=1, description="test")
    by_rows = random_splits(embeddings, data.targets, splits=3, test_fraction=0.2, seed=1)
    by_loops = unseen_loops([embeddings] * len(FOLDS), data.targets, data.loop, FOLDS)
    found = {
        "paper": split_errors(data, by_forests(by_rows)),
        "unseen_loops": row_errors(data, by_forests(by_loops), bootstrap=10, seed=1),
        "constant": split_errors(data, constant(by_rows)),
    }
    return {entry: found[entry]["attack_ms"]["mae"] for entry in found}


def test_embeddings_that_hold_the_target_are_read_by_both_protocols(data):
    embeddings = (data.targets * [1.0, -2.0, 0.1]).astype(np.float32)
    found = errors(data, embeddings)
    assert found["paper"] < 1.0  # the values are 3.4 ms apart
    assert found["unseen_loops"] < 1.0


def test_embeddings_that_hold_the_loop_alone_are_no_better_than_a_constant(data):
    codes = np.random.default_rng(0).normal(size=(LOOPS, 3)).astype(np.float32)
    found = errors(data, codes[data.loop])
    assert found["constant"] == pytest.approx(25, rel=0.06)
    assert found["paper"] == pytest.approx(found["constant"], rel=0.1)
    assert found["unseen_loops"] == pytest.approx(found["constant"], rel=0.1)


def test_only_the_paper_protocol_can_use_what_belongs_to_a_loop(data):
    """The target is told in a code of each loop's own, and the loop is told as well."""
    generator = np.random.default_rng(0)
    sign = generator.permutation(np.tile([-1.0, 1.0], LOOPS // 2))
    codes = generator.normal(size=(LOOPS, 4))
    told = sign[data.loop] * (data.targets[:, 0] - 50)
    embeddings = np.column_stack([told, codes[data.loop]]).astype(np.float32)
    found = errors(data, embeddings)
    assert found["paper"] < 0.4 * found["constant"]
    assert found["unseen_loops"] > 0.8 * found["constant"]


def test_random_splits_cover_every_row_and_never_overlap(data):
    fits = random_splits(data.targets, data.targets, splits=5, test_fraction=0.2, seed=1)
    for fit in fits:
        assert len(fit.test) == 0.2 * len(data)
        np.testing.assert_array_equal(
            np.sort(np.concatenate([fit.train, fit.test])), np.arange(len(data))
        )
    assert not np.array_equal(fits[0].test, fits[1].test)


def test_unseen_loops_share_no_loop_and_are_tested_once(data):
    fits = unseen_loops([data.targets] * len(FOLDS), data.targets, data.loop, FOLDS)
    for fit, fold in zip(fits, FOLDS, strict=True):
        assert set(data.loop[fit.test]) == set(fold)
        assert set(data.loop[fit.train]) == set(range(LOOPS)) - set(fold)
    tested = np.concatenate([fit.test for fit in fits])
    np.testing.assert_array_equal(np.sort(tested), np.arange(len(data)))


def test_each_fold_uses_the_embeddings_of_its_own_network(data):
    embeddings = [np.full((len(data), 1), fold, np.float32) for fold in range(len(FOLDS))]
    for fold, fit in enumerate(unseen_loops(embeddings, data.targets, data.loop, FOLDS)):
        assert fit.features is embeddings[fold]
        assert fit.test_features is embeddings[fold]


def test_transfer_fits_on_one_material_and_tests_all_of_another(data):
    other = np.linspace(0, 1, 7)[:, None]
    (fit,) = transfer(data.targets, data.targets, other)
    assert (len(fit.train), len(fit.test)) == (len(data), 7)
    (prediction,) = predict([fit], trees=5, max_features=1.0, seed=1, description="test")
    assert prediction.values.shape == (7, 1)
    # Every value lies below the smallest that the forest was fitted on
    np.testing.assert_allclose(prediction.values, 1.0, atol=1e-9)
