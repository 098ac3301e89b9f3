"""How good estimates from another recording are: errors of settings, and perceptual metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import librosa
import librosa.feature.spectral  # compiles now: two workers at once would corrupt Numba's cache
import numpy as np
import pyloudnorm
from scipy.stats import spearmanr

from siamese_drc.compressor.compressor import compress, max_gain_reduction_db
from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.parallel import parallel_map
from siamese_drc.loops.composers import seeded
from siamese_drc.loops.recordings import import_loops
from siamese_drc.match.dynamics import as_settings, dynamics, loudness_lufs, relative
from siamese_drc.match.model import AUDIBLE_DB, MatchModel, scaled
from siamese_drc.match.statistics_search import closest_settings
from siamese_drc.match.training_examples import (
    Example,
    ExampleOptions,
    draw_settings,
)

_REFERENCES = 8  # for each loop
_CANDIDATES = 64  # settings of the search
_WAYS = ("match", "nothing", "constant", "preset", "search", "reference's own")
# The first two are to the loop under the reference's own settings, the others to the reference.
_DISTANCES = (
    "gain_curve_db",
    "crest_factor_db",
    "reference_crest_factor_db",
    "reference_loudness_range_lu",
    "reference_mfcc",
)
_PRESETS = np.array(
    list(
        product(
            (-15.0, -10.0, -6.0, -3.0, 0.0, 3.0, 6.0),  # threshold above the loudness, dB
            (1.3, 1.6, 2.0, 3.0, 5.0),
            (2.0, 10.0, 30.0),
            (30.0, 100.0, 300.0),
        )
    )
)
PRESET_LOOPS = 16  # of each material, from which the best preset is chosen
_PRESET_REFERENCES = 4  # for each of these loops
_MFCCS = 13
_FRAME = 64  # samples
_SILENCE = 1e-9  # power below which a frame has no audible gain
_LOUDNESS_RANGE_S = 12


def another_recording_errors(
    loops: Sequence[Example],
    options: ExampleOptions,
    *,
    preset: np.ndarray,
    constant: np.ndarray,
    model: MatchModel,
) -> dict[str, Any]:
    """Return errors and distances where the references are other recordings.

    Every loop is given references: other loops, each under one of its settings.

    Parameters
    ----------
    loops : sequence of Example
    options : ExampleOptions
        Seed and sample rate.
    preset, constant : ndarray, shape (4,)
        From `best_preset` and `median_settings`.
    model : MatchModel

    Returns
    -------
    dict
        `settings` and `search`: by parameter, mean absolute error, Spearman's correlation and R2
        (of the scaled settings), of the model and of `closest_settings`; for the model also the
        share inside the interval and its median width, relative to the interval of the same
        coverage of the settings themselves. `distances`: means by distance and by way of setting
        the compressor: as found, not at all, the median setting, the best fixed preset, the search,
        and the reference's own settings. `refused`: share of the uncompressed and of the audibly
        compressed references that the model takes for uncompressed.
    """
    judged = partial(_judge, loops, options=options, preset=preset, constant=constant, model=model)
    rows = parallel_map(judged, range(len(loops)), description="match unseen loops")
    found, searched, truth, dry_score, audible, distances = (
        np.concatenate(parts) for parts in zip(*rows, strict=True)
    )
    value, low, high, score = np.split(found, [4, 8, 12], axis=1)
    tail = (1 - model.coverage) / 2
    prior = np.ptp(np.quantile(scaled(truth), [tail, 1 - tail], axis=0), axis=0)
    width = np.median(np.abs(scaled(high) - scaled(low)), axis=0) / prior
    inside = np.mean((low <= truth) & (truth <= high), axis=0)
    means = distances.mean(axis=0)
    return {
        "settings": {
            name: {**errors, "inside": float(inside[number]), "width": float(width[number])}
            for number, (name, errors) in enumerate(_errors(value, truth).items())
        },
        "search": _errors(searched, truth),
        "refused": {
            "uncompressed": float(np.mean(dry_score < model.least_score)),
            "compressed": float(np.mean(score[audible] < model.least_score)),
        },
        "distances": {
            distance: dict(zip(_WAYS, map(float, means[:, number]), strict=True))
            for number, distance in enumerate(_DISTANCES)
        },
    }


def _errors(value: np.ndarray, truth: np.ndarray) -> dict[str, dict[str, float]]:
    """Return the errors of settings, shape (rows, 4), by parameter."""
    found, wanted = scaled(value), scaled(truth)
    r2 = 1 - np.mean((found - wanted) ** 2, axis=0) / wanted.var(axis=0)
    return {
        name: {
            "mae": float(np.abs(value - truth)[:, number].mean()),
            "spearman": float(spearmanr(found[:, number], wanted[:, number])[0]),
            "r2": float(r2[number]),
            "n": len(truth),
        }
        for number, name in enumerate(PARAMETERS)
    }


def median_settings(examples: Mapping[str, Sequence[Example]]) -> np.ndarray:
    """Return the median of the loops' settings, shape (4,), the threshold above the loudness."""
    loops = [loop for of_material in examples.values() for loop in of_material]
    return np.median(
        np.concatenate([relative(one.settings, one.loudness) for one in loops]), axis=0
    )


