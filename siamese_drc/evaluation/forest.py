"""Random forest on binned features, as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from siamese_drc.evaluation.trees import grow_forest


class BinnedForestRegressor(RegressorMixin, BaseEstimator):
    """Random forests, one for each target, whose splits are found on binned features.

    Differences from scikit-learn's `RandomForestRegressor`: a feature has at most 64 distinct bins,
    several targets have a forest each instead of a common one, and there are no sample weights. It
    is an order of magnitude faster (benchmarks/forests.py).

    Parameters
    ----------
    n_estimators : int
        Trees for each target.
    max_features : float
        Part of the features that is tried at each split, above 0 and at most 1.
    max_leaf_nodes : int or None
        Leaves of each tree, grown with the best split first; None: grown to the end.
    random_state : int, sequence of int, RandomState instance or None
        The integers are the entropy of a `numpy.random.SeedSequence`.
    n_jobs : int or None
        Threads, as joblib counts them. The result does not depend on it.

    Attributes
    ----------
    forest_ : Forest
        The fitted trees as plain arrays.
    n_features_in_ : int

    Examples
    --------
    >>> X = np.arange(40.0).reshape(20, 2)
    >>> y = np.where(X[:, 0] < 20, -6.0, 6.0)
    >>> BinnedForestRegressor(n_estimators=10, random_state=1).fit(X, y).predict(X[[0, 19]])
    array([-6.,  6.])
    """

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        max_features: float = 1 / 3,
        max_leaf_nodes: int | None = None,
        random_state: int | Sequence[int] | np.random.RandomState | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.max_features = max_features
        self.max_leaf_nodes = max_leaf_nodes
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any) -> BinnedForestRegressor:
        """Fit a forest for each target.

        Parameters
        ----------
        X : array-like, shape (rows, features)
        y : array-like, shape (rows,) or (rows, targets)

        Raises
        ------
        ValueError
            If X or y is not finite, their rows differ, or an option is outside its range.
        """
        if self.n_estimators < 1:
            raise ValueError(f"n_estimators {self.n_estimators}: must be at least 1")
        if not 0 < self.max_features <= 1:
            raise ValueError(f"max_features {self.max_features}: must be above 0 and at most 1")
        if self.max_leaf_nodes is not None and self.max_leaf_nodes < 2:
            raise ValueError(f"max_leaf_nodes {self.max_leaf_nodes}: must be at least 2 or None")
        X, y = validate_data(
            self, X, y, dtype=[np.float32, np.float64], multi_output=True, y_numeric=True
        )
        y = np.asarray(y, np.float64)
        self._single = y.ndim == 1
        seed = self.random_state
        if seed is None or isinstance(seed, np.random.RandomState):
            seed = int(check_random_state(seed).randint(2**31 - 1))
        self.forest_ = grow_forest(
            X,
            y.reshape(len(y), -1),
            trees=self.n_estimators,
            tried=max(1, int(self.max_features * X.shape[1])),
            max_leaf_nodes=self.max_leaf_nodes,
            seed=np.atleast_1d(seed).tolist(),
            jobs=self.n_jobs,
        )
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the mean of the trees, shape (rows,) or (rows, targets) as in `fit`."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float32, np.float64], reset=False)
        predicted = self.forest_.predict(X)
        return predicted[:, 0] if self._single else predicted

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn may expect of this estimator."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
