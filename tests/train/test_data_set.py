"""Batches: every row once per epoch, in an order that follows from seed and epoch alone."""

import numpy as np
import pandas as pd
import pytest

from stages.common.errors import InputError
from stages.common.params import load_params
from stages.train.data_set import DataSet, shuffled_batches
from stages.train.splits import all_rows_split, training_loops_split
from stages.train.targets import TargetScale

LOOP = np.repeat(np.arange(7), 13)


def deal(**changes):
    options = {"batch_size": 8, "loops_per_batch": 4, "seed": 3, "epoch": 0}
    return list(shuffled_batches(LOOP, np.arange(0, 91, 1), **{**options, **changes}))


def test_every_row_once_per_epoch():
    batches = deal()
    assert sorted(np.concatenate(batches)) == list(range(91))
    assert {len(batch) for batch in batches[:-1]} == {8}


def test_order_follows_from_seed_and_epoch():
    same, other = deal(), deal(epoch=1)
    assert all(np.array_equal(a, b) for a, b in zip(deal(), same, strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(same, other, strict=True))


def test_rows_of_a_batch_share_loops():
    shared = [len(np.unique(LOOP[batch])) for batch in deal(loops_per_batch=1)]
    apart = [len(np.unique(LOOP[batch])) for batch in deal(loops_per_batch=8)]
    assert np.mean(shared) < 2.5 < np.mean(apart)


def test_a_batch_holds_each_dry_input_once(data_set):
    rows = np.array([0, 1, 12, 13, 25])  # loops 0 0 1 1 2
    inputs, loop = data_set.batch(rows, mean=-40.0, deviation=10.0)
    dry, compressed = inputs[:3], inputs[3:]
    assert inputs.shape == (8, 32, 32, 1)
    assert loop.tolist() == [0, 0, 1, 1, 2]
    shift = (dry[loop] - compressed).mean(axis=(1, 2, 3)) * 10.0
    expected = data_set.targets(["attack_ms"])[rows, 0] / 10
    np.testing.assert_allclose(shift, expected, atol=0.02)


def test_normalisation_reads_only_the_named_loops(data_set):
    mean, deviation = data_set.normalisation(np.array([1, 2]))
    values = data_set.dry[1:3].astype(np.float64)
    assert (mean, deviation) == (pytest.approx(values.mean()), pytest.approx(values.std()))


def test_a_file_of_another_shape_is_named(data_set, tmp_path):
    files = [tmp_path / f"{loop:03d}.npy" for loop in range(6)]
    np.save(files[2], np.zeros((3, 32, 32), np.float16))
    with pytest.raises(InputError, match=r"002\.npy: has shape \(3, 32, 32\), must have \(10"):
        DataSet(data_set.rows, data_set.dry, files)
    files[2].write_bytes(b"torn")
    with pytest.raises(InputError, match=r"002\.npy: cannot be read as an array"):
        DataSet(data_set.rows, data_set.dry, files)


def test_an_input_that_is_not_finite_is_named(data_set, tmp_path):
    path = tmp_path / "003.npy"
    values = np.load(path)
    values[4, 0, 0] = np.nan
    path.unlink()
    np.save(path, values)
    files = [tmp_path / f"{loop:03d}.npy" for loop in range(6)]
    spoilt = DataSet(data_set.rows, data_set.dry, files)
    spoilt.batch(np.array([30, 31]), 0.0, 1.0)
    with pytest.raises(InputError, match=r"003\.npy: holds values that are not finite"):
        spoilt.batch(np.array([34]), 0.0, 1.0)
    dry = data_set.dry.copy()
    dry[0, 0, 0] = np.inf
    with pytest.raises(InputError, match="dry inputs hold values that are not finite"):
        DataSet(data_set.rows, dry, files)


def test_targets_fill_the_unit_interval():
    grid = load_params().grids.named["dm2"]
    scale = TargetScale.of_grid(grid)
    assert scale.names == ["attack_ms", "release_ms"]
    ends = np.array([[1.0, 10.0], [95.5, 955.0]])  # Table III
    np.testing.assert_allclose(scale.scale(ends), [[0, 0], [1, 1]])
    np.testing.assert_allclose(scale.restore(scale.scale(ends)), ends)


def test_validation_rows_never_train():
    split = all_rows_split(200, validation_fraction=0.15, seed=1)
    assert len(split.validation) == 30
    assert not set(split.training) & set(split.validation)
    assert len(split.training) + len(split.validation) == 200


def test_test_loops_are_seen_by_nothing():
    table = pd.Series(LOOP)
    split = training_loops_split(LOOP, [1, 5], validation_fraction=0.15, seed=1)
    assert set(table[split.training]) | set(table[split.validation]) == {0, 2, 3, 4, 6}
    assert not set(table[split.training]) & set(table[split.validation])
