"""One regression tree on binned features, compiled.

Nodes are split until all of their rows have one target, or no feature tells them apart. Targets are
whole numbers, so that every sum is exact and independent of its order. A sum of targets and the
number of its rows share an int64, the number in the lower `count_bits`: one addition serves both.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numba.cpython.unsafe.numbers import trailing_zeros

BINS = 64  # of each feature: a machine word has a bit for each
_ONE = np.uint64(1)


class Tree(NamedTuple):
    """Nodes of a tree, the root first.

    Parameters
    ----------
    feature : ndarray, shape (nodes,), uint16
    threshold : ndarray, shape (nodes,), uint8
        A row whose bin of the feature is at most this goes to `child`, any other to `child` + 1.
    child : ndarray, shape (nodes,), int32
        0 in a leaf.
    value : ndarray, shape (nodes,), float64
        Mean target of the node's rows.
    """

    feature: np.ndarray
    threshold: np.ndarray
    child: np.ndarray
    value: np.ndarray


@njit(cache=True, nogil=True)
def grow_tree(binned, target, copies, count_bits, tried, generator):
    """Grow a tree.

    Parameters
    ----------
    binned : ndarray, shape (rows, features), uint8, below BINS
    target : ndarray, shape (rows,), int64, not negative
    copies : ndarray, shape (rows,), int64
        How often each row was drawn; 0: it is left out.
    count_bits : int
        Such that all `copies` together fit into as many bits, and these and the sum of all targets
        into 63.
    tried : int
        Features drawn at each split; more if none of them tells the node's rows apart.
    generator : numpy.random.Generator

    Returns
    -------
    Tree
    """
    packed = ((copies * target) << count_bits) + copies
    rows = np.flatnonzero(copies).astype(np.uint64)
    room = 2 * len(rows) - 1
    feature, threshold = np.zeros(room, np.uint16), np.zeros(room, np.uint8)
    child, value = np.zeros(room, np.int32), np.empty(room)
    start, stop = np.empty(room, np.int64), np.empty(room, np.int64)  # the node's part of `rows`
    total = np.empty(room, np.int64)
    start[0], stop[0], total[0] = 0, len(rows), packed.sum()
    order = np.arange(binned.shape[1]).astype(np.uint64)
    sums, occupied = np.zeros((tried, BINS), np.int64), np.zeros(tried, np.uint64)
    right = np.empty_like(rows)
    waiting = np.empty(len(rows), np.int64)
    waiting[0] = 0
    nodes, waits = 1, 1
    while waits:
        waits -= 1
        node = waiting[waits]
        inside = rows[start[node] : stop[node]]
        value[node] = (total[node] >> count_bits) / (total[node] & ((1 << count_bits) - 1))
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
    return Tree(feature[:nodes], threshold[:nodes], child[:nodes], value[:nodes])


@njit(cache=True, nogil=True)
def add_predictions(tree, binned, predicted):
    """Add the tree's value for each row of `binned` to `predicted`, shape (rows,), float64."""
    for row in range(len(binned)):
        node = 0
        while tree.child[node]:
            above = binned[row, tree.feature[node]] > tree.threshold[node]
            node = tree.child[node] + above
        predicted[row] += tree.value[node]


@njit(cache=True)
def _is_pure(target, rows):
    for i in range(1, len(rows)):  # noqa: SIM110 - numba has no generator expressions
        if target[rows[i]] != target[rows[0]]:
            return False
    return True


@njit(cache=True)
def _best_split(binned, packed, rows, total, count_bits, generator, order, sums, occupied):
    """Return the feature, the bin and the sum of the left side that lower the variance most.

    The sum is 0 where no feature parts the rows. `order` is a permutation of the features, of which
    the first are drawn anew; `sums` and `occupied`, an entry per feature tried, are scratch space
    of zeros and are left so.
    """
    counts = (1 << count_bits) - 1
    count = total & counts
    mean = (total >> count_bits) / count
    features = len(order)
    # Any feature that parts two rows parts them as well as any other
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
                # With d = sum_left - count_left * mean, the squares fall by
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
        # Written to both sides without a branch, which could not be foreseen; one of them counts
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
