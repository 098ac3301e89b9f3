"""Handcrafted features of every row of a corpus: `python -m stages.handcraft <corpus>`."""

from __future__ import annotations

from functools import partial

import pandas as pd
from threadpoolctl import threadpool_limits

from stages.common import files
from stages.common.audio import read_audio
from stages.common.disk import require_space
from stages.common.errors import InputError, run_stage
from stages.common.parallel import parallel_map
from stages.common.params import Params, load_params
from stages.compress.settings import read_settings
from stages.handcraft.disk import bytes_needed
from stages.handcraft.features import DryLoop

PLACE = ["grid", "loop", "position"]
# Audio decoded and measured at once: the curves of many clips, in little memory.
PIECE_SAMPLES = 2**21


def main(arguments: list[str]) -> None:
    """Write data/handcrafted/<corpus>.parquet, a row per row of the corpus's settings.csv."""
    params = load_params()
    if len(arguments) != 1 or arguments[0] not in params.corpora:
        raise InputError(
            f"usage: python -m stages.handcraft CORPUS, one of: {', '.join(params.corpora)}"
        )
    (corpus,) = arguments
    settings = read_settings(corpus)
    target = files.handcrafted_table(corpus)
    require_space(target, bytes_needed(params, corpus))
    tables = parallel_map(
        partial(features_of_loop, params, corpus),
        [rows for _, rows in settings[PLACE].groupby("loop")],
        description=f"handcraft {corpus}",
    )
    with files.replaced(target) as path:
        # Features hardly repeat: a dictionary of their values would only be one more copy.
        pd.concat(tables).sort_index().to_parquet(
            path, engine="pyarrow", index=False, use_dictionary=["grid"]
        )


def features_of_loop(params: Params, corpus: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the features of one loop's clips, under all grids.

    Parameters
    ----------
    params : Params
    corpus : str
    rows : DataFrame
        The loop's rows of settings.csv: grid, loop, position.

    Returns
    -------
    DataFrame, the index and columns of `rows`, and a column per feature, float32
    """
    length, rate = params.clip_samples, params.sample_rate
    loop = int(rows["loop"].iloc[0])
    # One thread, so that no sum depends on how many cores there are.
    with threadpool_limits(1):
        dry = DryLoop(
            read_audio(
                files.loop_file(params.corpora[corpus].material, loop),
                sample_rate=rate,
                samples=length,
            ),
            sample_rate=rate,
            options=params.handcraft,
        )
        tables = []
        for grid, of_grid in rows.groupby("grid", sort=False):
            path = files.compressed_file(corpus, str(grid), loop)
            at_once = max(1, PIECE_SAMPLES // length)
            for first in range(0, len(of_grid), at_once):
                piece = of_grid.iloc[first : first + at_once]
                clips = read_audio(
                    path, sample_rate=rate, start=first * length, samples=len(piece) * length
                ).reshape(len(piece), length)
                found = pd.DataFrame(dry.features(clips), index=piece.index)
                tables.append(pd.concat([piece, found], axis=1))
    return pd.concat(tables)


if __name__ == "__main__":
    run_stage(main)
