"""Make the dry loops of one material: `python -m stages.render drum`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

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

COLUMNS = [
    *("group", "name", "style", "tempo_bpm", "programme"),
    *("rms_db", "crest_factor_db", "spectral_centroid_hz"),
]
Row = dict[str, Any]  # of loops.csv


def main(arguments: list[str]) -> None:
    """Write data/loops/<material>/: the loops as NNN.wav, and loops.csv."""
    params = load_params()
    if len(arguments) != 1 or arguments[0] not in params.materials:
        raise InputError(f"usage: python -m stages.render {'|'.join(params.materials)}")
    material = arguments[0]
    require_space(loops_table(material).parent, bytes_needed(params, material))
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
    """Compose, play and write one loop; return its row of the table."""
    compose = find_composer(params.materials[material].source.folder)
    score = compose(loop, seeded(material, loop, seed=params.render.seed))
    soundfont, library = params.render.soundfont, params.render.fluidsynth_library
    signal = perform(
        score,
        samples=params.clip_samples,
        sample_rate=params.sample_rate,
        soundfont=Path(soundfont) if soundfont else bundled_soundfont(),
        library=Path(library) if library else bundled_library(),
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

    A loop's number is known when all are found: until then it lies under the number of its turn.
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
    run_stage(main)
