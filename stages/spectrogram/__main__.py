"""Stage: cache the network inputs of one corpus in one representation.

Usage: python -m stages.spectrogram <input>
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from stages.common.audio import read_audio
from stages.common.disk import require_space
from stages.common.errors import InputError, run_stage
from stages.common.files import (
    SPECTROGRAMS,
    compressed_file,
    delayed_file,
    dry_file,
    loop_file,
    replaced,
    spectrogram_file,
)
from stages.common.parallel import parallel_map
from stages.common.params import Representation, load_params
from stages.compress.settings import read_settings
from stages.spectrogram.cached_inputs import cache_inputs
from stages.spectrogram.disk import bytes_needed
from stages.spectrogram.gain_profiles import profile_of_no_gain
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
    entry = params.inputs[name]
    corpus = entry.corpus
    representation = params.representations[entry.representation]
    settings = read_settings(corpus)
    settings = settings[settings["grid"].isin(params.grids_of_input(name))]
    clips = settings.groupby(["grid", "loop"], sort=False).size().reset_index(name="clips")
    # Where each clip's input goes, and by how many samples the clip is moved before.
    versions: list[tuple[Callable[[str, str, int], Path], int]] = [(spectrogram_file, 0)]
    if entry.delayed_ms is not None:
        versions.append((delayed_file, round(entry.delayed_ms * params.sample_rate / 1000)))
    place = SPECTROGRAMS / name
    require_space(place, bytes_needed(params, name))
    with replaced(place) as folder:
        for grid in clips["grid"].unique():
            for target, _ in versions:
                (folder / target(name, grid, 0).relative_to(place)).parent.mkdir(parents=True)
        parallel_map(
            partial(
                _cache_file,
                representation=representation,
                clip_samples=params.clip_samples,
                sample_rate=params.sample_rate,
            ),
            [
                Work(
                    compressed_file(corpus, grid, loop),
                    loop_file(params.corpora[corpus].material, loop),
                    folder / target(name, grid, loop).relative_to(place),
                    count,
                    delay,
                )
                for grid, loop, count in clips.itertuples(index=False)
                for target, delay in versions
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
            if representation.gain is not None:
                out[...] = profile_of_no_gain(representation.gain)
                continue
            dry = read_audio(
                loop_file(params.corpora[corpus].material, loop),
                sample_rate=params.sample_rate,
                samples=params.clip_samples,
            )
            represent(dry, representation, sample_rate=params.sample_rate, out=out)


@dataclass(frozen=True)
class Work:
    """One file of compressed clips, its dry loop, and where its inputs go."""

    source: Path
    loop: Path
    target: Path
    clips: int
    delay: int


def _cache_file(
    work: Work, *, representation: Representation, clip_samples: int, sample_rate: int
) -> None:
    dry = None
    if representation.gain is not None:
        dry = read_audio(work.loop, sample_rate=sample_rate, samples=clip_samples)
    cache_inputs(
        work.source,
        work.target,
        representation=representation,
        clips=work.clips,
        clip_samples=clip_samples,
        sample_rate=sample_rate,
        dry=dry,
        delay=work.delay,
    )


if __name__ == "__main__":
    run_stage(main)
