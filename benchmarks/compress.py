"""The compressor on rendered loops, on one core, and the stage that stores what it makes.

The other programs write to an array (settings, samples) that is there already, as the stage does.
JUCE's compressor (pedalboard) and torchcomp smooth other quantities than this project does; what
is compared is the cost of a sample, not the sound. The textbook loop computes the same as this
project.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import process_time

import numba
import numpy as np
import pedalboard
import soundfile
import torch
import torchcomp

from benchmarks.measuring import (
    interleaved_medians,
    peak_megabytes,
    rendered_loops,
    settings_of,
)
from benchmarks.table import Row
from siamese_drc.audio import quantise
from siamese_drc.compressor.compressor import compress, max_gain_reduction_db
from siamese_drc.compressor.settings import Settings
from stages.compress import write_clips
from stages.project.params import load_params

SAMPLE_RATE = 44100
LOOPS = 2
SECONDS = 4.0
ROUNDS = 3
SETTINGS: int | None = None  # of each grid; None: all of them
CLIPS_AT_ONCE = 125  # as the stage does: all 625 of a four-second loop would be 441 MB
TORCHCOMP_AT_ONCE = 5  # the fastest: with 125 it takes three times as long
OTHER_GRIDS = ("ds1", "ds2", "ds4", "dm1", "dm2")


def measure() -> list[Row]:
    """Time D4P beside other programs, and the whole stage on D4P and on the other grids."""
    torch.set_num_threads(1)
    numba.set_num_threads(1)
    loops = rendered_loops("drum", LOOPS, seconds=SECONDS)
    settings = settings_of("d4p", count=SETTINGS)
    return [
        beside_peers(loops, settings),
        memory(loops[0], settings[:CLIPS_AT_ONCE]),
        *(whole_stage(loops[0], name) for name in ("d4p", *OTHER_GRIDS)),
    ]


def beside_peers(loops: list[np.ndarray], settings: Settings) -> Row:
    """Time all settings on all loops."""
    parts = [settings[at : at + CLIPS_AT_ONCE] for at in range(0, len(settings), CLIPS_AT_ONCE)]
    clips = np.empty((CLIPS_AT_ONCE, loops[0].size), np.float32)

    def on_everything(way: Way) -> None:
        for loop in loops:
            for part in parts:
                way(loop, part, clips[: len(part)])

    ways = {name: partial(on_everything, way) for name, way in WAYS.items()}
    times = interleaved_medians(ways, rounds=ROUNDS, clock=process_time)
    samples = len(settings) * sum(loop.size for loop in loops)
    found = {name: 1e9 * seconds / samples for name, seconds in times.items()}
    mine = found.pop("ours")
    goals = {f"compress_vs_{name}": found[name] / mine for name in ("pedalboard", "torchcomp")}
    return Row(f"D4P, {len(settings)} settings", mine, found, "ns per sample", goals=goals)


def memory(loop: np.ndarray, settings: Settings) -> Row:
    """Measure the peak of one call, its result included."""

    def into_fresh_memory(way: Way) -> None:
        way(loop, settings, np.empty((len(settings), loop.size), np.float32))

    found = {name: peak_megabytes(partial(into_fresh_memory, way)) for name, way in WAYS.items()}
    return Row(
        f"D4P, memory for {len(settings)} settings",
        found.pop("ours"),
        found,
        "MB",
        floor=len(settings) * loop.nbytes / 1e6,
        floor_is="the clips",
    )


def whole_stage(loop: np.ndarray, grid: str) -> Row:
    """Time compressing, measuring and storing, and encoding clips that are ready."""
    settings = settings_of(grid, count=SETTINGS)
    clips = [
        quantise(part)
        for at in range(0, len(settings), CLIPS_AT_ONCE)
        for part in compress(loop, settings[at : at + CLIPS_AT_ONCE], sample_rate=SAMPLE_RATE)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clips.flac"
        ways = {
            "ours": partial(compress_and_store, path, loop, settings),
            "encoding": partial(encode, path, clips),
        }
        times = interleaved_medians(ways, rounds=ROUNDS, clock=process_time)
    samples = len(settings) * loop.size
    return Row(
        f"{grid.upper()}, compressed and stored",
        1e9 * times["ours"] / samples,
        {},
        "ns per sample",
        floor=1e9 * times["encoding"] / samples,
        floor_is="encoding alone",
    )


def compress_and_store(path: Path, loop: np.ndarray, settings: Settings) -> None:
    """Write clips and measure their gain reduction, as the stage does."""
    write_clips(path, loop, settings, SAMPLE_RATE, load_params().compressor)
    max_gain_reduction_db(loop, settings, sample_rate=SAMPLE_RATE)


def encode(path: Path, clips: list[np.ndarray]) -> None:
    """Write clips that are ready, int32, as the stage does."""
    with soundfile.SoundFile(path, "w", SAMPLE_RATE, 1, "PCM_24", format="FLAC") as file:
        for clip in clips:
            file.write(clip)


def ours(loop: np.ndarray, settings: Settings, clips: np.ndarray) -> None:
    """Compress under all settings at once."""
    compress(loop, settings, sample_rate=SAMPLE_RATE, out=clips)


def with_pedalboard(loop: np.ndarray, settings: Settings, clips: np.ndarray) -> None:
    """Compress under one setting after the other, as the plug-in does."""
    for row in range(len(settings)):
        plugin = pedalboard.Compressor(
            settings.threshold_db[row],
            settings.ratio[row],
            settings.attack_ms[row],
            settings.release_ms[row],
        )
        clips[row] = plugin(loop, SAMPLE_RATE)


def with_torchcomp(loop: np.ndarray, settings: Settings, clips: np.ndarray) -> None:
    """Compress under a few settings at a time; the expander is set to do nothing."""
    signal = torch.from_numpy(loop)
    magnitude = signal.abs().clamp_min(1e-6)
    for first in range(0, len(settings), TORCHCOMP_AT_ONCE):
        some = settings[first : first + TORCHCOMP_AT_ONCE]
        gain = torchcomp.compexp_gain(
            magnitude.expand(len(some), -1),
            comp_thresh=torch.from_numpy(some.threshold_db).float(),
            comp_ratio=torch.from_numpy(some.ratio).float(),
            exp_thresh=-120.0,
            exp_ratio=0.999,
            at=torchcomp.ms2coef(torch.from_numpy(some.attack_ms), SAMPLE_RATE).float(),
            rt=torchcomp.ms2coef(torch.from_numpy(some.release_ms), SAMPLE_RATE).float(),
        )
        torch.mul(gain, signal, out=torch.from_numpy(clips[first : first + len(some)]))


def by_textbook(loop: np.ndarray, settings: Settings, clips: np.ndarray) -> None:
    """Compress under one setting after the other with a compiled loop over the samples."""
    for row in range(len(settings)):
        textbook_loop(
            loop,
            settings.threshold_db[row],
            settings.ratio[row],
            np.exp(-1000 / (settings.attack_ms[row] * SAMPLE_RATE)),
            np.exp(-1000 / (settings.release_ms[row] * SAMPLE_RATE)),
            clips[row],
        )


@numba.njit
def textbook_loop(loop, threshold, ratio, attack, release, compressed):
    """Compress sample by sample, in float64 (Giannoulis, Massberg and Reiss 2012, eq. 16)."""
    smoothed = 0.0
    for n in range(loop.size):
        level = 20.0 * np.log10(max(abs(loop[n]), 1e-6))
        overshoot = max(level - threshold, 0.0) * (1.0 - 1.0 / ratio)
        a = attack if overshoot > smoothed else release
        smoothed = a * smoothed + (1.0 - a) * overshoot
        compressed[n] = loop[n] * 10.0 ** (-smoothed / 20.0)


Way = Callable[[np.ndarray, Settings, np.ndarray], None]
WAYS: dict[str, Way] = {
    "ours": ours,
    "pedalboard": with_pedalboard,
    "torchcomp": with_torchcomp,
    "textbook loop": by_textbook,
}
