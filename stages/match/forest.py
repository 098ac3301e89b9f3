"""Random forest on embeddings, as plain arrays: small enough for git, read without scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Forest:
    """Trees whose nodes lie back to back.

    Attributes
    ----------
    roots : ndarray, shape (trees,), int32
    feature : ndarray, shape (nodes,), int16
        What an inner node splits by; -1 at a leaf.
    split : ndarray, shape (nodes,), float32
        Values up to it go left.
    left, right : ndarray, shape (nodes,), int32
    values : ndarray, shape (nodes, parameters), float16
    """

    roots: np.ndarray
    feature: np.ndarray
    split: np.ndarray
    left: np.ndarray
    right: np.ndarray
    values: np.ndarray

    @property
    def depth(self) -> int:
        """An upper bound of the number of splits on the way to a leaf."""
        return int(np.max(np.diff([*self.roots, len(self.feature)])))

    def of_trees(self, features: np.ndarray) -> np.ndarray:
        """Return what each tree says.

        Parameters
        ----------
        features : ndarray, shape (rows, features)

        Returns
        -------
        ndarray, shape (trees, rows, parameters), float32
        """
        rows = np.arange(len(features))
        nodes = np.repeat(self.roots[:, np.newaxis], len(features), axis=1)
        for _ in range(self.depth):
            chosen = self.feature[nodes]
            if np.all(chosen < 0):
                break
            goes_left = features[rows, np.maximum(chosen, 0)] <= self.split[nodes]
            below = np.where(goes_left, self.left[nodes], self.right[nodes])
            nodes = np.where(chosen < 0, nodes, below)
        return self.values[nodes].astype(np.float32)


def fit_forest(
    features: np.ndarray, targets: np.ndarray, *, trees: int, max_leaf_nodes: int | None, seed: int
) -> Forest:
    """Fit a forest that predicts all targets at once, by scikit-learn.

    Parameters
    ----------
    features : ndarray, shape (rows, features)
    targets : ndarray, shape (rows, parameters)
    trees : int
    max_leaf_nodes : int or None
        Of each tree, grown best split first; None: no limit.
    seed : int
    """
    from sklearn.ensemble import RandomForestRegressor

    fitted = RandomForestRegressor(
        trees, max_leaf_nodes=max_leaf_nodes, max_features=1 / 3, random_state=seed, n_jobs=-1
    ).fit(features.astype(np.float32), targets)
    grown = [tree.tree_ for tree in fitted.estimators_]
    roots = np.cumsum([0, *(tree.node_count for tree in grown)])[:-1]
    return Forest(
        roots=roots.astype(np.int32),
        feature=np.concatenate([tree.feature for tree in grown]).clip(-1).astype(np.int16),
        split=np.concatenate([tree.threshold for tree in grown]).astype(np.float32),
        left=_shifted([tree.children_left for tree in grown], roots),
        right=_shifted([tree.children_right for tree in grown], roots),
        values=np.concatenate([tree.value[:, :, 0] for tree in grown]).astype(np.float16),
    )


def _shifted(children: list[np.ndarray], roots: np.ndarray) -> np.ndarray:
    """Count the nodes of all trees through."""
    parts = [some + root for some, root in zip(children, roots, strict=True)]
    return np.concatenate(parts).astype(np.int32)
