"""How good `match` is where references are other recordings: errors, and perceptual metrics.

The learnt model is compared with a search that needs no training of the settings: candidates are
drawn from the same ranges; the loop is compressed under each, and the settings are the mean of
those under which its dynamics come closest to the reference's (approximate Bayesian computation by
nearest neighbours).

References
----------
M. A. Beaumont, W. Zhang and D. J. Balding, "Approximate Bayesian computation in population
genetics", Genetics 162, 2002.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import librosa
import librosa.feature.spectral  # compiles now: two workers at once would corrupt Numba's cache
import numpy as np
import pyloudnorm
from scipy.stats import spearmanr
from sklearn.metrics import r2_score

from siamese_drc.compressor.compressor import compress, max_gain_reduction_db
from siamese_drc.compressor.settings import PARAMETERS, Settings
from siamese_drc.core.parallel import parallel_map
from siamese_drc.loops.composers import seeded
from siamese_drc.match.dynamics import absolute, dynamics, frames, loudness_lufs, relative
from siamese_drc.match.model import AUDIBLE_DB, MatchModel, restored, scaled
from siamese_drc.match.training_examples import Example, ExampleOptions, draw_settings

_REFERENCES = 8  # for each loop
_CANDIDATES = 64  # settings of the search
_NEAREST = 8  # of these, whose mean is taken
_WAYS = ("match", "nothing", "constant", "preset", "search", "reference's own")
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

# What is found for one loop and its references: columns, and distances by way and reference
Judged = tuple[tuple[np.ndarray, ...], list[dict[str, dict[str, float]]]]


def judge_references(
    loops: Sequence[Example],
    options: ExampleOptions,
    *,
    preset: np.ndarray,
    constant: np.ndarray,
    model: MatchModel,
) -> list[Judged]:
    """Let the model estimate settings for each loop from references that are other recordings.

    Every loop is given references: other loops, each under one of its settings. `preset` and
    `constant`, shape (4,), are from `best_preset` and `median_settings`.
    """
    judged = partial(_judge, loops, options=options, preset=preset, constant=constant, model=model)
    return parallel_map(judged, range(len(loops)), description="match unseen loops")


def gain_errors_db(judged: Sequence[Judged], way: str) -> np.ndarray:
    """Return the mean distance of the gain curve of each loop, for a way of setting, dB."""
    return np.array(
        [np.mean([one[way]["gain_curve_db"] for one in of_loop]) for _, of_loop in judged]
    )


def another_recording_errors(judged: Sequence[Judged], model: MatchModel) -> dict[str, Any]:
    """Return errors and distances of what `judge_references` found with the same model.

    `settings` and `search`: by parameter, mean absolute error, Spearman's correlation and R2 (of
    the scaled settings), of the model and of `closest_settings`; for the model also the share
    inside the interval and its median width, relative to the interval of the same coverage of the
    settings themselves. `distances`: means by distance and by way of setting the compressor.
    `refused`: share of the uncompressed and of the audibly compressed references that the model
    takes for uncompressed.
    """
    value, low, high, score, searched, truth, dry_score, audible = (
        np.concatenate(parts) for parts in zip(*(columns for columns, _ in judged), strict=True)
    )
    tail = (1 - model.coverage) / 2
    prior = np.ptp(np.quantile(scaled(truth), [tail, 1 - tail], axis=0), axis=0)
    width = np.median(np.abs(scaled(high) - scaled(low)), axis=0) / prior
    inside = np.mean((low <= truth) & (truth <= high), axis=0)
    distances = [one for _, of_loop in judged for one in of_loop]
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
            distance: {
                way: float(np.mean([one[way][distance] for one in distances])) for way in _WAYS
            }
            for distance in distances[0][_WAYS[0]]
        },
    }


def _errors(value: np.ndarray, truth: np.ndarray) -> dict[str, dict[str, float]]:
    """Return the errors of settings, shape (rows, 4), by parameter."""
    found, wanted = scaled(value), scaled(truth)
    r2 = r2_score(wanted, found, multioutput="raw_values")
    return {
        name: {
            "mae": float(np.abs(value - truth)[:, number].mean()),
            "spearman": float(spearmanr(found[:, number], wanted[:, number])[0]),
            "r2": float(r2[number]),
            "n": len(truth),
        }
        for number, name in enumerate(PARAMETERS)
    }


def _judge(
    loops: Sequence[Example],
    number: int,
    *,
    options: ExampleOptions,
    preset: np.ndarray,
    constant: np.ndarray,
    model: MatchModel,
) -> Judged:
    """Return what the model and the search find, with a row per reference of a loop.

    First the columns: those of `Parts`, the settings of the search, the true settings, the score of
    the uncompressed reference, and whether the compression is audible; then for each reference the
    distances by way of setting the compressor.
    """
    loop, rate = loops[number], options.sample_rate
    random = seeded("match references", number, seed=options.seed)
    others = random.permutation(np.delete(np.arange(len(loops)), number))[:_REFERENCES]
    references, truth, audible = [], [], []
    for other in (loops[number] for number in others):
        own = other.settings[random.integers(len(other.settings))]
        references.append(compress(other.signal, Settings(*own), sample_rate=rate)[0])
        truth.append(relative(own, other.loudness))
        reduction = max_gain_reduction_db(other.signal, Settings(*own), sample_rate=rate)
        audible.append(reduction[0] >= AUDIBLE_DB)
    of_loop, of_references, uncompressed = (
        np.stack([dynamics(signal, sample_rate=rate) for signal in signals])
        for signals in ([loop.signal], references, [loops[other].signal for other in others])
    )
    of_loop = np.tile(of_loop, (len(others), 1))
    found = model.estimate(of_loop, of_references)
    dry_score = model.estimate(of_loop, uncompressed).score
    candidates = relative(draw_settings(loop.signal, _CANDIDATES, random), loop.loudness)
    searched = closest_settings(loop, of_references, candidates, sample_rate=rate, model=model)
    of_sound = partial(PerceptualFeatures.of, sample_rate=rate)
    wanted, by_model, by_search, fixed = (
        [of_sound(clip) for clip in applied(loop, settings, sample_rate=rate)]
        for settings in (np.stack(truth), found.value, searched, np.stack([constant, preset]))
    )
    unchanged = of_sound(loop.signal)
    distances = []
    for row, reference in enumerate(references):
        outputs = (by_model[row], unchanged, *fixed, by_search[row], wanted[row])
        judged = of_sound(reference)
        distances.append(
            {
                way: _distances(output, wanted[row], judged)
                for way, output in zip(_WAYS, outputs, strict=True)
            }
        )
    return (*found, searched, np.stack(truth), dry_score, np.array(audible)), distances


def closest_settings(
    loop: Example,
    references: np.ndarray,
    candidates: np.ndarray,
    *,
    sample_rate: int,
    model: MatchModel,
) -> np.ndarray:
    """Return the settings (references, 4) under which a loop comes closest to given dynamics.

    `references`, shape (references, features), are `dynamics`, which are compared as the model
    scales them. The settings to try are `candidates`, shape (candidates, 4); their thresholds and
    those of the result are in dB above the loudness of the loop.
    """
    clips = applied(loop, candidates, sample_rate=sample_rate)
    of_clips = np.stack([dynamics(clip, sample_rate=sample_rate) for clip in clips])
    tried, wanted = map(model.network.standardised, (of_clips, references))
    distances = np.square(tried - wanted[:, np.newaxis]).sum(axis=-1)
    nearest = np.argsort(distances, axis=1)[:, :_NEAREST]
    return restored(scaled(candidates)[nearest].mean(axis=1))


def applied(loop: Example, settings: np.ndarray, *, sample_rate: int) -> np.ndarray:
    """Return a loop under settings (n, 4) whose thresholds are relative to its loudness."""
    rows = absolute(settings, loop.loudness)
    return compress(loop.signal, Settings(*rows.T), sample_rate=sample_rate)


def median_settings(loops: Sequence[Example]) -> np.ndarray:
    """Return the median of the loops' settings, shape (4,), the threshold above the loudness."""
    return np.median(
        np.concatenate([relative(one.settings, one.loudness) for one in loops]), axis=0
    )


