"""The clips of one corpus in one representation: `python -m stages.inputs INPUT`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from siamese_drc.audio import read_audio
from siamese_drc.core.outputs import replaced
from siamese_drc.core.parallel import parallel_map
from siamese_drc.inputs.cache import Change, write_inputs
from siamese_drc.inputs.changes import changed
from siamese_drc.inputs.gain import GainBank, GainProfiler, profile_of_no_gain
from siamese_drc.inputs.spectrogram import represent
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params

Transform = Callable[[np.ndarray], np.ndarray]


def main(params: Params, name: str) -> None:
    """Write data/inputs/<input>: an array per grid and loop, and one of the dry loops."""
    entry = params.inputs[name]
    settings = files.read_settings(entry.corpus)
    settings = settings[settings["grid"].isin(params.grids_of_input(name))]
    jobs = [
        (loop, rows.groupby("grid").size().to_dict()) for loop, rows in settings.groupby("loop")
    ]
    options = params.representations[entry.representation]
    if options.handcrafted is not None or options.mel_bands is not None:
        # Compiles librosa's kernels here: two workers at once would corrupt Numba's cache of them.
        import librosa.onset  # noqa: F401
    with replaced(files.INPUTS / name) as folder:
        folder.mkdir()
        of_loops = parallel_map(
            partial(write_loop, params, name, folder), jobs, description=f"inputs {name}"
        )
        dry = [each for each in of_loops if each is not None]
        if dry:
            np.save(folder / files.dry_file(name).name, np.stack(dry))


def write_loop(
    params: Params, name: str, folder: Path, job: tuple[int, dict[str, int]]
) -> np.ndarray | None:
    """Write the inputs of a loop's clips under all grids, and return that of the dry loop.

    `job` is the loop and its number of clips by grid; `folder` becomes data/inputs/<input>. The
    handcrafted features of a dry loop are none.
    """
    loop, clips = job
    entry, rate = params.inputs[name], params.sample_rate

    def change(name: str) -> Change:
        return partial(changed, sample_rate=rate, **params.changes[name].model_dump())

    with threadpool_limits(1):  # so that no sum depends on the number of cores
        source = files.loop_file(params.corpora[entry.corpus].material, loop)
        dry = read_audio(source, sample_rate=rate, samples=params.clip_samples)
        transform_of, of_dry = _transforms(params, entry.representation, dry)
        for grid, count in clips.items():
            in_turn: list[Change] = [np.asarray, *map(change, entry.augmented)]  # first: as it is
            first = loop % len(in_turn)  # else the last change would miss corpora of few settings
            versions = {grid: in_turn[first:] + in_turn[:first]}
            versions |= {files.changed_name(grid, name): [change(name)] for name in entry.changed}
            for version, changes in versions.items():
                path = files.input_file(name, version, loop)
                target = folder / path.relative_to(files.INPUTS / name)
                target.parent.mkdir(exist_ok=True)
                write_inputs(
                    files.compressed_file(entry.corpus, grid, loop),
                    target,
                    transform_of(grid),
                    clips=count,
                    clip_samples=params.clip_samples,
                    sample_rate=rate,
                    changes=changes,
                )
    return of_dry


def _transforms(
    params: Params, representation: str, dry: np.ndarray
) -> tuple[Callable[[str], Transform], np.ndarray | None]:
    """Return what makes the inputs of a loop's clips, by grid, and the input of the dry loop."""
    kind, rate = params.representations[representation], params.sample_rate
    if kind.handcrafted is not None:
        from siamese_drc.handcrafted.features import DryLoop

        loop = DryLoop(dry, sample_rate=rate, **kind.handcrafted.model_dump())
        return lambda grid: partial(loop.rows, parameters=params.grids.named[grid].varied), None
    if kind.gain is not None:
        bank = GainBank(**kind.gain.options())
        profiler = GainProfiler(dry, bank, sample_rate=rate)
        return lambda grid: profiler.profiles, profile_of_no_gain(bank)
    transform = partial(represent, sample_rate=rate, **kind.options())
    return lambda grid: transform, transform(dry)  # type: ignore[call-arg]


if __name__ == "__main__":
    run_stage(main, "inputs")
