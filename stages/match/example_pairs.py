"""Pairs to try the tool on: `python -m stages.match.example_pairs FOLDER`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from stages.common.audio import write_audio
from stages.common.errors import InputError, run_stage
from stages.match.process import process
from stages.render.composers import find_composer, seeded
from stages.render.performance import perform
from stages.render.synthesizer import bundled_library, bundled_soundfont

SAMPLE_RATE = 44100
SETTINGS = {
    "threshold_db": -24.0,
    "ratio": 4.0,
    "attack_ms": 10.0,
    "release_ms": 120.0,
    "makeup_db": 0.0,
}

_SECONDS = 4
_SEED = 5  # not the pipeline's: nothing was trained on these loops


class Pair(NamedTuple):
    """A loop and a reference, and what they show."""

    title: str
    loop: Path
    reference: Path


def write_pairs(folder: Path) -> list[Pair]:
    """Render two drum loops, compress both, and pair the first with either result.

    Both references went through the compressor under `SETTINGS`; the first was then turned down by
    6 dB. They are 24-bit WAV, 4 s, mono.
    """
    rock, house = _drums(0), _drums(5)
    folder.mkdir(parents=True, exist_ok=True)
    loop = _written(folder / "drums.wav", rock)
    same = _written(folder / "drums-compressed.wav", _compressed(rock) / 2)
    other = _written(folder / "other-drums-compressed.wav", _compressed(house))
    return [
        Pair("Drums, and the same drums compressed", loop, same),
        Pair("Drums, and other drums compressed", loop, other),
    ]


def main(arguments: list[str]) -> None:
    """Write the pairs and say which files belong together."""
    if len(arguments) != 1:
        raise InputError("usage: python -m stages.match.example_pairs FOLDER")
    for pair in write_pairs(Path(arguments[0])):
        print(f"{pair.title}: {pair.loop} {pair.reference}")


def _drums(number: int) -> np.ndarray:
    return perform(
        find_composer("drum")(number, seeded("drum", number, seed=_SEED)),
        samples=_SECONDS * SAMPLE_RATE,
        sample_rate=SAMPLE_RATE,
        soundfont=bundled_soundfont(),
        library=bundled_library(),
    )


def _compressed(loop: np.ndarray) -> np.ndarray:
    return process(loop, SETTINGS, sample_rate=SAMPLE_RATE)


def _written(path: Path, signal: np.ndarray) -> Path:
    write_audio(path, signal, SAMPLE_RATE)
    return path


if __name__ == "__main__":
    run_stage(main)
