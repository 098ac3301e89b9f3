"""Mean absolute errors with their spread, as the metrics hold them, and tables of predictions.

mae, std
    In the parameter's unit. Of random splits: mean and standard deviation of the splits' errors. Of
    rows that were predicted once: the error over all of them, and its standard deviation over a
    bootstrap of the loops, because rows of one loop are not independent.
percent
    100 mae / range, with the ranges by which the paper divides.
mae_identifiable
    The mean absolute error over identifiable rows only; null if there are none.
n
    Number of rows tested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from siamese_drc.evaluation.protocols import DataSet, Prediction

RANGES = {"threshold_db": 40.0, "ratio": 20.0, "attack_ms": 99.0, "release_ms": 999.0}


def errors_of(
    data: DataSet, tested: Sequence[Prediction], *, bootstrap: int, seed: int
) -> dict[str, Any]:
    """Return the errors of each parameter over several random splits, or rows predicted once.

    `bootstrap` is the number of bootstrap samples of the loops.

    Examples
    --------
    >>> loop = np.array([0, 1])
    >>> data = DataSet("drum-ds2", ["ratio"], np.array([[2.0], [8.0]]), loop, loop, loop > -1)
    >>> network = [Prediction(np.array([0, 1]), np.array([[4.0], [7.0]]))]
    >>> errors_of(data, network, bootstrap=10, seed=1)["ratio"]["mae"]
    1.5
    """
    errors = [absolute_errors(data, part) for part in tested]
    rows = np.concatenate([part.rows for part in tested])
    means = np.array([error.mean(axis=0) for error in errors])
    spread = means
    if len(tested) == 1:
        spread = bootstrap_means(errors[0], data.group[rows], samples=bootstrap, seed=seed)
    identifiable = [
        error[chosen].mean(axis=0)
        for error, part in zip(errors, tested, strict=True)
        if (chosen := data.identifiable[part.rows]).any()
    ]
    return {
        parameter: {
            "mae": float(mae),
            "std": float(std),
            "percent": float(100 * mae / RANGES[parameter]),
            "mae_identifiable": float(np.mean(identifiable, axis=0)[i]) if identifiable else None,
            "n": np.unique(rows).size,
        }
        for i, (parameter, mae, std) in enumerate(
            zip(data.parameters, means.mean(axis=0), spread.std(axis=0), strict=True)
        )
    }


def compared_errors(
    data: DataSet,
    entries: Mapping[str, Sequence[Prediction]],
    baselines: Mapping[str, Mapping[str, Sequence[Prediction]]],
    *,
    bootstrap: int,
    seed: int,
) -> dict[str, Any]:
    """Return the errors of one data set, those of its baselines, and what is learnt.

    `entries` are of the trained network's features, of `constant` and of other predictors. Of the
    baselines, `untrained` and `no_network`, each has the protocols by which it was tested.
    """
    options = {"bootstrap": bootstrap, "seed": seed}

    def measured(tested: Mapping[str, Sequence[Prediction]]) -> dict[str, Any]:
        return {name: errors_of(data, each, **options) for name, each in tested.items()}

    errors = measured(entries) | {name: measured(each) for name, each in baselines.items()}
    if "untrained" in baselines:
        errors["learnt"] = {
            protocol: learnt(
                data,
                entries[protocol],
                {
                    "untrained": baselines["untrained"][protocol],
                    "constant": entries["constant"],
                    "no_network": baselines["no_network"][protocol],
                },
                **options,
            )
            for protocol in baselines["untrained"]
        }
    return errors


def absolute_errors(data: DataSet, tested: Prediction) -> np.ndarray:
    """Return the absolute errors of the rows that were predicted, shape (n, parameters)."""
    return np.abs(tested.values - data.targets[tested.rows])


def bootstrap_means(
    values: np.ndarray, group: np.ndarray, *, samples: int, seed: int
) -> np.ndarray:
    """Return the means of bootstrap samples of `values`, shape (samples, columns).

    Rows of one group are drawn together.
    """
    groups, of_row = np.unique(group, return_inverse=True)
    counts = np.bincount(of_row)
    sums = np.stack([np.bincount(of_row, weights=column) for column in values.T], axis=1)
    drawn = np.random.default_rng(seed).integers(len(groups), size=(samples, len(groups)))
    return sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)[:, None]


def row_means(data: DataSet, tested: Sequence[Prediction], *, errors: bool = True) -> np.ndarray:
    """Return each row's absolute error, or prediction: the mean over the splits that tested it.

    The shape is (rows of data, parameters); rows that no split tested are NaN.
    """
    total, count = np.zeros(data.targets.shape), np.zeros((len(data), 1))
    for part in tested:
        total[part.rows] += absolute_errors(data, part) if errors else part.values
        count[part.rows] += 1
    with np.errstate(invalid="ignore"):
        return total / count


def learnt(
    data: DataSet,
    tested: Sequence[Prediction],
    others: Mapping[str, Sequence[Prediction]],
    *,
    bootstrap: int,
    seed: int,
) -> dict[str, dict[str, Any]]:
    """Return whether each parameter is learnt, and the intervals that decide it.

    Learnt: the error is below that of the untrained twin and below that of the constant predictor,
    each paired difference with its 95 % interval, [low, high] in the parameter's unit, below zero.
    The intervals are of a bootstrap of whole loops; of random splits, each row counts with its mean
    over the splits that tested it. There is an interval for each of `others`; `untrained` and
    `constant` among them decide.

    Examples
    --------
    >>> loop = np.array([0, 1])
    >>> data = DataSet("drum-ds2", ["ratio"], np.array([[2.0], [8.0]]), loop, loop, loop > -1)
    >>> near, far = ([Prediction(loop, data.targets + by)] for by in (1.0, 3.0))
    >>> others = {"untrained": far, "constant": far}
    >>> learnt(data, near, others, bootstrap=10, seed=1)["ratio"]
    {'below_untrained': [-2.0, -2.0], 'below_constant': [-2.0, -2.0], 'learnt': True}
    """
    ours = row_means(data, tested)
    found: dict[str, dict[str, Any]] = {name: {} for name in data.parameters}
    for other, predicted in others.items():
        differences = ours - row_means(data, predicted)
        rows = np.flatnonzero(np.isfinite(differences).all(axis=1))
        means = bootstrap_means(differences[rows], data.group[rows], samples=bootstrap, seed=seed)
        intervals = np.percentile(means, [2.5, 97.5], axis=0).T
        for name, interval in zip(data.parameters, intervals, strict=True):
            found[name][f"below_{other}"] = interval.tolist()
    for entry in found.values():
        entry["learnt"] = max(entry["below_untrained"][1], entry["below_constant"][1]) < 0
    return found


def prediction_table(data: DataSet, protocol: str, tested: Sequence[Prediction]) -> pd.DataFrame:
    """Return a protocol's mean prediction of each parameter of every tested row, for plots.

    The columns are data_set, protocol, parameter, loop, true, predicted.
    """
    mean = row_means(data, tested, errors=False)
    rows = np.flatnonzero(np.isfinite(mean).all(axis=1))
    names = data.parameters
    return pd.DataFrame(
        {
            "data_set": data.name,
            "protocol": protocol,
            "parameter": np.repeat(names, len(rows)),
            "loop": np.tile(data.loop[rows], len(names)),
            "true": data.targets[rows].T.ravel(),
            "predicted": mean[rows].T.ravel(),
        }
    )


def rounded(metrics: Any) -> Any:
    """Return metrics with every float rounded to six significant digits, and at most 9 decimals.

    Examples
    --------
    >>> rounded({"mae": 2 / 3, "std": 1e-16, "n": 12})
    {'mae': 0.666667, 'std': 0.0, 'n': 12}
    """
    if isinstance(metrics, dict):
        return {key: rounded(value) for key, value in metrics.items()}
    if isinstance(metrics, list):
        return [rounded(value) for value in metrics]
    return float(f"{round(metrics, 9):.6g}") if isinstance(metrics, float) else metrics
