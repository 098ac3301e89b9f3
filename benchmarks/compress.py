"""The compressor on rendered loops, on one core, and the stage that stores what it makes.

Usage: python -m benchmarks.compress
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from time import process_time

import numba
import numpy as np
import soundfile
import torch

from benchmarks.compressors import PEERS, SAMPLE_RATE, ours
from benchmarks.interleaved import interleaved_medians
from benchmarks.loops import rendered_loops
from benchmarks.memory import peak_megabytes
from benchmarks.table import Row, markdown
from stages.common.audio import quantise
from stages.common.params import load_params
from stages.compress.clips import write_clips
from stages.compress.compressor import compress
from stages.compress.grids import grid_settings
from stages.compress.settings import Settings

LOOPS = 2
SECONDS = 4.0
ROUNDS = 3
CLIPS_AT_ONCE = 125  # as the stage does: all 625 of a four-second loop would be 441 MB
OTHER_GRIDS = ("ds1", "ds2", "ds4", "dm1", "dm2")


def measure() -> list[Row]:
    """Time D4P beside all peers, the other grids, and the whole stage on each."""
    torch.set_num_threads(1)
    numba.set_num_threads(1)
    loops = rendered_loops("drum", LOOPS, seconds=SECONDS)
    settings = settings_of("d4p")
    return [
        beside_peers(loops, settings),
        memory(loops[0], settings[:CLIPS_AT_ONCE]),
        *(compression(loops[0], name) for name in OTHER_GRIDS),
        *(whole_stage(loops[0], name) for name in ("d4p", *OTHER_GRIDS)),
    ]


def settings_of(grid: str) -> Settings:
    """Return all settings of a grid of params.yaml for its first loop."""
    grids = load_params().grids
    return grid_settings(grids.named[grid], grids.defaults, 0)


def beside_peers(loops: list[np.ndarray], settings: Settings) -> Row:
    """Time all settings on all loops."""
    parts = [settings[at : at + CLIPS_AT_ONCE] for at in range(0, len(settings), CLIPS_AT_ONCE)]
    clips = np.empty((CLIPS_AT_ONCE, loops[0].size), np.float32)

    def on_everything(way):
        for loop in loops:
            for part in parts:
                way(loop, part, clips)

    ways = {name: partial(on_everything, way) for name, way in {"ours": ours, **PEERS}.items()}
    times = interleaved_medians(ways, rounds=ROUNDS, clock=process_time)
    samples = len(settings) * sum(loop.size for loop in loops)
    found = {name: 1e9 * seconds / samples for name, seconds in times.items()}
    mine = found.pop("ours")
    return Row(
        f"D4P, {len(settings)} settings",
        mine,
        found,
        "ns per sample",
        goals={f"compress_vs_{name}": found[name] / mine for name in ("pedalboard", "torchcomp")},
    )


def memory(loop: np.ndarray, settings: Settings) -> Row:
    """Measure the peak of one call, its result included."""

    def into_fresh_memory(way):
        way(loop, settings, np.empty((len(settings), loop.size), np.float32))

    found = {
        name: peak_megabytes(partial(into_fresh_memory, way))
        for name, way in {"ours": ours, **PEERS}.items()
    }
    return Row(
        f"D4P, memory for {len(settings)} settings",
        found.pop("ours"),
        found,
        "MB",
        floor=len(settings) * loop.nbytes / 1e6,
        floor_is="the clips",
    )


def compression(loop: np.ndarray, grid: str) -> Row:
    """Time a grid in which other parameters vary."""
    settings = settings_of(grid)
    clips = np.empty((len(settings), loop.size), np.float32)
    times = interleaved_medians(
        {"ours": partial(ours, loop, settings, clips)}, rounds=ROUNDS, clock=process_time
    )
    each = 1e9 * times["ours"] / clips.size
    return Row(f"{grid.upper()}, {len(settings)} settings", each, {}, "ns per sample")


def whole_stage(loop: np.ndarray, grid: str) -> Row:
    """Time compressing, measuring and storing beside encoding the same clips made before."""
    settings = settings_of(grid)
    clips = [
        quantise(part)
        for at in range(0, len(settings), CLIPS_AT_ONCE)
        for part in compress(loop, settings[at : at + CLIPS_AT_ONCE], sample_rate=SAMPLE_RATE)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clips.flac"
        options = load_params().compressor
        times = interleaved_medians(
            {
                "ours": partial(
                    write_clips, path, loop, settings, sample_rate=SAMPLE_RATE, options=options
                ),
                "encoding": partial(encode, path, clips),
            },
            rounds=ROUNDS,
            clock=process_time,
        )
    samples = len(settings) * loop.size
    return Row(
        f"{grid.upper()}, compressed and stored",
        1e9 * times["ours"] / samples,
        {},
        "ns per sample",
        floor=1e9 * times["encoding"] / samples,
        floor_is="encoding alone",
    )


def encode(path: Path, clips: list[np.ndarray]) -> None:
    """Write clips that are ready, int32, as the stage does."""
    with soundfile.SoundFile(path, "w", SAMPLE_RATE, 1, "PCM_24", format="FLAC") as file:
        for clip in clips:
            file.write(clip)


if __name__ == "__main__":
    print(markdown(measure()))
