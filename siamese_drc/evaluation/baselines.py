"""Predictors to compare the forest with: constant, ridge regression, closed-form estimates."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from siamese_drc.core.errors import InputError, reading


def constant() -> DummyRegressor:
    """Return the regressor of the median, the constant of least mean absolute error."""
    return DummyRegressor(strategy="median")


def ridge(penalty: float) -> Pipeline:
    """Return a ridge regression on features that are standardised over the training rows.

    `penalty` is the factor of the sum of the squared weights, beside the sum of the squared errors.
    A network's own output is a linear function of its embedding, so that information about a
    parameter may lie along any direction of it, which a tree needs many splits to follow.

    Examples
    --------
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [3.0, 1.0]])
    >>> y = 2 * X[:, 0] - X[:, 1]
    >>> ridge(1e-9).fit(X, y).predict([[4.0, 3.0]]).round(3)
    array([5.])
    """
    return make_pipeline(
        FunctionTransformer(partial(np.asarray, dtype=np.float64)),
        StandardScaler(),
        Ridge(penalty, solver="cholesky"),
    )


def read_closed_form(path: Path, *, rows: int) -> pd.DataFrame:
    """Read the closed-form estimates of a corpus, a row for each row of its settings table.

    The columns are threshold_db, ratio, attack_ms, release_ms and solved. Where the solver failed,
    `solved` is false and the row holds the median of its grid.

    Raises
    ------
    InputError
        If the file cannot be read, has another number of rows or lacks a value.
    """
    with reading(path):
        table = pd.read_csv(path)
    if len(table) != rows:
        raise InputError(f"{path}: has {len(table)} rows, must have {rows}")
    if table.isna().any(axis=None) or table["solved"].dtype != bool:
        raise InputError(f"{path}: lacks a value, must have one in every cell")
    return table
