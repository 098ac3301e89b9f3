"""Stage `match-examples`: composed loops, produced and compressed at random, as they are heard.

Usage: python -m stages.match.examples
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from stages.common import files
from stages.common.errors import InputError, run_stage
from stages.common.parallel import parallel_map
from stages.common.params import PARAMETERS, Params, load_params
from stages.compress.compressor import compress
from stages.compress.settings import Settings
from stages.match.augment import produced
from stages.match.dynamics import dynamics
from stages.match.loudness import loudness_lufs
from stages.render.composers import find_composer, seeded
from stages.render.performance import perform
from stages.render.synthesizer import bundled_library, bundled_soundfont

_PRODUCTIONS = 4  # of a loop, as if it had been recorded in so many ways; they share its settings
# Below the loop's peak: from hardly a transient to nearly all of the loop.
_THRESHOLDS_DB = (3.0, 40.0)
_INVERSE_RATIOS = (0.05, 1.0)
_LOG_ATTACKS_MS = (math.log(1.0), math.log(100.0))
_LOG_RELEASES_MS = (math.log(10.0), math.log(1000.0))


@dataclass(frozen=True)
class Example:
    """One loop, dry and compressed."""

    signal: np.ndarray
    """Shape (samples,): the dry loop."""
    settings: np.ndarray
    """Shape (settings, 4): the parameters, the threshold in dBFS."""
    loudness: float
    """LUFS, of the dry loop."""


def main(arguments: list[str]) -> None:
    """Write data/match/examples.npz: a row per compressed clip and one per dry clip.

    Every loop is there in several productions, one after the other, which share its settings.
    Arrays of dry clips: `dry` (productions, features), `material`, `part` (0: training, 1:
    calibration), `loop` (productions,): which loop it was. Arrays of compressed clips:
    `compressed` (clips, features), `source` (clips,): place of the dry one, and `settings`
    (clips, 4), the threshold in dB above the dry clip's loudness.
    """
    params = load_params()
    if arguments:
        raise InputError("usage: python -m stages.match.examples")
    size = params.match.sizes[params.scale]
    jobs = [
        (material, loop)
        for material in params.match.materials
        for loop in range(size.loops + size.calibration_loops)
    ]
    productions = min(_PRODUCTIONS, size.settings)
    found = parallel_map(
        partial(_describe, params, productions), jobs, description="match examples"
    )
    dry, compressed, settings = (np.concatenate(parts) for parts in zip(*found, strict=True))
    materials = [params.match.materials.index(material) for material, _ in jobs]
    with files.replaced(files.MATCH_EXAMPLES) as path, path.open("wb") as file:
        np.savez(
            file,
            dry=dry,
            material=np.repeat(materials, productions),
            part=np.repeat([int(loop >= size.loops) for _, loop in jobs], productions),
            loop=np.repeat(np.arange(len(jobs)), productions),
            compressed=compressed,
            source=np.repeat(np.arange(len(dry)), size.settings // productions),
            settings=settings,
        )


def _describe(
    params: Params, productions: int, job: tuple[str, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the dynamics of a loop's productions, of these compressed, and the settings."""
    material, loop = job
    rate, count = params.sample_rate, params.match.sizes[params.scale].settings // productions
    signal = make_example(params, material, loop).signal
    random = seeded(f"match productions {material}", loop, seed=params.match.seed)
    dry, compressed, settings = [], [], []
    for _ in range(productions):
        clip = produced(signal, random, sample_rate=rate)
        drawn = draw_settings(clip, count, random)
        wet = compress(clip, as_settings(drawn), sample_rate=rate)
        dry.append(dynamics(clip, sample_rate=rate))
        compressed += [dynamics(one, sample_rate=rate) for one in wet]
        settings.append(relative(drawn, loudness_lufs(clip, sample_rate=rate)))
    return np.stack(dry), np.stack(compressed), np.concatenate(settings)


def make_example(params: Params, material: str, loop: int) -> Example:
    """Compose a loop and draw its settings.

    Parameters
    ----------
    params : Params
    material : str
        A composer: drum, guitar or mix.
    loop : int
        Its number; the pipeline's own loops have other seeds.
    """
    options = params.match
    score = find_composer(f"stages/render/{material}")(
        loop, seeded(f"match {material}", loop, seed=options.seed)
    )
    signal = perform(
        score,
        samples=round(options.clip_seconds * params.sample_rate),
        sample_rate=params.sample_rate,
        soundfont=bundled_soundfont(),
        library=bundled_library(),
    )
    random = seeded(f"match settings {material}", loop, seed=options.seed)
    settings = draw_settings(signal, options.sizes[params.scale].settings, random)
    return Example(signal, settings, loudness_lufs(signal, sample_rate=params.sample_rate))


def draw_settings(signal: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Draw settings under which a signal is compressed.

    Parameters
    ----------
    signal : ndarray, shape (samples,)
    count : int
    random : Generator

    Returns
    -------
    ndarray, shape (count, 4)
        Threshold (dBFS, uniform below the peak), ratio (1/R uniform), attack and release (ms,
        uniform on a log scale).
    """
    peak_db = 20 * np.log10(np.abs(signal).max())
    columns = [
        peak_db - random.uniform(*_THRESHOLDS_DB, count),
        1 / random.uniform(*_INVERSE_RATIOS, count),
        np.exp(random.uniform(*_LOG_ATTACKS_MS, count)),
        np.exp(random.uniform(*_LOG_RELEASES_MS, count)),
    ]
    return np.stack(columns, axis=1)


def as_settings(rows: np.ndarray) -> Settings:
    """Turn rows of the four parameters into settings of the compressor."""
    return Settings(**dict(zip(PARAMETERS, rows.T, strict=True)))


def relative(settings: np.ndarray, loudness: float) -> np.ndarray:
    """Return settings whose threshold is in dB above a loudness in LUFS."""
    return settings - np.array([loudness, 0.0, 0.0, 0.0])


if __name__ == "__main__":
    run_stage(main)
