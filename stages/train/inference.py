"""What a trained network says: features of the branch, embeddings, parameters."""

from __future__ import annotations

import numpy as np

from stages.train.data_set import DataSet
from stages.train.networks.siamese import Siamese

ROWS_AT_ONCE = 32


def embed_rows(
    network: Siamese, data: DataSet, rows: np.ndarray, *, mean: float, deviation: float
) -> np.ndarray:
    """Return the embeddings of `rows`, float32, shape (len(rows), embedding).

    Rows are best given loop by loop: a dry input passes the branch once per block of rows.
    """
    blocks = []
    for start in range(0, len(rows), ROWS_AT_ONCE):
        inputs, loop = data.batch(rows[start : start + ROWS_AT_ONCE], mean, deviation)
        features = np.asarray(network.branch.predict_on_batch(inputs))
        dry = len(inputs) - len(loop)
        blocks.append(features[:dry][loop] - features[dry:])
    return np.concatenate(blocks)


def regress(network: Siamese, embeddings: np.ndarray) -> np.ndarray:
    """Return the network's own output, scaled to [0, 1], float32, shape (rows, parameters)."""
    kernel, bias = (np.asarray(weight) for weight in network.regression.get_weights())
    return embeddings @ kernel + bias
