"""The steps of the pipeline on a few loops of any size, one after another on one core."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from benchmarks.loops import rendered_loops
from stages.common.params import Params, load_params
from stages.compress.clips import write_clips
from stages.compress.grids import loop_settings
from stages.spectrogram.cached_inputs import cache_inputs
from stages.spectrogram.representations import represent
from stages.train.backend import prepare_backend

LONGEST_SECONDS, MOST_LOOPS = 4.0, 8
ROUNDS, LONG_ENOUGH_SECONDS = 3, 3.0


@dataclass(frozen=True)
class Size:
    """How much is made: loops, settings of D4P for each, and the length of a clip."""

    loops: int
    settings: int
    clip_seconds: float


@dataclass(frozen=True)
class Cost:
    """Seconds of a processor, and bytes on the disk."""

    seconds: float
    written: int = 0


def measured(size: Size, folder: Path) -> dict[str, Cost]:
    """Return the cost of each step at some size, the median of several runs."""
    prepare_backend(seed=0)
    params = load_params()
    steps = {"compress": compress, "spectrogram": spectrogram}
    costs = {}
    for name, step in steps.items():
        written = step(params, size, folder)  # compiles and warms the caches
        costs[name] = Cost(_seconds(partial(step, params, size, folder)), written)
    return costs | {"train, an epoch": Cost(_seconds(training(params, size, folder)))}


def _seconds(step: Callable[[], object]) -> float:
    seconds: list[float] = []
    while len(seconds) < ROUNDS and sum(seconds) < LONG_ENOUGH_SECONDS:
        started = time.process_time()
        step()
        seconds.append(time.process_time() - started)
    return median(seconds)


@lru_cache(maxsize=1)
def _loops() -> list[np.ndarray]:
    return rendered_loops("drum", MOST_LOOPS, seconds=LONGEST_SECONDS)


def _dry(params: Params, size: Size) -> list[np.ndarray]:
    samples = round(size.clip_seconds * params.sample_rate)
    return [loop[:samples] for loop in _loops()[: size.loops]]


def compress(params: Params, size: Size, folder: Path) -> int:
    """Write each loop under its settings, as stage compress does; return the bytes."""
    grids = params.grids
    for number, loop in enumerate(_dry(params, size)):
        settings = loop_settings(
            "d4p", grids.named["d4p"], grids.defaults, number, size=size.settings, seed=1
        )
        write_clips(
            folder / f"{number}.flac",
            loop,
            settings,
            sample_rate=params.sample_rate,
            options=params.compressor,
        )
    return _bytes(folder, size, ".flac")


def spectrogram(params: Params, size: Size, folder: Path) -> int:
    """Write the stft128 inputs of what `compress` wrote; return the bytes."""
    for number, loop in enumerate(_dry(params, size)):
        cache_inputs(
            folder / f"{number}.flac",
            folder / f"{number}.npy",
            representation=params.representations["stft128"],
            clips=size.settings,
            clip_samples=len(loop),
            sample_rate=params.sample_rate,
        )
    return _bytes(folder, size, ".npy")


def _bytes(folder: Path, size: Size, ending: str) -> int:
    return sum((folder / f"{loop}{ending}").stat().st_size for loop in range(size.loops))


def training(params: Params, size: Size, folder: Path) -> Callable[[], object]:
    """Return an epoch of Model 1 on what `spectrogram` wrote, ready to run."""
    from stages.train.data_set import DataSet
    from stages.train.fit import compile_network, train_epoch
    from stages.train.networks.siamese import build_siamese

    dry = represent(
        np.stack(_dry(params, size)),
        params.representations["stft128"],
        sample_rate=params.sample_rate,
    )
    rows = size.loops * size.settings
    loop, position = np.divmod(np.arange(rows), size.settings)
    table = pd.DataFrame({"loop": loop, "position": position})
    data = DataSet(table, dry, [folder / f"{number}.npy" for number in range(size.loops)])
    network = build_siamese(params.models["cnn"], data.shape, outputs=4)
    compile_network(network, params.train)
    targets = np.random.default_rng(0).uniform(size=(rows, 4)).astype(np.float32)
    epoch = partial(
        train_epoch,
        network,
        data,
        targets,
        mean=-60.0,
        deviation=20.0,
        options=params.train,
        seed=0,
        epoch=0,
    )
    epoch(rows=np.arange(min(rows, 2 * params.train.batch_size)))  # traces the graph
    return partial(epoch, rows=np.arange(rows))
