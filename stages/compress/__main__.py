"""Compress every loop of a corpus under its grids: `python -m stages.compress <corpus>`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pandas as pd

from stages.common import files
from stages.common.audio import read_audio
from stages.common.disk import require_space
from stages.common.errors import InputError, run_stage
from stages.common.parallel import parallel_map
from stages.common.params import PARAMETERS, Params, load_params
from stages.compress.clips import write_clips
from stages.compress.disk import bytes_needed
from stages.compress.grids import loop_settings
from stages.compress.settings import COLUMNS


def main(arguments: list[str]) -> None:
    """Write data/compressed/<corpus>: a file per grid and loop, and settings.csv."""
    params = load_params()
    if len(arguments) != 1 or arguments[0] not in params.corpora:
        raise InputError(
            f"usage: python -m stages.compress CORPUS, one of: {', '.join(params.corpora)}"
        )
    (corpus,) = arguments
    loops = read_loops(params.corpora[corpus].material)
    require_space(files.COMPRESSED / corpus, bytes_needed(params, corpus))
    with files.replaced(files.COMPRESSED / corpus) as folder:
        tables = parallel_map(
            partial(compress_loop, params, corpus, folder),
            [
                (grid, loop)
                for grid in params.corpora[corpus].grids
                for loop in loops["loop"][: params.size.grid_loops.get(grid)]
            ],
            description=f"compress {corpus}",
            unit="file",
        )
        table = pd.concat(tables).merge(loops[["loop", "group"]], on="loop", validate="m:1")
        table.to_csv(folder / "settings.csv", columns=list(COLUMNS), index=False)


def read_loops(material: str) -> pd.DataFrame:
    """Read the table of a material's loops; raise InputError where `render` has not made it."""
    path = files.loops_table(material)
    try:
        return pd.read_csv(path, dtype={"group": str})
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as the table of loops ({error})") from error


def compress_loop(
    params: Params, corpus: str, folder: Path, grid_and_loop: tuple[str, int]
) -> pd.DataFrame:
    """Write the clips of one loop under one grid into `folder`; return their rows of the table."""
    grid, loop = grid_and_loop
    settings = loop_settings(
        grid,
        params.grids.named[grid],
        params.grids.defaults,
        loop,
        size=params.size.settings[grid],
        seed=params.settings_seed,
    )
    path = files.compressed_file(corpus, grid, loop).relative_to(files.COMPRESSED / corpus)
    reduction = write_clips(
        folder / path,
        read_audio(
            files.loop_file(params.corpora[corpus].material, loop),
            sample_rate=params.sample_rate,
            samples=params.clip_samples,
        ),
        settings,
        sample_rate=params.sample_rate,
        options=params.compressor,
    ).round(4)
    return pd.DataFrame(
        {
            "grid": grid,
            "loop": loop,
            "position": range(len(settings)),
            **{name: getattr(settings, name) for name in PARAMETERS},
            "max_gain_reduction_db": reduction,
            "identifiable": reduction >= params.compressor.identifiable_db,
        }
    )


if __name__ == "__main__":
    run_stage(main)
