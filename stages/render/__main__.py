"""Make the dry loops of one material: `python -m stages.render drum`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from stages.common.audio import write_audio
from stages.common.disk import require_space
from stages.common.errors import InputError, run_stage
from stages.common.files import loop_file, loops_table, replaced
from stages.common.parallel import parallel_map
from stages.common.params import Params, load_params
from stages.render.composers import find_composer, seeded
from stages.render.description import describe
from stages.render.disk import bytes_needed
from stages.render.performance import perform
from stages.render.recordings import import_loops
from stages.render.synthesizer import bundled_library, bundled_soundfont


def main(arguments: list[str]) -> None:
    """Write data/loops/<material>/: the loops as NNN.wav, and loops.csv."""
    params = load_params()
    if len(arguments) != 1 or arguments[0] not in params.materials:
        raise InputError(f"usage: python -m stages.render {'|'.join(params.materials)}")
    material = arguments[0]
    require_space(loops_table(material).parent, bytes_needed(params, material))
    source = params.materials[material].source
    count = params.size.loops[material]
    if source.recorded:
        signals, table = import_loops(
            Path(source.folder),
            count=count,
            samples=params.clip_samples,
            sample_rate=params.sample_rate,
            silence_db=params.render.silence_db,
        )
    else:
        signals, table = compose_loops(material, count, params)
    measured = [describe(signal, sample_rate=params.sample_rate) for signal in signals]
    table = table.reindex(columns=["group", "name", "style", "tempo_bpm", "programme"])
    table = pd.concat([table, pd.DataFrame(measured)], axis=1).rename_axis("loop")
    with replaced(loops_table(material).parent) as folder:
        folder.mkdir()
        table.to_csv(folder / loops_table(material).name)
        for loop, signal in enumerate(signals):
            write_audio(folder / loop_file(material, loop).name, signal, params.sample_rate)


def compose_loops(
    material: str, count: int, params: Params
) -> tuple[list[np.ndarray], pd.DataFrame]:
    """Compose and play the first `count` loops of a material."""
    composer = find_composer(params.materials[material].source.folder)
    scores = [
        composer(loop, seeded(material, loop, seed=params.render.seed)) for loop in range(count)
    ]
    soundfont, library = params.render.soundfont, params.render.fluidsynth_library
    play = partial(
        perform,
        samples=params.clip_samples,
        sample_rate=params.sample_rate,
        soundfont=Path(soundfont) if soundfont else bundled_soundfont(),
        library=Path(library) if library else bundled_library(),
    )
    signals = parallel_map(play, scores, description=f"render {material}")
    table = pd.DataFrame(
        {
            "group": score.name,
            "name": score.name,
            "style": score.style,
            "tempo_bpm": score.tempo_bpm,
            "programme": score.programme,
        }
        for score in scores
    )
    return signals, table


if __name__ == "__main__":
    run_stage(main)
