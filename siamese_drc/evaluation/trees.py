"""Regression trees and random forests on binned features, compiled, held as plain arrays.

A forest is grown for each target (L. Breiman, "Random forests", Machine Learning 45, 2001): every
tree on a bootstrap sample of the rows, with a random subset of the features tried at each split.
Features are first replaced by the numbers of at most 64 bins, so that a split is found in a
histogram instead of a sorted list. On embeddings this costs no accuracy and takes a fraction of the
time (benchmarks/forests.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from numba import njit
from numba.cpython.unsafe.numbers import trailing_zeros

BINS = 64  # of each feature: a machine word has one bit for each
_ONE = np.uint64(1)
_TARGET_BITS = 32  # more bits of a target would be lost when a sum becomes a float64


class Tree(NamedTuple):
    """Nodes of one tree, the root first; each array has the shape (nodes,).

    A row whose bin of `feature` is at most `threshold` goes to `child`, any other to `child` + 1.
    """

    feature: np.ndarray  # int32
    threshold: np.ndarray  # uint8
    child: np.ndarray  # int32, 0 in a leaf
    value: np.ndarray  # float64, mean target of the node's rows
    rows: np.ndarray  # int32, how many rows, copies in the bootstrap sample counted


@dataclass(frozen=True)
class Forest:
    """Random forests, one for each target: a tree's value v means `lowest` + `scale` * v."""

    edges: list[np.ndarray]  # for each feature the ascending edges of its bins
    trees: list[list[Tree]]  # for each target, equally many
    lowest: np.ndarray  # shape (targets,)
    scale: np.ndarray  # shape (targets,)

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Return the mean of the trees, shape (rows, targets), for features (rows, features)."""
        binned = to_bins(features, self.edges)
        predicted = np.empty((len(binned), len(self.trees)))
        for target, trees in enumerate(self.trees):
            total = np.zeros(len(binned))
            for tree in trees:
                add_values(tree, binned, total)
            predicted[:, target] = self.lowest[target] + self.scale[target] * total / len(trees)
        return predicted

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the forest as arrays for `numpy.savez_compressed`; `from_arrays` reads them.

        The leaves' values are stored in half precision, as parts of the range of the target.
        """
        nodes = [tree for trees in self.trees for tree in trees]
        feature, threshold, child, value, _ = map(np.concatenate, zip(*nodes, strict=True))
        largest = max(value.max(), 1.0)
        return {
            "edges": np.concatenate(self.edges),
            "edge_counts": np.array([len(edges) for edges in self.edges]),
            "node_counts": np.array([[len(tree.child) for tree in trees] for trees in self.trees]),
            "feature": feature.astype(np.min_scalar_type(len(self.edges))),
            "threshold": threshold,
            "child": child.astype(np.min_scalar_type(child.max())),
            # Only leaves predict; zeros compress well
            "value": np.where(child == 0, value / largest, 0.0).astype(np.float16),
            "lowest": self.lowest,
            "scale": self.scale * largest,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Forest:
        """Return the forest that `to_arrays` gave; its inner nodes have lost values and rows."""
        counts = arrays["node_counts"]
        ends = np.cumsum(counts)[:-1]
        kinds = {"feature": np.int32, "threshold": np.uint8, "child": np.int32, "value": np.float64}
        feature, threshold, child, value = (
            np.split(np.asarray(arrays[name], kind), ends) for name, kind in kinds.items()
        )
        trees = [
            Tree(*nodes, np.zeros(len(nodes[0]), np.int32))
            for nodes in zip(feature, threshold, child, value, strict=True)
        ]
        per_target = counts.shape[1]
        return cls(
            np.split(arrays["edges"], np.cumsum(arrays["edge_counts"])[:-1]),
            [trees[start : start + per_target] for start in range(0, len(trees), per_target)],
            arrays["lowest"],
            arrays["scale"],
        )


def grow_forest(
    features: np.ndarray,
    targets: np.ndarray,
    *,
    trees: int,
    tried: int,
    max_leaf_nodes: int | None = None,
    seed: Sequence[int] = (0,),
    jobs: int | None = None,
) -> Forest:
    """Grow a forest for each target, from (rows, features) and (rows, targets), float64.

    The options are those of `BinnedForestRegressor`; `tried` features are drawn at each split.
    Every tree has a seed of its own, so that the forest is the same for any number of jobs.
    """
    edges = [bin_edges(column, BINS) for column in features.T]
    binned = to_bins(features, edges)
    count_bits = len(features).bit_length()
    # Whole numbers, as fine as a sum over all rows allows beside the number of rows
    finest = 2 ** min(_TARGET_BITS, 63 - 2 * count_bits) - 1
    lowest = targets.min(axis=0)
    scale = (targets.max(axis=0) - lowest) / finest
    scale[scale == 0] = 1.0
    whole = np.rint((targets - lowest) / scale).astype(np.int64)
    work = [
        (np.ascontiguousarray(whole[:, target]), tree_seed)
        for target in range(targets.shape[1])
        for tree_seed in np.random.SeedSequence((*seed, target)).spawn(trees)
    ]
    grown = Parallel(n_jobs=jobs, prefer="threads")(
        delayed(_grow_sampled)(binned, target, tree_seed, count_bits, tried, max_leaf_nodes)
        for target, tree_seed in work
    )
    return Forest(
        edges,
        [grown[start : start + trees] for start in range(0, len(grown), trees)],
        lowest,
        scale,
    )


def _grow_sampled(
    binned: np.ndarray,
    target: np.ndarray,
    seed: np.random.SeedSequence,
    count_bits: int,
    tried: int,
    max_leaf_nodes: int | None,
) -> Tree:
    """Grow a tree on a bootstrap sample of the rows."""
    generator = np.random.default_rng(seed)
    rows = len(binned)
    copies = np.bincount(generator.integers(rows, size=rows), minlength=rows)
    tree = grow_tree(binned, target, copies, count_bits, tried, generator)
    if max_leaf_nodes is not None:
        return best_first(tree, max_leaf_nodes)
    return Tree(*(array.copy() for array in tree))  # without the room for more nodes behind them


def best_first(tree: Tree, max_leaf_nodes: int) -> Tree:
    """Return the part of a full tree that growing its best splits first reaches.

    The best split is that which lowers the sum of squared errors most. A node's split does not
    depend on the order in which nodes are split, so that it can be found in the full tree.
    """
    left = tree.child
    right = left + (left > 0)
    difference = tree.value[left] - tree.value[right]
    gain = difference**2 * tree.rows[left] / tree.rows * tree.rows[right]  # 0 in leaves
    kept = [0]  # numbers of nodes in the full tree
    child: dict[int, int] = {}  # by place in `kept`, the place of the left child
    waiting = [(-gain[0], 0)] if left[0] else []
    while waiting and len(child) < max_leaf_nodes - 1:
        _, place = heappop(waiting)
        child[place] = len(kept)
        for node in (left[kept[place]], right[kept[place]]):
            if left[node]:
                heappush(waiting, (-gain[node], len(kept)))
            kept.append(node)
    feature, threshold, _, value, rows = (array[kept] for array in tree)
    children = np.zeros(len(kept), np.int32)
    children[list(child)] = list(child.values())
    return Tree(feature, threshold, children, value, rows)


def bin_edges(values: np.ndarray, bins: int) -> np.ndarray:
    """Return the ascending edges of at most `bins` bins that hold about equally many values.

    The number of a value's bin is the number of edges below it. Each distinct value has a bin of
    its own if there are at most `bins` of them.

    Examples
    --------
    >>> bin_edges(np.array([3, 1, 1, 7, 3]), bins=4)
    array([2., 5.])
    """
    ordered = np.sort(values).astype(np.float64)
    distinct = np.unique(ordered)
    if len(distinct) <= bins:
        return (distinct[:-1] + distinct[1:]) / 2
    cuts = len(ordered) * np.arange(1, bins) // bins
    return np.unique((ordered[cuts - 1] + ordered[cuts]) / 2)


def to_bins(features: np.ndarray, edges: Sequence[np.ndarray]) -> np.ndarray:
    """Return each value's bin: shape (rows, features), uint8; `edges` has an array per feature."""
    binned = np.empty(features.shape, np.uint8)
    for column, feature_edges in enumerate(edges):
        binned[:, column] = np.searchsorted(feature_edges, features[:, column])
    return binned


@njit(cache=True, nogil=True)
def grow_tree(binned, target, copies, count_bits, tried, generator):
    """Return a tree grown until all rows of a node have one target or cannot be separated.

    Targets are whole numbers, so that every sum is exact and independent of its order. A sum of
    targets and the number of its rows share an int64, the number in the lower `count_bits`: one
    addition serves both. All `copies` together fit into `count_bits`, and these and the sum of all
    targets into 63 bits.

    `binned`, (rows, features), uint8, is below BINS; `target`, (rows,), int64, not negative;
    `copies`, (rows,), int64, how often each row was drawn. More features than `tried` are drawn at
    a split if none of them separates the node's rows.
    """
    counts = (1 << count_bits) - 1
    packed = ((copies * target) << count_bits) + copies
    drawn = np.flatnonzero(copies).astype(np.uint64)
    room = 2 * len(drawn) - 1
    feature, threshold = np.zeros(room, np.int32), np.zeros(room, np.uint8)
    child, value, rows = np.zeros(room, np.int32), np.empty(room), np.empty(room, np.int32)
    start, stop = np.empty(room, np.int64), np.empty(room, np.int64)  # the node's part of `drawn`
    total = np.empty(room, np.int64)
    start[0], stop[0], total[0] = 0, len(drawn), packed.sum()
    order = np.arange(binned.shape[1]).astype(np.uint64)
    sums, occupied = np.zeros((tried, BINS), np.int64), np.zeros(tried, np.uint64)
    right = np.empty_like(drawn)
    waiting = np.empty(len(drawn), np.int64)
    waiting[0] = 0
    nodes, waits = 1, 1
    while waits:
        waits -= 1
        node = waiting[waits]
        inside = drawn[start[node] : stop[node]]
        rows[node] = total[node] & counts
        value[node] = (total[node] >> count_bits) / (total[node] & counts)
        if _is_pure(target, inside):
            continue
        column, bin_, left_total = _best_split(
            binned, packed, inside, total[node], count_bits, generator, order, sums, occupied
        )
        if left_total == 0:
            continue
        middle = start[node] + _partition(binned, inside, column, bin_, right)
        feature[node], threshold[node], child[node] = column, bin_, nodes
        start[nodes], stop[nodes], total[nodes] = start[node], middle, left_total
        nodes += 1
        start[nodes], stop[nodes], total[nodes] = middle, stop[node], total[node] - left_total
        nodes += 1
        # The left child is next: its rows were touched last
        waiting[waits], waiting[waits + 1] = nodes - 1, nodes - 2
        waits += 2
    return Tree(feature[:nodes], threshold[:nodes], child[:nodes], value[:nodes], rows[:nodes])


@njit(cache=True, nogil=True)
def add_values(tree, binned, total):
    """Add the tree's value for each row of `binned` to `total`, shape (rows,), float64."""
    for row in range(len(binned)):
        node = 0
        while tree.child[node]:
            above = binned[row, tree.feature[node]] > tree.threshold[node]
            node = tree.child[node] + above
        total[row] += tree.value[node]


@njit(cache=True)
def _is_pure(target, rows):
    for i in range(1, len(rows)):  # noqa: SIM110 - numba has no generator expressions
        if target[rows[i]] != target[rows[0]]:
            return False
    return True


@njit(cache=True)
def _best_split(binned, packed, rows, total, count_bits, generator, order, sums, occupied):
    """Return the feature, the bin and the sum of the left side that lower the variance most.

    The sum is 0 if no feature separates the rows. `order` is a permutation of the features, of
    which the first are drawn anew; `sums` and `occupied`, an entry per feature tried, are scratch
    space of zeros and are left so.
    """
    counts = (1 << count_bits) - 1
    count = total & counts
    mean = (total >> count_bits) / count
    features = len(order)
    # Two rows are separated equally well by any feature that separates them
    at_once = len(sums) if len(rows) > 2 else 1
    best, best_feature, best_bin, best_left = 0.0, np.uint64(0), np.uint64(0), 0
    drawn = 0
    while best_left == 0 and drawn < features:
        tried = min(at_once, features - drawn)
        for j in range(drawn, drawn + tried):
            other = j + int(generator.random() * (features - j))
            order[j], order[other] = order[other], order[j]
        for i in range(len(rows)):
            row = rows[i]
            value = packed[row]
            for j in range(tried):
                bin_ = np.uint64(binned[row, order[drawn + j]])
                sums[j, bin_] += value
                occupied[j] |= _ONE << bin_
        for j in range(tried):
            bins = occupied[j]
            occupied[j] = 0
            bin_ = _lowest(bins)
            left = 0
            while True:
                left += sums[j, bin_]
                sums[j, bin_] = 0
                bins &= bins - _ONE
                if bins == 0:
                    break
                below, bin_ = bin_, _lowest(bins)
                left_count = left & counts
                # With d = sum_left - count_left * mean, the sum of squared errors falls by
                # d^2 * count / (count_left * count_right)
                d = (left >> count_bits) - left_count * mean
                gain = d * d / (float(left_count) * float(count - left_count))
                if gain > best:
                    best, best_left = gain, left
                    # Half way between the two sides, where bins between them are empty
                    best_feature, best_bin = order[drawn + j], (below + bin_) >> _ONE
        drawn += tried
    return best_feature, best_bin, best_left


@njit(cache=True)
def _partition(binned, rows, feature, threshold, right):
    """Put the rows at or below the threshold first, in order, then the others; count the first."""
    lefts = rights = 0
    for i in range(len(rows)):
        row = rows[i]
        # Written to both sides without a branch, which could not be predicted; one of them counts
        rows[lefts] = right[rights] = row
        goes_left = binned[row, feature] <= threshold
        lefts += goes_left
        rights += not goes_left
    for i in range(rights):
        rows[lefts + i] = right[i]
    return lefts


@njit(cache=True)
def _lowest(bins):
    """Return the number of the lowest bit that is set."""
    return np.uint64(trailing_zeros(bins))  # type: ignore[call-arg]  # compiled: takes one number
