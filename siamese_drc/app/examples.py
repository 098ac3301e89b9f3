"""Example recordings for `drc-match` and the page: `python -m siamese_drc.app.examples FOLDER`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

from siamese_drc.audio import write_audio
from siamese_drc.match.sound import process

SAMPLE_RATE = 44100
SETTINGS = {
    "threshold_db": -24.0,
    "ratio": 4.0,
    "attack_ms": 10.0,
    "release_ms": 120.0,
    "makeup_db": 0.0,
}
_SAMPLES = 4 * SAMPLE_RATE
_SEED = 5  # no corpus of the pipeline has it: the learnt model has not seen these loops


class Pair(NamedTuple):
    """A loop and a reference for it."""

    title: str
    loop: Path
    reference: Path


def write_pairs(folder: Path) -> list[Pair]:
    """Write two drum loops, dry and compressed, into `folder`; return them in pairs.

    The references are compressed under `SETTINGS`; that of the same performance is 6 dB quieter.
    The files are 24-bit WAV, mono, 4 s.
    """
    from siamese_drc.loops.composers import compose
    from siamese_drc.loops.rendering import render

    rock, house = (
        render(compose("drum", number, seed=_SEED), samples=_SAMPLES, sample_rate=SAMPLE_RATE)
        for number in (0, 5)
    )
    signals = {
        "drums": rock,
        "drums-compressed": process(rock, SETTINGS, sample_rate=SAMPLE_RATE) / 2,
        "other-drums-compressed": process(house, SETTINGS, sample_rate=SAMPLE_RATE),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, signal in signals.items():
        write_audio(folder / f"{name}.wav", signal, SAMPLE_RATE)
    loop, same, other = (folder / f"{name}.wav" for name in signals)
    return [
        Pair("Drums, and the same drums compressed", loop, same),
        Pair("Drums, and other drums compressed", loop, other),
    ]


def main() -> None:
    """Write the recordings and print which belong together."""
    parser = argparse.ArgumentParser(
        prog="python -m siamese_drc.app.examples",
        description="Write example recordings for drc-match.",
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="Folder to write them into.")
    for pair in write_pairs(parser.parse_args().folder):
        print(f"{pair.title}: {pair.loop} {pair.reference}")


if __name__ == "__main__":
    main()
