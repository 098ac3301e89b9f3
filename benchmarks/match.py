"""From two files to the processed loop, beside matchering, which masters a file like a reference.

Matchering matches level and spectrum and limits the peaks; it does not look for a compressor's
settings. What is compared is what a user gets: a file, how near its level and its crest factor are
to the reference's, and, of the whole programs on all cores, the time and memory that it takes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import redirect_stderr
from functools import partial
from io import StringIO
from pathlib import Path
from time import perf_counter, process_time
from typing import NamedTuple

import matchering
import numpy as np
import pyloudnorm
import soundfile
from threadpoolctl import threadpool_limits

from benchmarks.measuring import interleaved_medians, rendered_loops
from benchmarks.table import Row
from siamese_drc.app.output import Applied, render
from siamese_drc.audio import open_sound
from siamese_drc.core.errors import InputError
from siamese_drc.core.ffmpeg import encode
from siamese_drc.match.families import FamilyCompressor, Link
from siamese_drc.match.matching import match_sounds

SAMPLE_RATE = 44100
SECONDS = 4.0
PAIRS = 4
ROUNDS = 5
LONG_SECONDS = 180.0
PROGRAM_ROUNDS = 3
DRC_MATCH = [sys.executable, "-m", "siamese_drc.app.cli"]
# A small process, because a new process begins with the peak of the one that starts it.
LAUNCHER = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
WITH_MATCHERING = """
import sys, matchering
target, reference, output = sys.argv[1:]
matchering.process(target=target, reference=reference, results=[matchering.pcm24(output)])
"""
SETTINGS = {
    "threshold_db": -24.0,
    "ratio": 4.0,
    "attack_ms": 10.0,
    "release_ms": 120.0,
    "makeup_db": 0.0,
}


class Pair(NamedTuple):
    """A loop and its reference, as files."""

    loop: Path
    reference: Path


def measure() -> list[Row]:
    """Measure both situations, the reference the loop compressed or another one; then programs."""
    loops = rendered_loops("drum", 2 * PAIRS, seconds=SECONDS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [
            row
            for situation, references in [
                ("same performance", loops[:PAIRS]),
                ("another recording", loops[PAIRS:]),
            ]
            for row in beside_matchering(
                situation,
                [
                    write_pair(folder / f"{situation}-{n}", loop, reference)
                    for n, (loop, reference) in enumerate(zip(loops, references, strict=False))
                ],
            )
        ]
        return rows + whole_programs(folder)


def whole_programs(folder: Path) -> list[Row]:
    """Time programs from start to end, and measure the peak of their memory."""
    loop = long_stereo_loop()
    rows = [Row("`drc-match --help`", run_alone([*DRC_MATCH, "--help"])[0], {}, "s")]
    long, coded = "3 minutes", "3 minutes, reference in MP3"
    for name, seconds in {"4 s": SECONDS, long: LONG_SECONDS, coded: LONG_SECONDS}.items():
        part = loop[:, : round(seconds * SAMPLE_RATE)]
        pair = write_pair(folder / name, part, part, link="maximum")
        if name == coded:
            pair = Pair(pair.loop, as_mp3(pair.reference))
        files = [str(pair.loop), str(pair.reference), str(pair.loop.with_name("output.wav"))]
        commands = {
            "ours": [*DRC_MATCH, *files],
            "matchering": [sys.executable, "-c", WITH_MATCHERING, *files],
        }
        found = {way: np.zeros((PROGRAM_ROUNDS, 2)) for way in commands}
        for turn in range(PROGRAM_ROUNDS):
            for way, command in commands.items():
                found[way][turn] = run_alone(command)
        step = f"whole program, stereo pair of {name}"
        for column, unit in enumerate(("s", "MB")):
            medians = {way: float(np.median(each[:, column])) for way, each in found.items()}
            rows.append(Row(step, medians.pop("ours"), medians, unit))
    return rows


def long_stereo_loop() -> np.ndarray:
    """Return three minutes of a mix that changes every 8 s, shape (2, samples), float32."""
    bars = rendered_loops("mix", 15, seconds=8.0) + rendered_loops("drum", 8, seconds=8.0)
    middle = np.concatenate(bars)[: round(LONG_SECONDS * SAMPLE_RATE)]
    side = 0.4 * np.roll(middle, 3 * bars[0].size)
    return 0.5 * np.stack([middle + side, middle - side])


def run_alone(command: list[str]) -> tuple[float, float]:
    """Run a program; return its seconds, and the peak of its memory in MB.

    Raises
    ------
    InputError
        If it fails.
    """
    started = perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", LAUNCHER, *command], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise InputError(f"{' '.join(command)}: failed: {done.stderr}")
    return perf_counter() - started, int(done.stdout) * 1024 / 1e6


def write_pair(
    folder: Path, loop: np.ndarray, reference: np.ndarray, *, link: Link | None = None
) -> Pair:
    """Write a loop and what is to be its reference: compressed, 6 dB lower, 16 bits."""
    folder.mkdir()
    pair = Pair(folder / "loop.wav", folder / "reference.wav")
    soundfile.write(pair.loop, loop.T, SAMPLE_RATE, subtype="PCM_24")
    channels = np.atleast_2d(reference)
    compressor = FamilyCompressor(
        SETTINGS, sample_rate=SAMPLE_RATE, link=link, channels=len(channels)
    )
    compressed = compressor.process(channels).signal.T / 2
    soundfile.write(pair.reference, compressed, SAMPLE_RATE, subtype="PCM_16")
    return pair


def as_mp3(file: Path) -> Path:
    """Code a file as MP3 of 128 kbit/s."""
    signal, _ = soundfile.read(file, dtype="float32")
    target = file.with_suffix(".mp3")
    encode(str(target), signal.T, "libmp3lame", sample_rate=SAMPLE_RATE, bit_rate=128000)
    return target


def beside_matchering(situation: str, pairs: list[Pair]) -> list[Row]:
    """Time a file, after start-up, and measure how far the results are from their references."""
    ways: dict[str, Callable[[Pair, Path], None]] = {"ours": ours, "matchering": with_matchering}
    outputs = {way: [pair.loop.with_name(f"{way}.wav") for pair in pairs] for way in ways}
    with threadpool_limits(1):
        seconds = interleaved_medians(
            {way: partial(run_all, do, pairs, outputs[way]) for way, do in ways.items()},
            rounds=ROUNDS,
            clock=process_time,
        )
    times = {way: 1000 * each / len(pairs) for way, each in seconds.items()}
    outputs["the loop as it is"] = [pair.loop for pair in pairs]
    references = [pair.reference for pair in pairs]
    return [
        Row(f"{situation}, two files of {SECONDS:g} s", times.pop("ours"), times, "ms"),
        distances(f"{situation}, level", loudness, outputs, references, "LU to the reference"),
        distances(
            f"{situation}, crest factor", crest_db, outputs, references, "dB to the reference"
        ),
    ]


def run_all(way: Callable[[Pair, Path], None], pairs: list[Pair], outputs: list[Path]) -> None:
    """Process every pair, without its progress bar."""
    with redirect_stderr(StringIO()):
        for pair, output in zip(pairs, outputs, strict=True):
            way(pair, output)


def ours(pair: Pair, output: Path) -> None:
    """Do what the command line does."""
    loop, reference = open_sound(pair.loop), open_sound(pair.reference)
    answer, _ = match_sounds(loop, [reference])
    # Without an answer the user keeps the loop: nothing else is fair to measure.
    settings = answer.values() or {**SETTINGS, "ratio": 1.0}
    render(loop, Applied(settings, answer.family, answer.link), output)


def with_matchering(pair: Pair, output: Path) -> None:
    """Master the loop like the reference."""
    matchering.process(
        target=str(pair.loop),
        reference=str(pair.reference),
        results=[matchering.pcm24(str(output))],
    )


def distances(
    step: str,
    measured: Callable[[np.ndarray], float],
    outputs: dict[str, list[Path]],
    references: list[Path],
    unit: str,
) -> Row:
    """Return the mean distance of each way's results from the references."""
    goals = [measured(soundfile.read(path)[0]) for path in references]
    found = {
        way: float(
            np.mean(
                [
                    abs(measured(soundfile.read(path)[0]) - goal)
                    for path, goal in zip(paths, goals, strict=True)
                ]
            )
        )
        for way, paths in outputs.items()
    }
    return Row(step, found.pop("ours"), found, unit)


def loudness(signal: np.ndarray) -> float:
    """Return the integrated loudness (BS.1770), LUFS, of a signal heard on one loudspeaker."""
    return pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(_mono(signal))


def crest_db(signal: np.ndarray) -> float:
    """Return peak over root mean square."""
    mono = _mono(signal)
    return float(20 * np.log10(np.abs(mono).max() / np.sqrt(np.mean(mono**2))))


def _mono(signal: np.ndarray) -> np.ndarray:
    return signal if signal.ndim == 1 else signal.mean(axis=1)
