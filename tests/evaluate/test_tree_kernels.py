"""Compiled trees against an exhaustive search in exact fractions."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from stages.evaluate.tree_kernels import BINS, add_predictions, grow_tree


def grow(binned, target, *, copies=None, tried=None, seed=0):
    rows, features = binned.shape
    copies = np.ones(rows, np.int64) if copies is None else copies
    tried = features if tried is None else tried
    count_bits = int(copies.sum()).bit_length()
    return grow_tree(binned, target, copies, count_bits, tried, np.random.default_rng(seed))


def applied(tree, binned):
    predicted = np.zeros(len(binned))
    add_predictions(tree, binned, predicted)
    return predicted


def mean(target, copies):
    return Fraction(int((target * copies).sum()), int(copies.sum()))


def gain(target, copies, left):
    """Return by how much a split lowers the sum of squares."""
    whole = mean(target, copies)
    return sum(
        int(copies[side].sum()) * (mean(target[side], copies[side]) - whole) ** 2
        for side in (left, ~left)
    )


def splits(binned):
    """Return every way to part the rows by one feature: (feature, bin below, bin above, left)."""
    return [
        (feature, below, above, binned[:, feature] <= below)
        for feature in range(binned.shape[1])
        for bins in [np.unique(binned[:, feature])]
        for below, above in pairwise(bins)
    ]


def check_node(tree, node, binned, target, copies):
    """Assert that a node and those below it are what an exhaustive search finds."""
    assert tree.value[node] == pytest.approx(float(mean(target, copies)), rel=1e-12)
    possible = splits(binned)
    if not possible or len(set(target)) == 1:
        assert tree.child[node] == 0
        return 1
    feature, threshold = tree.feature[node], tree.threshold[node]
    left = binned[:, feature] <= threshold
    best = max(gain(target, copies, each) for *_, each in possible)
    assert gain(target, copies, left) == best
    (gap,) = [
        (below, above)
        for each, below, above, side in possible
        if each == feature and (side == left).all()
    ]
    assert threshold == (int(gap[0]) + int(gap[1])) // 2
    child = tree.child[node]
    return 1 + sum(
        check_node(tree, child + right, binned[side], target[side], copies[side])
        for right, side in enumerate((left, ~left))
    )


@pytest.mark.parametrize("values", [3, 20, BINS])
def test_every_split_is_the_best_of_an_exhaustive_search(values):
    generator = np.random.default_rng(values)
    binned = generator.integers(0, values, size=(120, 3)).astype(np.uint8)
    # Few values of few features: some rows cannot be told apart, and some leaves are mixed
    target = 40 * binned[:, 0].astype(np.int64) + generator.integers(0, 100, size=120)
    copies = generator.integers(0, 4, size=120)
    tree = grow(binned, target, copies=copies)
    drawn = copies > 0
    nodes = check_node(tree, 0, binned[drawn], target[drawn], copies[drawn])
    assert nodes == len(tree.value) > 20


def test_rows_fall_into_the_leaf_of_their_bins():
    binned = np.array([[0, 9], [1, 9], [5, 9], [5, 9]], np.uint8)
    tree = grow(binned, np.array([0, 0, 6, 10]))
    test = np.array([[0, 0], [3, 63], [4, 0], [63, 63]], np.uint8)
    np.testing.assert_array_equal(applied(tree, test), [0, 0, 8, 8])


def test_equal_targets_need_no_split():
    tree = grow(np.arange(30, dtype=np.uint8)[:, None], np.full(30, 7))
    assert tree.value.tolist() == [7]
    assert tree.child.tolist() == [0]


def test_a_feature_that_parts_rows_is_found_behind_many_that_do_not():
    binned = np.zeros((40, 200), np.uint8)
    binned[20:, 170] = 1
    tree = grow(binned, np.repeat([0, 8], 20), tried=2)
    assert (tree.feature[0], tree.threshold[0]) == (170, 0)
    np.testing.assert_array_equal(applied(tree, binned), np.repeat([0, 8], 20))


def test_features_are_drawn_equally_often():
    generator = np.random.default_rng(0)
    binned = generator.integers(0, 8, size=(30, 6)).astype(np.uint8)
    target = generator.integers(0, 100, size=30)
    roots = [grow(binned, target, tried=1, seed=seed).feature[0] for seed in range(3000)]
    # 500 each, standard deviation 20
    assert np.abs(np.bincount(roots, minlength=6) - 500).max() < 80


def test_sums_are_exact_where_they_fill_the_word():
    rows = 4096
    target = np.full(rows, 2**32 - 1)
    target[0] -= 1
    tree = grow((np.arange(rows) % BINS).astype(np.uint8)[:, None], target)
    assert tree.value[0] == (rows * (2**32 - 1) - 1) / rows
    assert tree.value.max() == 2**32 - 1