def best_preset(examples: Mapping[str, Sequence[Example]], options: ExampleOptions) -> np.ndarray:
    """Return the fixed settings with the lowest mean difference of gain curves.

    Parameters
    ----------
    examples : mapping of str to sequence of Example
        Training loops by material. The gain of a loop under a preset is compared with its gain
        under the settings of other loops of the material.
    options : ExampleOptions
        Seed and sample rate.

    Returns
    -------
    ndarray, shape (4,)
        The threshold in dB above the loop's loudness.
    """
    differences: list[np.ndarray] = []
    for material, loops in examples.items():
        compared = partial(_preset_differences, material, loops, options=options)
        differences += parallel_map(compared, range(len(loops)), description="match preset")
    return _PRESETS[np.mean(differences, axis=0).argmin()]


def recorded_examples(
    folder: Path, options: ExampleOptions, *, count: int, silence_db: float
) -> list[Example]:
    """Cut a folder of recordings into at most `count` loops and draw settings for each.

    Raises
    ------
    InputError
        As `loops.import_loops` does.
    """
    imported = import_loops(
        folder,
        count=count,
        samples=round(options.clip_seconds * options.sample_rate),
        sample_rate=options.sample_rate,
        silence_db=silence_db,
    )
    return [
        Example.drawn(loop.signal, seeded("match recorded", number, seed=options.seed), options)
        for number, loop in enumerate(imported)
    ]


@dataclass(frozen=True)
class PerceptualFeatures:
    """What is compared of two signals."""

    levels_db: np.ndarray
    """See `levels_db`."""
    crest_factor_db: float
    loudness_range_lu: float
    mfcc: np.ndarray
    """Shape (13,): mean MFCCs at -23 LUFS."""

    @classmethod
    def of(cls, signal: np.ndarray, *, sample_rate: int) -> PerceptualFeatures:
        """Measure a signal, shape (samples,), full scale 1.0."""
        return cls(
            levels_db(signal),
            crest_factor_db(signal),
            loudness_range_lu(signal, sample_rate=sample_rate),
            mean_mfcc(signal, sample_rate=sample_rate),
        )


