"""Predictors to compare the forest with: the constant predictor and ridge regression."""

from __future__ import annotations

from functools import partial

import numpy as np
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler


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
