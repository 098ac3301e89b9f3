"""Ridge regression: another regressor in the forest's place.

A network's own output is linear in its embedding, so that an embedding says what it knows along
directions, and a tree, which asks for one feature at a time, needs many splits to follow one.
(With products of features added it was worse at laptop scale, where a fit has some 1,200 rows.)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from stages.common.parallel import parallel_map
from stages.evaluate.data_set import Fit, Prediction


def predict_by_ridge(fits: Sequence[Fit], *, penalty: float, description: str) -> list[Prediction]:
    """Fit a ridge regression per fit, and apply each to its test rows.

    Features are standardised over the training rows.

    Parameters
    ----------
    fits : sequence of Fit
    penalty : float
        Of the squared weights, per training row.
    description : str
        What the progress bar says.

    Returns
    -------
    list of Prediction, one per fit
    """
    return parallel_map(
        partial(_predict, penalty=penalty), fits, description=description, unit="fit"
    )


def _predict(fit: Fit, *, penalty: float) -> Prediction:
    regression = make_pipeline(
        StandardScaler(),
        Ridge(penalty * len(fit.train), solver="cholesky"),
    )
    regression.fit(fit.features[fit.train].astype(np.float64), fit.targets[fit.train])
    tested = fit.test_features[fit.test].astype(np.float64)
    return Prediction(fit.test, regression.predict(tested))
