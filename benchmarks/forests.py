"""Time of the forests of 50 random splits of D4P's 40,000 rows, beside scikit-learn's.

A few trees of a split per core are timed and scaled up: time grows linearly with trees and splits.
The embeddings are smooth random functions of a row's settings and of its loop, with noise."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from benchmarks.measuring import interleaved_medians
from benchmarks.table import Row
from siamese_drc.compressor.grids import grid_settings
from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.parallel import jobs
from siamese_drc.evaluation.forest import BinnedForestRegressor
from siamese_drc.evaluation.protocols import Fit, predict, random_splits
from stages.project.params import load_params

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
    """Return embeddings, shape (40000, 50), and the settings behind them, shape (40000, 4).

    As those of a network, they saturate, depend on the inverse of the ratio and the logarithms of
    the times, and on the loop.
    """
    grids = load_params().grids
    settings = [grid_settings(grids.named["d4p"], loop) for loop in range(LOOPS)]
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

    def regressor(number: int, fit: Fit) -> BinnedForestRegressor:
        return BinnedForestRegressor(trees, max_features=MAX_FEATURES, random_state=(1, number))

    return predict(fits, regressor, description="forests")[0].values


def by_defaults(fit: Fit, trees: int) -> np.ndarray:
    """Fit one forest with four outputs, as `RandomForestRegressor()` does."""
    forest = RandomForestRegressor(trees, n_jobs=jobs(), random_state=1)
    forest.fit(fit.features[fit.train], fit.targets[fit.train])
    return forest.predict(fit.test_features[fit.test])


def by_parameter(fit: Fit, trees: int) -> np.ndarray:
    """Fit a forest per parameter with a third of the features tried at a split, as ours does."""
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
