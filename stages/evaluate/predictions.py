"""The out-of-sample prediction of every row, for the plots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from stages.evaluate.data_set import DataSet, Prediction


def prediction_table(
    data: DataSet, protocol: str, predictions: Sequence[Prediction]
) -> pd.DataFrame:
    """Put a protocol's predictions into a table.

    Returns
    -------
    DataFrame, a row per parameter and tested row of the data set
        Columns data_set, protocol, parameter, loop, true, predicted: the mean over the splits in
        which the row was tested.
    """
    count = np.zeros(len(data))
    total = np.zeros(data.targets.shape)
    for part in predictions:
        count[part.rows] += 1
        total[part.rows] += part.values
    rows = np.flatnonzero(count)
    mean = total[rows] / count[rows, None]
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "data_set": data.name,
                    "protocol": protocol,
                    "parameter": parameter,
                    "loop": data.loop[rows],
                    "true": data.targets[rows, i],
                    "predicted": mean[:, i],
                }
            )
            for i, parameter in enumerate(data.parameters)
        ],
        ignore_index=True,
    )
