"""Bins: a value of its own each where there are few, equally full where there are many."""

import numpy as np

from stages.evaluate.bins import bin_edges, to_bins


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
