"""Outer folds hold whole recordings, all loops once, and loops of many grid offsets."""

import pytest

from stages.common.errors import InputError
from stages.train.folds import outer_folds


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
