"""Random forests on embeddings, one per parameter."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from stages.common.parallel import parallel_map
from stages.evaluate.data_set import Prediction
from stages.evaluate.protocols import Fit


def predict(
    fits: Sequence[Fit], *, trees: int, max_features: float, seed: int, description: str
) -> list[Prediction]:
    """Fit a forest per fit and parameter, and apply each to its test rows.

    Forests are fitted side by side, each on one thread from a seed of its own, so that the
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
    parameters = fits[0].targets.shape[1]
    columns = parallel_map(
        partial(_predict, trees=trees, max_features=max_features),
        [
            (fit, parameter, _seed(seed, i, parameter))
            for i, fit in enumerate(fits)
            for parameter in range(parameters)
        ],
        description=description,
        unit="forest",
    )
    return [
        Prediction(fit.test, np.stack(columns[parameters * i : parameters * (i + 1)], axis=1))
        for i, fit in enumerate(fits)
    ]


def _predict(work: tuple[Fit, int, int], *, trees: int, max_features: float) -> np.ndarray:
    fit, parameter, seed = work
    forest = RandomForestRegressor(trees, max_features=max_features, random_state=seed, n_jobs=1)
    forest.fit(fit.features[fit.train], fit.targets[fit.train, parameter])
    return forest.predict(fit.test_features[fit.test])


def _seed(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])
