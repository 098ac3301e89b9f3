"""Compress every loop of a corpus under its grids: `python -m stages.compress <corpus>`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from siamese_drc.audio import quantise, read_audio, writing
from siamese_drc.compressor.compressor import compress, max_gain_reduction_db
from siamese_drc.compressor.grids import drawn_settings, loop_settings
from siamese_drc.compressor.settings import PARAMETERS, Settings
from siamese_drc.core.outputs import replaced
from siamese_drc.core.parallel import parallel_map
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params
from stages.project.sections import Compressor

_CLIPS_AT_ONCE = 125  # 100 MB of four-second clips; one threshold of the four-parameter grid


def main(params: Params, corpus: str) -> None:
    """Write data/compressed/<corpus>, a file per grid and loop, and data/settings/<corpus>.csv."""
    loops = files.read_loops(params.corpora[corpus].material)
    with replaced(files.COMPRESSED / corpus) as folder:
        tables = parallel_map(
            partial(compress_loop, params, corpus, folder),
            [(grid, loop) for grid in params.corpora[corpus].grids for loop in loops["loop"]],
            description=f"compress {corpus}",
            unit="file",
        )
    table = pd.concat(tables).merge(loops[["loop", "group"]], on="loop", validate="m:1")
    with replaced(files.settings_table(corpus)) as path:
        table.to_csv(path, columns=files.CLIP_COLUMNS, index=False)


def compress_loop(
    params: Params, corpus: str, folder: Path, grid_and_loop: tuple[str, int]
) -> pd.DataFrame:
    """Write the clips of one loop under one grid into `folder`; return their rows of the table."""
    grid, loop = grid_and_loop
    choose = drawn_settings if params.corpora[corpus].drawn else loop_settings
    size, seed = params.settings_of(corpus, grid), params.settings_seed
    settings = choose(grid, params.grids.named[grid], loop, size=size, seed=seed)
    rate, dry = params.sample_rate, files.loop_file(params.corpora[corpus].material, loop)
    signal = read_audio(dry, sample_rate=rate, samples=params.clip_samples)
    path = folder / files.compressed_file(corpus, grid, loop).relative_to(files.COMPRESSED / corpus)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_clips(path, signal, settings, rate, params.compressor)
    options = params.compressor.model_dump(include={"detector", "smoothing", "knee_db"})
    reduction = max_gain_reduction_db(signal, settings, sample_rate=rate, **options).round(4)
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


def write_clips(
    path: Path, signal: np.ndarray, settings: Settings, sample_rate: int, options: Compressor
) -> None:
    """Write a loop under all `settings`, clip after clip, as 24-bit FLAC."""
    # libsndfile's default FLAC level, 5: a level below is not faster, one above saves 2 % of the
    # size and takes half as much time again.
    buffer = np.empty((min(len(settings), _CLIPS_AT_ONCE), signal.size), np.float32)
    form = {"subtype": "PCM_24", "format": "FLAC"}
    with writing(path), soundfile.SoundFile(path, "w", sample_rate, 1, **form) as file:
        for start in range(0, len(settings), _CLIPS_AT_ONCE):
            some = settings[start : start + _CLIPS_AT_ONCE]
            clips = compress(
                signal,
                some,
                sample_rate=sample_rate,
                out=buffer[: len(some)],
                **options.model_dump(exclude={"identifiable_db"}),
            )
            for clip in clips:
                file.write(quantise(clip))


if __name__ == "__main__":
    run_stage(main, "corpora")