def best_preset(material: str, loops: Sequence[Example], options: ExampleOptions) -> np.ndarray:
    """Return the fixed settings with the lowest mean difference of gain curves on training loops.

    The gain of a loop under a preset is compared with its gain under the settings of other loops.
    The settings have the shape (4,), the threshold in dB above the loop's loudness.
    """
    compared = partial(_preset_differences, material, loops, options=options)
    differences = parallel_map(compared, range(len(loops)), description="match preset")
    return _PRESETS[np.mean(differences, axis=0).argmin()]


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
        [levels_db(clip) for clip in applied(loops[number], rows, sample_rate=options.sample_rate)]
        for rows in (np.stack(wanted), _PRESETS)
    )
    compared = [[gain_curve_difference_db(one, other) for other in targets] for one in outputs]
    return np.mean(compared, axis=1)


class PerceptualFeatures(NamedTuple):
    """What is compared of two signals."""

    levels_db: np.ndarray
    crest_factor_db: float
    loudness_range_lu: float
    mfcc: np.ndarray

    @classmethod
    def of(cls, signal: np.ndarray, *, sample_rate: int) -> PerceptualFeatures:
        """Measure a signal, shape (samples,), full scale 1.0, by the functions of these names."""
        return cls(
            levels_db(signal),
            crest_factor_db(signal),
            loudness_range_lu(signal, sample_rate=sample_rate),
            mean_mfcc(signal, sample_rate=sample_rate),
        )


def levels_db(signal: np.ndarray) -> np.ndarray:
    """Return the level of every frame of 64 samples, dB, shape (frames,)."""
    return 10 * np.log10(np.square(frames(signal, _FRAME)).mean(axis=-1) + _SILENCE)


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


def _distances(
    output: PerceptualFeatures, wanted: PerceptualFeatures, reference: PerceptualFeatures
) -> dict[str, float]:
    """Return distances to the loop under the reference's own settings, and to the reference."""
    crest_factor, loudness_range = output.crest_factor_db, output.loudness_range_lu
    return {
        "gain_curve_db": gain_curve_difference_db(output.levels_db, wanted.levels_db),
        "crest_factor_db": abs(crest_factor - wanted.crest_factor_db),
        "reference_crest_factor_db": abs(crest_factor - reference.crest_factor_db),
        "reference_loudness_range_lu": abs(loudness_range - reference.loudness_range_lu),
        "reference_mfcc": float(np.linalg.norm(output.mfcc - reference.mfcc)),
    }
