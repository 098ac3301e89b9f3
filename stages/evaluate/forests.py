"""Random forests on embeddings, one per parameter (Breiman 2001).

A tree is grown to the end on a bootstrap of the rows, with a random share of the features tried at
each split. Splits are sought on histograms of binned features, in the place of sorted values: on
embeddings 64 bins cost no accuracy, and a forest takes a fraction of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from stages.common.parallel import parallel_map
from stages.evaluate.bins import bin_edges, to_bins
from stages.evaluate.data_set import Fit, Prediction
from stages.evaluate.tree_kernels import BINS, add_predictions, grow_tree

_FINEST = 32  # bits of a target: more would be lost where a sum becomes a float64


def predict(
    fits: Sequence[Fit], *, trees: int, max_features: float, seed: int, description: str
) -> list[Prediction]:
    """Fit a forest per fit and parameter, and apply each to its test rows.

    Fits are worked on side by side, each on one thread from seeds of its own, so that the
    predictions are the same for any number of processes.

    Parameters
    ----------
    fits : sequence of Fit
    trees : int
    max_features : float
        Share of the features that is tried at each split of a tree.
    seed : int
    description : str
        What the progress bar says.

    Returns
    -------
    list of Prediction, one per fit
    """
    return parallel_map(
        partial(_predict, trees=trees, max_features=max_features),
        [(fit, (seed, i)) for i, fit in enumerate(fits)],
        description=description,
        unit="fit",
        in_threads=True,
    )


def _predict(work: tuple[Fit, tuple[int, int]], *, trees: int, max_features: float) -> Prediction:
    fit, seed = work
    features = fit.features[fit.train]
    edges = [bin_edges(column, BINS) for column in features.T]
    binned = to_bins(features, edges)
    test = to_bins(fit.test_features[fit.test], edges)
    columns = [
        _apply_forest(
            binned, target, test, trees=trees, max_features=max_features, seed=(*seed, parameter)
        )
        for parameter, target in enumerate(fit.targets[fit.train].T)
    ]
    return Prediction(fit.test, np.stack(columns, axis=1))


def _apply_forest(
    binned: np.ndarray,
    target: np.ndarray,
    test: np.ndarray,
    *,
    trees: int,
    max_features: float,
    seed: tuple[int, ...],
) -> np.ndarray:
    """Grow a forest on binned features and return the mean of its trees for the test rows."""
    rows, features = binned.shape
    tried = max(1, int(max_features * features))
    count_bits = rows.bit_length()
    # Whole numbers, as fine as a sum over all rows allows beside the number of rows
    finest = 2 ** min(_FINEST, 63 - 2 * count_bits) - 1
    lowest = target.min()
    step = (target.max() - lowest) / finest or 1.0
    whole = np.rint((target - lowest) / step).astype(np.int64)
    total = np.zeros(len(test))
    for tree_seed in np.random.SeedSequence(seed).spawn(trees):
        generator = np.random.default_rng(tree_seed)
        copies = np.bincount(generator.integers(rows, size=rows), minlength=rows)
        tree = grow_tree(binned, whole, copies, count_bits, tried, generator)
        add_predictions(tree, test, total)
    return lowest + step * total / trees
