"""Splits: no row, and of a training corpus no loop, in both parts; none is lost."""

import numpy as np
import pytest

from siamese_drc.networks.splits import random_split


def test_validation_rows_never_train():
    split = random_split(np.arange(200), validation_fraction=0.15, seed=1)
    assert len(split.validation) == 30
    assert not set(split.training) & set(split.validation)
    assert len(split.training) + len(split.validation) == 200


@pytest.mark.parametrize(("loops", "fraction", "held_out"), [(40, 0.15, 6), (3, 0.1, 1)])
def test_loops_are_whole_in_one_part(loops, fraction, held_out):
    loop = np.random.default_rng(0).permutation(np.repeat(np.arange(loops), 4))
    split = random_split(loop, validation_fraction=fraction, seed=1)
    training, validation = set(loop[split.training]), set(loop[split.validation])
    assert len(validation) == held_out
    assert not training & validation
    rows = np.sort(np.concatenate([split.training, split.validation]))
    np.testing.assert_array_equal(rows, np.arange(len(loop)))


def test_the_seed_chooses_the_loops():
    loop = np.repeat(np.arange(20), 3)
    found = [
        tuple(random_split(loop, validation_fraction=0.25, seed=seed).validation)
        for seed in (1, 1, 2)
    ]
    assert found[0] == found[1] != found[2]