def levels_db(signal: np.ndarray) -> np.ndarray:
    """Return the level of every frame of 64 samples, dB, shape (frames,)."""
    framed = signal[: signal.size // _FRAME * _FRAME].reshape(-1, _FRAME)
    return 10 * np.log10(np.square(framed).mean(axis=-1) + _SILENCE)


def gain_curve_difference_db(levels: np.ndarray, wanted: np.ndarray) -> float:
    """Return the rms of the difference of the gains of two versions of a loop, by `levels_db`."""
    return float(np.sqrt(np.mean((levels - wanted) ** 2)))


def crest_factor_db(signal: np.ndarray) -> float:
    """Return peak over rms."""
    return float(20 * np.log10(np.abs(signal).max() / np.sqrt(np.mean(signal.astype(float) ** 2))))


def loudness_range_lu(signal: np.ndarray, *, sample_rate: int) -> float:
    """Return the loudness range by EBU Tech 3342, of the loop repeated to at least 12 s."""
    repeated = np.tile(signal, -(-_LOUDNESS_RANGE_S * sample_rate // signal.size))
    return float(pyloudnorm.Meter(sample_rate).loudness_range(repeated.astype(np.float64)))


def mean_mfcc(signal: np.ndarray, *, sample_rate: int) -> np.ndarray:
    """Return the mean MFCCs at -23 LUFS, shape (13,): features of timbre, not of level."""
    gain = 10 ** ((-23 - loudness_lufs(signal, sample_rate=sample_rate)) / 20)
    mfcc = librosa.feature.mfcc(y=signal * np.float32(gain), sr=sample_rate, n_mfcc=_MFCCS)
    return mfcc.mean(axis=1)


def _judge(
    loops: Sequence[Example],
    number: int,
    *,
    options: ExampleOptions,
    preset: np.ndarray,
    constant: np.ndarray,
    model: MatchModel,
) -> tuple[np.ndarray, ...]:
    """Return, with a row per reference of a loop, what the model and the search find.

    They are the columns of `Found`, the settings of the search, the true settings, the score of the
    uncompressed reference, whether the compression is audible, and the distances, shape
    (references, ways, distances).
    """
    loop, sample_rate = loops[number], options.sample_rate
    features = partial(dynamics, sample_rate=sample_rate)
    random = seeded("match references", number, seed=options.seed)
    others = random.permutation(np.delete(np.arange(len(loops)), number))[:_REFERENCES]
    references, truth, audible = [], [], []
    for other in (loops[number] for number in others):
        own = other.settings[[random.integers(len(other.settings))]]
        references.append(compress(other.signal, as_settings(own), sample_rate=sample_rate)[0])
        truth.append(relative(own[0], other.loudness))
        reduction = max_gain_reduction_db(other.signal, as_settings(own), sample_rate=sample_rate)
        audible.append(reduction[0] >= AUDIBLE_DB)
    of_loop = np.tile(features(loop.signal), (len(others), 1))
    of_references = np.stack([features(reference) for reference in references])
    found = model.estimate(of_loop, of_references)
    uncompressed = np.stack([features(loops[other].signal) for other in others])
    dry_score = model.estimate(of_loop, uncompressed).score
    candidates = draw_settings(loop.signal, _CANDIDATES, random)
    searched = closest_settings(
        loop.signal,
        of_references,
        relative(candidates, loop.loudness),
        loudness=loop.loudness,
        sample_rate=sample_rate,
        model=model,
    )
    of_sound = partial(PerceptualFeatures.of, sample_rate=sample_rate)
    wanted, by_model, by_search, fixed = (
        [of_sound(clip) for clip in _applied(loop, settings, sample_rate)]
        for settings in (np.stack(truth), found.value, searched, np.stack([constant, preset]))
    )
    count = len(others)
    outputs = [
        by_model,
        [of_sound(loop.signal)] * count,
        *([one] * count for one in fixed),
        by_search,
        wanted,
    ]
    judged = [of_sound(reference) for reference in references]
    distances = [
        [_distances(*compared) for compared in zip(way, wanted, judged, strict=True)]
        for way in outputs
    ]
    columns = np.column_stack([*found[:3], found.score])
    return (
        columns,
        searched,
        np.stack(truth),
        dry_score,
        np.array(audible),
        np.moveaxis(np.array(distances), 0, 1),
    )


def _distances(
    output: PerceptualFeatures, wanted: PerceptualFeatures, reference: PerceptualFeatures
) -> list[float]:
    """Return the distances in the order of `_DISTANCES`."""
    return [
        gain_curve_difference_db(output.levels_db, wanted.levels_db),
        abs(output.crest_factor_db - wanted.crest_factor_db),
        abs(output.crest_factor_db - reference.crest_factor_db),
        abs(output.loudness_range_lu - reference.loudness_range_lu),
        float(np.linalg.norm(output.mfcc - reference.mfcc)),
    ]


def _applied(loop: Example, settings: np.ndarray, sample_rate: int) -> np.ndarray:
    """Compress a loop under settings (n, 4) whose thresholds are relative to its loudness."""
    settings = relative(settings, -loop.loudness)
    settings[:, 0] = np.minimum(settings[:, 0], 0.0)  # the compressor's highest threshold
    return compress(loop.signal, as_settings(settings), sample_rate=sample_rate)


def _preset_differences(
    material: str, loops: Sequence[Example], number: int, *, options: ExampleOptions
) -> np.ndarray:
    """Return the mean difference of every preset to the settings of other loops."""
    random = seeded(f"match preset {material}", number, seed=options.seed)
    wanted = []
    for other in random.integers(len(loops), size=_PRESET_REFERENCES):
        example = loops[other]
        chosen = random.integers(len(example.settings))
        wanted.append(relative(example.settings[chosen], example.loudness))
    targets, outputs = (
        [levels_db(clip) for clip in _applied(loops[number], settings, options.sample_rate)]
        for settings in (np.stack(wanted), _PRESETS)
    )
    return np.array(
        [
            np.mean([gain_curve_difference_db(output, target) for target in targets])
            for output in outputs
        ]
    )
