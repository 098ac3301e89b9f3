"""Nanoseconds per compressed sample on one core: this project, its peers, and a textbook loop.

Each compresses loops under the 625 settings of D4P. JUCE's compressor (pedalboard) and torchcomp
smooth other quantities than this project does; what is compared is the cost of a sample, not the
sound. The textbook loop computes the same as this project.

Usage: python -m benchmarks.compress
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from statistics import median
from time import process_time

import numba
import numpy as np
import pedalboard
import torch
import torchcomp

from stages.common import files
from stages.common.audio import read_audio
from stages.common.params import load_params
from stages.compress.compressor import compress
from stages.compress.grids import grid_settings
from stages.compress.settings import Settings

SAMPLE_RATE = 44100
LOOPS = 3
CLIPS_AT_ONCE = 125  # as the stage does: all 625 of a four-second loop would be 441 MB


def ours(loop: np.ndarray, settings: Settings) -> np.ndarray:
    """Compress under all settings at once."""
    return compress(loop, settings, sample_rate=SAMPLE_RATE)


def with_pedalboard(loop: np.ndarray, settings: Settings) -> np.ndarray:
    """Compress under one setting after the other, as the plug-in does."""
    clips = np.empty((len(settings), len(loop)), np.float32)
    for row in range(len(settings)):
        plugin = pedalboard.Compressor(
            settings.threshold_db[row],
            settings.ratio[row],
            settings.attack_ms[row],
            settings.release_ms[row],
        )
        clips[row] = plugin(loop, SAMPLE_RATE)
    return clips


def with_torchcomp(loop: np.ndarray, settings: Settings) -> np.ndarray:
    """Compress under all settings at once; its expander is set to do nothing."""
    signal = torch.from_numpy(loop)
    magnitude = signal.abs().clamp_min(1e-6).expand(len(settings), -1)
    with torch.no_grad():
        gain = torchcomp.compexp_gain(
            magnitude,
            comp_thresh=torch.from_numpy(settings.threshold_db).float(),
            comp_ratio=torch.from_numpy(settings.ratio).float(),
            exp_thresh=-120.0,
            exp_ratio=0.999,
            at=torchcomp.ms2coef(torch.from_numpy(settings.attack_ms), SAMPLE_RATE).float(),
            rt=torchcomp.ms2coef(torch.from_numpy(settings.release_ms), SAMPLE_RATE).float(),
        )
        return (gain * signal).numpy()


def by_textbook(loop: np.ndarray, settings: Settings) -> np.ndarray:
    """Compress under one setting after the other with a compiled loop over the samples."""
    clips = np.empty((len(settings), len(loop)), np.float32)
    for row in range(len(settings)):
        textbook_loop(
            loop,
            settings.threshold_db[row],
            settings.ratio[row],
            np.exp(-1000 / (settings.attack_ms[row] * SAMPLE_RATE)),
            np.exp(-1000 / (settings.release_ms[row] * SAMPLE_RATE)),
            clips[row],
        )
    return clips


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


WAYS: dict[str, Callable[[np.ndarray, Settings], np.ndarray]] = {
    "ours": ours,
    "pedalboard": with_pedalboard,
    "torchcomp": with_torchcomp,
    "textbook": by_textbook,
}


def rendered_or_made_up_loops() -> list[np.ndarray]:
    """Return the first drum loops of the project, else seeded bursts of noise of 4 s."""
    paths = [files.loop_file("drum", number) for number in range(LOOPS)]
    if all(path.exists() for path in paths):
        return [read_audio(path, sample_rate=SAMPLE_RATE) for path in paths]
    time = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
    noise = np.random.default_rng(0).standard_normal((LOOPS, len(time)))
    bursts = noise * np.exp(-np.array([[5.0], [12.0], [30.0]]) * (time % 0.5))
    return list((bursts / np.abs(bursts).max(axis=1, keepdims=True)).astype(np.float32))


def nanoseconds_per_sample(function: Callable[[], np.ndarray]) -> float:
    """Time one call in time of the processor: other programs do not count."""
    start = process_time()
    size = function().size
    return 1e9 * (process_time() - start) / size


def main() -> dict[str, float]:
    """Return the median nanoseconds per compressed sample of each way, and our advantage.

    The ways take turns, so that a noisy machine is noisy for all of them. `largest_difference`
    is between our samples and the textbook loop's, full scale 1.0.
    """
    torch.set_num_threads(1)
    numba.set_num_threads(1)
    grids = load_params().grids
    loops = rendered_or_made_up_loops()
    times: dict[str, list[float]] = {name: [] for name in WAYS}
    difference = 0.0
    for number, loop in enumerate(loops):
        settings = grid_settings(grids.named["d4p"], grids.defaults, number)
        parts = [
            settings[start : start + CLIPS_AT_ONCE]
            for start in range(0, len(settings), CLIPS_AT_ONCE)
        ]
        clips = {name: way(loop[:4410], settings) for name, way in WAYS.items()}  # compiles
        difference = max(difference, float(np.abs(clips["ours"] - clips["textbook"]).max()))
        for part in parts:
            for name, way in WAYS.items():
                times[name].append(nanoseconds_per_sample(partial(way, loop, part)))
    results = {f"{name}_ns": median(each) for name, each in times.items()}
    peers = {
        f"times_faster_than_{name}": results[f"{name}_ns"] / results["ours_ns"]
        for name in WAYS
        if name != "ours"
    }
    return results | peers | {"largest_difference": difference}


if __name__ == "__main__":
    print(json.dumps(main(), indent=2))
