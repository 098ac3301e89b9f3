"""Stage: cache the network inputs of one corpus in one representation.

Usage: python -m stages.spectrogram <input>
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from stages.common.audio import read_audio
from stages.common.disk import require_space
from stages.common.errors import InputError, run_stage
from stages.common.files import (
    SPECTROGRAMS,
    compressed_file,
    dry_file,
    loop_file,
    replaced,
    spectrogram_file,
)
from stages.common.parallel import parallel_map
from stages.common.params import load_params
from stages.compress.settings import read_settings
from stages.spectrogram.cached_inputs import cache_inputs
from stages.spectrogram.disk import bytes_needed
from stages.spectrogram.representations import input_shape, represent


def main(arguments: list[str]) -> None:
    """Write data/spectrograms/<input>: an array per grid and loop, and one of the dry loops."""
    if len(arguments) != 1:
        raise InputError("usage: python -m stages.spectrogram <input>")
    (name,) = arguments
    params = load_params()
    if name not in params.inputs:
        known = ", ".join(params.inputs)
        raise InputError(f"params.yaml: inputs has no entry {name!r}, only {known}")
    corpus = params.inputs[name].corpus
    representation = params.representations[params.inputs[name].representation]
    settings = read_settings(corpus)
    settings = settings[settings["grid"].isin(params.grids_of_input(name))]
    clips = settings.groupby(["grid", "loop"], sort=False).size().reset_index(name="clips")
    place = SPECTROGRAMS / name
    require_space(place, bytes_needed(params, name))
    with replaced(place) as folder:
        for grid in clips["grid"].unique():
            (folder / grid).mkdir(parents=True)
        parallel_map(
            partial(
                _cache_file,
                representation=representation,
                clip_samples=params.clip_samples,
                sample_rate=params.sample_rate,
            ),
            [
                (
                    compressed_file(corpus, grid, loop),
                    folder / spectrogram_file(name, grid, loop).relative_to(place),
                    count,
                )
                for grid, loop, count in clips.itertuples(index=False)
            ],
            description=f"spectrogram {name}",
            unit="file",
        )
        shape = input_shape(representation, params.clip_samples)
        inputs = np.lib.format.open_memmap(
            folder / dry_file(name).relative_to(place),
            mode="w+",
            dtype=np.float16,
            shape=(int(settings["loop"].max()) + 1, *shape),
        )
        for loop, out in enumerate(inputs):
            dry = read_audio(
                loop_file(params.corpora[corpus].material, loop),
                sample_rate=params.sample_rate,
                samples=params.clip_samples,
            )
            represent(dry, representation, sample_rate=params.sample_rate, out=out)


def _cache_file(work: tuple[Path, Path, int], **options) -> None:
    source, target, clips = work
    cache_inputs(source, target, clips=clips, **options)


if __name__ == "__main__":
    run_stage(main)
