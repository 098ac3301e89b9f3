"""What a learnt predictor must beat, and what it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from stages.common.errors import InputError
from stages.evaluate.data_set import Fit, Prediction


def constant(fits: Sequence[Fit]) -> list[Prediction]:
    """Predict, in the place of each fit's forest, the median of its training rows.

    The median is the constant of least mean absolute error.
    """
    return [
        Prediction(fit.test, np.tile(np.median(fit.targets[fit.train], axis=0), (len(fit.test), 1)))
        for fit in fits
    ]


def read_closed_form(path: Path, *, rows: int) -> pd.DataFrame:
    """Read the closed-form estimates of a corpus.

    Parameters
    ----------
    path : Path
        CSV with a row per row of the corpus's settings.csv and the columns threshold_db, ratio,
        attack_ms, release_ms and solved. Where the solver failed, `solved` is false and the row
        holds the median of its grid.
    rows : int
        How many rows settings.csv has.

    Raises
    ------
    InputError
        If the file cannot be read, has another number of rows or lacks a value.
    """
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a table ({error})") from error
    if len(table) != rows:
        raise InputError(f"{path}: has {len(table)} rows, must have {rows}")
    if table.isna().any(axis=None):
        raise InputError(f"{path}: lacks a value, must have one in every cell")
    return table
