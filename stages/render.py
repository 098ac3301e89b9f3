"""The dry loops of one material: `python -m stages.render MATERIAL`.

Writes data/loops/MATERIAL: the loops as NNN.wav, and a row of loops.csv for each.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from siamese_drc.audio import write_audio
from siamese_drc.core.outputs import replaced
from siamese_drc.core.parallel import parallel_map
from siamese_drc.loops.composers import compose
from siamese_drc.loops.recordings import import_loops
from siamese_drc.loops.rendering import describe, render
from stages.project.command import run_stage
from stages.project.files import loop_file, loops_table
from stages.project.params import Params

COLUMNS = [
    *("group", "name", "style", "tempo_bpm", "programme"),
    *("rms_db", "crest_factor_db", "spectral_centroid_hz"),
]
Row = dict[str, Any]  # of loops.csv


def main(params: Params, material: str) -> None:
    """Write the loops of a material and their table."""
    with replaced(loops_table(material).parent) as folder:
        folder.mkdir()
        if params.materials[material].source.recorded:
            rows = write_recorded(params, material, folder)
        else:
            rows = parallel_map(
                partial(write_composed, params, material, folder),
                range(params.size.loops[material]),
                description=f"render {material}",
            )
        table = pd.DataFrame(rows, columns=COLUMNS).rename_axis("loop")
        table.to_csv(folder / loops_table(material).name)


def write_composed(params: Params, material: str, folder: Path, loop: int) -> Row:
    """Compose, render and write one loop; return its row of the table."""
    composer = Path(params.materials[material].source.folder).name
    score = compose(composer, loop, seed=params.render.seed, stream=material)
    signal = render(
        score,
        samples=params.clip_samples,
        sample_rate=params.sample_rate,
        soundfont=params.render.soundfont,
        fluidsynth_library=params.render.fluidsynth_library,
    )
    write_audio(folder / loop_file(material, loop).name, signal, params.sample_rate)
    return {
        "group": score.name,
        "name": score.name,
        "style": score.style,
        "tempo_bpm": score.tempo_bpm,
        "programme": score.programme,
        **describe(signal, sample_rate=params.sample_rate),
    }


def write_recorded(params: Params, material: str, folder: Path) -> list[Row]:
    """Write the loops of a folder of recordings; return their rows of the table.

    Loops are numbered by file and time, which is known when all are found: until then each has
    the number of its turn.
    """
    found = []
    for turn, loop in enumerate(
        import_loops(
            Path(params.materials[material].source.folder),
            count=params.size.loops[material],
            samples=params.clip_samples,
            sample_rate=params.sample_rate,
            silence_db=params.render.silence_db,
        )
    ):
        path = folder / f"{turn}.unnumbered.wav"
        write_audio(path, loop.signal, params.sample_rate)
        row = {
            "group": loop.file,
            "name": f"{loop.file} from {loop.start_s:g} s",
            **describe(loop.signal, sample_rate=params.sample_rate),
        }
        found.append((loop.file, loop.start_s, path, row))
    found.sort(key=lambda entry: entry[:2])
    for number, (_, _, path, _) in enumerate(found):
        path.rename(folder / loop_file(material, number).name)
    return [row for *_, row in found]


if __name__ == "__main__":
    run_stage(main, "materials")
