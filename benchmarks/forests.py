"""The forests of 50 random splits of D4P's 40,000 rows, beside scikit-learn's on all cores.

A few trees of a split per core are timed and scaled up: time grows linearly with trees and splits.
The embeddings are made up: smooth random functions of a row's settings and of its loop, with noise.

Usage: python -m benchmarks.forests
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from time import process_time

import numpy as np
from numba import njit
from sklearn.ensemble import RandomForestRegressor

from benchmarks.interleaved import interleaved_medians
from benchmarks.table import Row, markdown
from stages.common.parallel import jobs
from stages.common.params import PARAMETERS, load_params
from stages.compress.grids import grid_settings
from stages.evaluate.bins import bin_edges, to_bins
from stages.evaluate.data_set import Fit
from stages.evaluate.forests import predict
from stages.evaluate.protocols import random_splits
from stages.evaluate.tree_kernels import BINS, add_predictions, grow_tree

LOOPS, EMBEDDING = 64, 50
SPLITS, TREES = 50, 100
MAX_FEATURES = 1 / 3
TIMED_TREES = {"ours": 40, "defaults": 4, "per parameter": 2}
COMPARED_TREES = 10  # of the forests whose errors are compared
ROUNDS = 3


def measure() -> list[Row]:
    """Time the forests, and compare the errors of as many trees on one split."""
    features, targets = embeddings()
    fits = random_splits(features, targets, splits=jobs(), test_fraction=0.2, seed=1)
    fit = fits[0]
    times = interleaved_medians(
        {
            "ours": partial(by_us, fits, TIMED_TREES["ours"]),
            "defaults": partial(by_defaults, fit, TIMED_TREES["defaults"]),
            "per parameter": partial(by_parameter, fit, TIMED_TREES["per parameter"]),
        },
        rounds=ROUNDS,
    )
    splits_timed = {"ours": len(fits), "defaults": 1, "per parameter": 1}
    minutes = {
        way: seconds / 60 * SPLITS / splits_timed[way] * TREES / TIMED_TREES[way]
        for way, seconds in times.items()
    }
    each_tree = additions_alone(fit)
    step = f"{SPLITS} splits, 4 parameters, {TREES} trees (scaled up)"
    return [
        Row(
            step,
            minutes["ours"],
            {
                "scikit-learn, defaults": minutes["defaults"],
                "scikit-learn, a forest per parameter": minutes["per parameter"],
            },
            "minutes",
            floor=each_tree / 60 * SPLITS * TREES * len(PARAMETERS) / jobs(),
            floor_is="additions to histograms",
            goals={"forests_vs_sklearn": minutes["defaults"] / minutes["ours"]},
        ),
        Row(
            f"mean absolute error, {COMPARED_TREES} trees",
            error(fit, by_us([fit], COMPARED_TREES)),
            {
                "scikit-learn, defaults": error(fit, by_defaults(fit, COMPARED_TREES)),
                "scikit-learn, a forest per parameter": error(
                    fit, by_parameter(fit, COMPARED_TREES)
                ),
            },
            "% of the constant's",
        ),
    ]


def embeddings() -> tuple[np.ndarray, np.ndarray]:
    """Return embeddings, shape (40000, 50), and the settings that they tell of, shape (40000, 4).

    As a network's do, they saturate, tell the ratio by 1 - 1/ratio and times by their logarithm,
    and depend on the loop.
    """
    grids = load_params().grids
    settings = [grid_settings(grids.named["d4p"], grids.defaults, loop) for loop in range(LOOPS)]
    targets = np.concatenate(
        [np.column_stack([getattr(each, name) for name in PARAMETERS]) for each in settings]
    )
    threshold, ratio, attack, release = targets.T
    seen = np.column_stack([threshold, 1 / ratio, np.log(attack), np.log(release)])
    seen = (seen - seen.mean(axis=0)) / seen.std(axis=0)
    generator = np.random.default_rng(0)
    codes = np.repeat(generator.normal(size=(LOOPS, 8)), len(targets) // LOOPS, axis=0)
    mixed = np.column_stack([seen, codes]) @ generator.normal(size=(12, 100)) / 4
    features = np.tanh(mixed) @ generator.normal(size=(100, EMBEDDING)) / 10
    noise = generator.normal(scale=0.05, size=features.shape)
    return (features + noise).astype(np.float32), targets


def by_us(fits: Sequence[Fit], trees: int) -> np.ndarray:
    """Return the first fit's predictions, shape (test rows, 4)."""
    predictions = predict(
        fits, trees=trees, max_features=MAX_FEATURES, seed=1, description="forests"
    )
    return predictions[0].values


def by_defaults(fit: Fit, trees: int) -> np.ndarray:
    """Fit one forest with four outputs, as `RandomForestRegressor()` does."""
    forest = RandomForestRegressor(trees, n_jobs=jobs(), random_state=1)
    forest.fit(fit.features[fit.train], fit.targets[fit.train])
    return forest.predict(fit.test_features[fit.test])


def by_parameter(fit: Fit, trees: int) -> np.ndarray:
    """Fit the forests that ours stand for: one per parameter, a third of the features tried."""
    forest = RandomForestRegressor(trees, max_features=MAX_FEATURES, n_jobs=jobs(), random_state=1)
    return np.column_stack(
        [
            forest.fit(fit.features[fit.train], target).predict(fit.test_features[fit.test])
            for target in fit.targets[fit.train].T
        ]
    )


def error(fit: Fit, predicted: np.ndarray) -> float:
    """Return the mean absolute error in percent of the median predictor's, over parameters."""
    true = fit.targets[fit.test]
    constant = np.abs(true - np.median(fit.targets[fit.train], axis=0)).mean(axis=0)
    return float(100 * (np.abs(predicted - true).mean(axis=0) / constant).mean())


def additions_alone(fit: Fit) -> float:
    """Return the seconds in which a tree's rows are added to its histograms, on one core.

    A row is added once for each feature tried and each split on its way to its leaf.
    """
    features = fit.features[fit.train]
    binned = to_bins(features, [bin_edges(column, BINS) for column in features.T])
    rows = len(binned)
    tried = int(MAX_FEATURES * EMBEDDING)
    generator = np.random.default_rng(0)
    copies = np.bincount(generator.integers(rows, size=rows), minlength=rows)
    drawn = binned[copies > 0]
    additions = 0.0
    for target in fit.targets[fit.train].T:
        whole = np.rint(1000 * (target - target.min())).astype(np.int64)
        tree = grow_tree(binned, whole, copies, rows.bit_length(), tried, generator)
        depth = np.zeros(len(tree.child))
        for node in np.flatnonzero(tree.child):
            depth[tree.child[node] : tree.child[node] + 2] = depth[node] + 1
        splits = np.zeros(len(drawn))
        add_predictions(tree._replace(value=depth), drawn, splits)
        additions += splits.sum() * tried / fit.targets.shape[1]
    sums = np.zeros((tried, BINS), np.int64)
    timed = {"additions": partial(add_rows, drawn, sums)}
    seconds = interleaved_medians(timed, rounds=9, clock=process_time)["additions"]
    return additions * seconds / (len(drawn) * tried)


@njit
def add_rows(binned, sums):
    """Add 1 to the bin of each row and of each of the first features, as many as `sums` has."""
    for row in range(len(binned)):
        for feature in range(len(sums)):
            sums[feature, binned[row, feature]] += 1


if __name__ == "__main__":
    print(markdown(measure()))
