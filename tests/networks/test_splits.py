"""Splits: no row in two parts, no recording in two folds, loops of many grid offsets in each."""

import numpy as np
import pytest

from siamese_drc.core.errors import InputError
from siamese_drc.networks.splits import all_rows_split, outer_folds, training_loops_split


def test_validation_rows_never_train():
    split = all_rows_split(200, validation_fraction=0.15, seed=1)
    assert len(split.validation) == 30
    assert not set(split.training) & set(split.validation)
    assert len(split.training) + len(split.validation) == 200


def test_test_loops_are_in_neither_part():
    loop = np.repeat(np.arange(7), 13)
    split = training_loops_split(loop, [1, 5], validation_fraction=0.15, seed=1)
    training, validation = set(loop[split.training]), set(loop[split.validation])
    assert training | validation == {0, 2, 3, 4, 6}
    assert not training & validation


def test_every_loop_is_tested_once():
    folds = outer_folds([f"loop{i}" for i in range(64)], 5)
    assert sorted(loop for fold in folds for loop in fold) == list(range(64))
    assert {len(fold) for fold in folds} <= {12, 13}


def test_folds_are_spread_over_the_grid_offset():
    for fold in outer_folds([f"loop{i}" for i in range(64)], 5):
        offsets = [loop % 8 for loop in fold]
        assert set(offsets) == set(range(8))
        assert max(offsets.count(k) for k in range(8)) <= 2


def test_windows_of_a_recording_stay_together():
    groups = [f"recording{i // 3}" for i in range(24)]
    folds = outer_folds(groups, 4)
    assert sorted(loop for fold in folds for loop in fold) == list(range(24))
    for fold in folds:
        others = {groups[i] for other in folds if other is not fold for i in other}
        assert not others & {groups[i] for i in fold}


def test_too_few_recordings():
    with pytest.raises(
        InputError, match="folds 3: must be at most the number of loops or recordings, 2"
    ):
        outer_folds(["a", "a", "b", "b"], 3)
