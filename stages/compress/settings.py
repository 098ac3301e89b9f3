"""Compressor settings: many at once as columns, and the table of those that a corpus holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from stages.common import files
from stages.common.errors import InputError
from stages.common.params import PARAMETERS, check_setting

COLUMNS = (
    "grid",
    "loop",
    "group",
    "position",
    *PARAMETERS,
    "max_gain_reduction_db",
    "identifiable",
)


class Settings:
    """Settings of the compressor, one per row.

    Parameters
    ----------
    threshold_db : array_like, shape (n,), dBFS, -120 to 0
    ratio : array_like, shape (n,), 1 to 1000
    attack_ms, release_ms : array_like, shape (n,), above 0 to 10000
        Time constants: the time to 63 % of a step.

    Attributes
    ----------
    threshold_db, ratio, attack_ms, release_ms : ndarray, shape (n,), float64

    Raises
    ------
    ValueError
        If a value is outside its range or the columns differ in length.
    """

    def __init__(
        self,
        threshold_db: ArrayLike,
        ratio: ArrayLike,
        attack_ms: ArrayLike,
        release_ms: ArrayLike,
    ) -> None:
        """Check every value."""
        columns = (threshold_db, ratio, attack_ms, release_ms)
        self.threshold_db, self.ratio, self.attack_ms, self.release_ms = (
            np.atleast_1d(np.asarray(column, np.float64)) for column in columns
        )
        shapes = {name: getattr(self, name).shape for name in PARAMETERS}
        if len(set(shapes.values())) > 1 or self.ratio.ndim > 1:
            raise ValueError(f"the columns must be one-dimensional and equally long, not {shapes}")
        for name in PARAMETERS:
            for value in np.unique(getattr(self, name)):
                check_setting(name, float(value))

    def __len__(self) -> int:
        """Return the number of settings."""
        return len(self.threshold_db)

    def __getitem__(self, rows: slice | np.ndarray) -> Settings:
        """Return some of the settings, by a slice or an index array."""
        return Settings(*(getattr(self, name)[rows] for name in PARAMETERS))


def read_settings(corpus: str, *, folder: Path = files.COMPRESSED) -> pd.DataFrame:
    """Read the table of a corpus's compressed clips.

    Parameters
    ----------
    corpus : str
        A key of `corpora` in params.yaml.
    folder : Path
        Where the compressed corpora lie.

    Returns
    -------
    DataFrame, a row per clip, ordered by grid, loop and position, with the columns `COLUMNS`
        `group` names what the loop was made from: loops of one group are not independent.
        `position` is the place of the clip in its loop's file, counted in clips.
        `max_gain_reduction_db` does not count the make-up gain.

    Raises
    ------
    InputError
        If the table is missing or is not such a table.
    """
    path = folder / corpus / "settings.csv"
    try:
        table = pd.read_csv(path, dtype={"group": str})
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(
            f"{path}: cannot be read; `python -m stages.compress {corpus}` writes it ({error})"
        ) from error
    if tuple(table.columns) != COLUMNS:
        raise InputError(f"{path}: its columns are {list(table.columns)}, must be {list(COLUMNS)}")
    return table
