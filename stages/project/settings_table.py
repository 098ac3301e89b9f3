"""Tables of a corpus: data/settings/<corpus>.csv, and that of its dry loops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.errors import InputError, reading
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


def read_settings(corpus: str) -> pd.DataFrame:
    """Read the table of a corpus's compressed clips.

    Returns
    -------
    DataFrame, a row per clip, ordered by grid, loop and position, with the columns `COLUMNS`
        `group` names what the loop was made from: loops of one group are not independent.
        `position` is the place of the clip in its loop's file, counted in clips.
        `max_gain_reduction_db` does not count the make-up gain.

    Raises
    ------
    InputError
        If the table is missing or damaged, or rows of it are gone.
    """
    import pandas as pd

    path = files.settings_table(corpus)
    with reading(path):
        table = pd.read_csv(path, dtype={"group": str})
    if tuple(table.columns) != COLUMNS:
        raise InputError(f"{path}: its columns are {list(table.columns)}, must be {list(COLUMNS)}")
    clips = table.groupby(["grid", "loop"], sort=False)
    sizes = clips.size().reset_index(name="clips")
    of_grids = sizes.groupby("grid", sort=False)
    whole = (
        table["identifiable"].dtype == bool  # else the last row was cut
        and (table["position"] == clips.cumcount()).all()
        and (sizes["loop"] == of_grids.cumcount()).all()
        and of_grids.size().nunique() == 1
        and (of_grids["clips"].nunique() == 1).all()
    )
    audio = list((files.COMPRESSED / corpus).glob("*/*.flac"))  # written together with the table
    if not whole or len(sizes) < len(audio):
        raise InputError(f"{path}: is damaged: rows are missing")
    return table


def read_grid(corpus: str, grid: str) -> pd.DataFrame:
    """Return the rows of one grid in a corpus's table."""
    settings = read_settings(corpus)
    return settings[settings["grid"] == grid]


def read_loops(material: str) -> pd.DataFrame:
    """Read the table of a material's loops; raise InputError where `render` has not made it."""
    import pandas as pd

    path = files.loops_table(material)
    with reading(path):
        table = pd.read_csv(path, dtype={"group": str})
        loops, audio = table["loop"].tolist(), [int(p.stem) for p in path.parent.glob("*.wav")]
        # A missing audio file is noticed by who reads it.
        if not path.read_bytes().endswith(b"\n") or set(audio) - set(loops):
            raise InputError(f"{path}: is damaged: {len(loops)} rows for {len(audio)} loops")
    return table
