"""Tables of a corpus: data/settings/<corpus>.csv, and that of its dry loops."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.errors import InputError
from stages.project import files

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "grid",
    "loop",
    "group",
    "position",
    *PARAMETERS,
    "max_gain_reduction_db",
    "identifiable",
)


def read_settings(corpus: str, *, folder: Path = files.SETTINGS) -> pd.DataFrame:
    """Read the table of a corpus's compressed clips.

    Parameters
    ----------
    corpus : str
        A key of `corpora` in params.yaml.
    folder : Path
        Where the tables lie.

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
    import pandas as pd

    path = folder / f"{corpus}.csv"
    try:
        table = pd.read_csv(path, dtype={"group": str})
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(
            f"{path}: cannot be read; `python -m stages.compress {corpus}` writes it ({error})"
        ) from error
    if tuple(table.columns) != COLUMNS:
        raise InputError(f"{path}: its columns are {list(table.columns)}, must be {list(COLUMNS)}")
    return table


def read_loops(material: str) -> pd.DataFrame:
    """Read the table of a material's loops; raise InputError where `render` has not made it."""
    import pandas as pd

    path = files.loops_table(material)
    try:
        return pd.read_csv(path, dtype={"group": str})
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as the table of loops ({error})") from error
