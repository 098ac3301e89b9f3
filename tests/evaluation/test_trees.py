"""Trees against an exhaustive search and against scikit-learn's; bins; forests as arrays."""

import subprocess
import sys
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from siamese_drc.evaluation.trees import (
    BINS,
    Forest,
    add_values,
    best_first,
    bin_edges,
    grow_forest,
    grow_tree,
    to_bins,
)


def grow(binned, target, *, copies=None, tried=None, seed=0):
    rows, features = binned.shape
    copies = np.ones(rows, np.int64) if copies is None else copies
    tried = features if tried is None else tried
    count_bits = int(copies.sum()).bit_length()
    return grow_tree(binned, target, copies, count_bits, tried, np.random.default_rng(seed))


def applied(tree, binned):
    predicted = np.zeros(len(binned))
    add_values(tree, binned, predicted)
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
    assert tree.rows[node] == copies.sum()
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


@pytest.mark.parametrize("leaves", [2, 3, 12, 40])
def test_the_best_splits_come_first_as_scikit_learn_grows_them(leaves):
    generator = np.random.default_rng(leaves)
    # Full bins, so that both put a threshold half way between the same neighbours
    binned = generator.permuted(np.tile(np.arange(50), (3, 2)), axis=1).T.astype(np.uint8)
    target = 1000 * binned[:, 0].astype(np.int64) ** 2 + generator.integers(0, 10**6, size=100)
    copies = generator.integers(0, 4, size=100)
    ours = best_first(grow(binned, target, copies=copies), leaves)
    theirs = DecisionTreeRegressor(max_leaf_nodes=leaves, random_state=0)
    drawn = copies > 0
    theirs.fit(binned[drawn], target[drawn], sample_weight=copies[drawn])
    assert np.count_nonzero(ours.child == 0) == leaves
    np.testing.assert_allclose(
        applied(ours, binned[drawn]), theirs.predict(binned[drawn]), rtol=1e-9
    )


def test_a_limit_above_the_number_of_leaves_changes_nothing():
    generator = np.random.default_rng(0)
    binned = generator.integers(0, 8, size=(60, 3)).astype(np.uint8)
    full = grow(binned, generator.integers(0, 100, size=60))
    np.testing.assert_array_equal(applied(best_first(full, 10**6), binned), applied(full, binned))
    alone = grow(binned[:1], np.array([7]))
    assert best_first(alone, 2).value.tolist() == [7]


def test_few_values_have_a_bin_each_with_edges_half_way():
    values = np.array([3, 1, 1, 7, 3], np.float32)
    edges = bin_edges(values, 4)
    np.testing.assert_array_equal(edges, [2, 5])
    features = np.array([[1], [1.9], [2.1], [3], [7], [-9], [99]], np.float32)
    np.testing.assert_array_equal(to_bins(features, [edges])[:, 0], [0, 0, 1, 1, 2, 0, 2])


def test_many_values_fill_the_bins_equally():
    values = np.random.default_rng(0).exponential(size=1000).astype(np.float32)
    edges = bin_edges(values, 8)
    assert len(edges) == 7
    np.testing.assert_array_equal(np.bincount(to_bins(values[:, None], [edges])[:, 0]), [125] * 8)


def test_equal_values_share_a_bin_however_many_they_are():
    values = np.array([5] * 500 + list(range(500)), np.float32)
    edges = bin_edges(values, 8)
    binned = to_bins(values[:, None], [edges])[:, 0]
    assert len(set(binned[values == 5])) == 1
    assert binned[values == 4].max() <= binned[0] < binned[values == 499]


def test_values_next_to_each_other_in_float32_are_told_apart():
    one = np.float32(1)
    values = np.array([one, np.nextafter(one, np.float32(2))])
    np.testing.assert_array_equal(to_bins(values[:, None], [bin_edges(values, 64)])[:, 0], [0, 1])


def forest(**options) -> tuple[Forest, np.ndarray]:
    features = np.random.default_rng(0).normal(size=(200, 6)).astype(np.float32)
    targets = np.column_stack([30 * features[:, 0] - 40, features[:, 1] * features[:, 2]])
    return grow_forest(features, targets, trees=8, tried=2, seed=(1,), **options), features


def test_predictions_are_the_mean_of_the_trees():
    grown, features = forest()
    singly = [
        Forest(grown.edges, [[of[tree]] for of in grown.trees], grown.lowest, grown.scale)
        for tree in range(8)
    ]
    trees = np.stack([tree.predict(features) for tree in singly])
    np.testing.assert_allclose(trees.mean(axis=0), grown.predict(features), rtol=1e-12)
    assert (trees.std(axis=0).mean(axis=0) > 0).all()


@pytest.mark.parametrize("leaves", [None, 20])
def test_a_forest_survives_a_file_of_arrays(tmp_path, leaves):
    grown, features = forest(max_leaf_nodes=leaves)
    arrays = grown.to_arrays()
    np.savez_compressed(tmp_path / "forest.npz", **arrays)  # type: ignore[arg-type]
    with np.load(tmp_path / "forest.npz", allow_pickle=False) as stored:
        found = Forest.from_arrays(stored)
    # Half precision, of targets whose ranges are about 150 and 10
    np.testing.assert_allclose(found.predict(features), grown.predict(features), atol=150 * 5e-4)


def test_a_constant_target_is_stored_too():
    features = np.arange(10.0)[:, None]
    grown = grow_forest(features, np.full((10, 1), -3.5), trees=2, tried=1)
    found = Forest.from_arrays(grown.to_arrays())
    np.testing.assert_array_equal(found.predict(features), np.full((10, 1), -3.5))


def test_a_fitted_forest_is_read_without_scikit_learn():
    code = "import sys, siamese_drc.evaluation.trees; sys.exit('sklearn' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
