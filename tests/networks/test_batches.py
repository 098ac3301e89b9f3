"""Splits and batches.

No row, and of a training corpus no loop, is in both parts of a split. Batches hold every row once
per epoch, in an order that follows from seed and epoch only.
"""

import numpy as np
import pytest

from siamese_drc.core.errors import InputError
from siamese_drc.networks.batches import (
    DataSet,
    mean_and_deviation,
    random_split,
    shuffled_batches,
)

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


def test_a_batch_holds_each_dry_input_once(shifted):
    data, shift = shifted
    rows = np.array([0, 1, 12, 13, 25])  # loops 0 0 1 1 2
    inputs, loop = data.batch(rows)
    dry, compressed = inputs[:3], inputs[3:]
    assert inputs.shape == (8, 32, 32, 1)
    assert loop.tolist() == [0, 0, 1, 1, 2]
    found = (dry[loop] - compressed).mean(axis=(1, 2, 3)) * 10.0  # the deviation
    np.testing.assert_allclose(found, shift[rows], atol=0.02)
    standardised = (data.dry[:3].astype(np.float32) + 40.0) / 10.0
    np.testing.assert_allclose(dry[..., 0], standardised, rtol=1e-6)


def test_mean_and_deviation_are_those_of_all_values(data_set):
    values = data_set.dry[1:3].astype(np.float64)
    expected = (pytest.approx(values.mean()), pytest.approx(values.std()))
    assert mean_and_deviation(data_set.dry[1:3]) == expected


def test_inputs_without_variation_can_be_standardised():
    assert mean_and_deviation(np.full((2, 3), 7.0, np.float16)) == (7.0, 1e-6)


def reopened(data, files, dry=None):
    dry = data.dry if dry is None else dry
    return DataSet(dry, files, data.loop, data.position)


def test_a_file_of_another_shape_is_named(data_set, tmp_path):
    files = [tmp_path / f"{loop:03d}.npy" for loop in range(6)]
    np.save(files[2], np.zeros((3, 32, 32), np.float16))
    with pytest.raises(InputError, match=r"002\.npy: has shape \(3, 32, 32\), must be \(10"):
        reopened(data_set, files)
    files[2].write_bytes(b"torn")
    with pytest.raises(InputError, match=r"002\.npy: cannot be read"):
        reopened(data_set, files)


def test_an_input_that_is_not_finite_is_named(data_set, tmp_path):
    path = tmp_path / "003.npy"
    values = np.load(path)
    values[4, 0, 0] = np.nan
    path.unlink()
    np.save(path, values)
    files = [tmp_path / f"{loop:03d}.npy" for loop in range(6)]
    spoilt = reopened(data_set, files)
    spoilt.batch(np.array([30, 31]))
    with pytest.raises(InputError, match=r"003\.npy: holds values that are not finite"):
        spoilt.batch(np.array([34]))
    dry = data_set.dry.copy()
    dry[0, 0, 0] = np.inf
    with pytest.raises(InputError, match="dry inputs hold values that are not finite"):
        reopened(data_set, files, dry)


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
