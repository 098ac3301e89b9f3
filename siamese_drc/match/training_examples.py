"""Training examples of the learnt model: composed loops, varied, compressed and described.

The composers use one library of clean sounds. What a user loads was mixed, equalised and
compressed before. Every loop therefore passes a random chain of production first (another speed,
equalisation, reverberation, compression ...): what varies at random in training is not relied on
(domain randomisation; Tobin et al., 2017).

References
----------
J. Tobin, R. Fong, A. Ray, J. Schneider, W. Zaremba and P. Abbeel, "Domain randomization for
transferring deep neural networks from simulation to the real world", IROS 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from siamese_drc.compressor.compressor import compress, max_gain_reduction_db
from siamese_drc.compressor.settings import Settings
from siamese_drc.core.parallel import parallel_map
from siamese_drc.loops.composers import compose, seeded
from siamese_drc.loops.rendering import render
from siamese_drc.match.dynamics import dynamics, loudness_lufs, relative

# Half of the settings are drawn uniformly from these ranges; the threshold in dB below the loop's
# peak, so that from hardly a transient to nearly all of the loop is compressed.
_SETTING_BELOW_PEAK_DB = (3.0, 40.0)
_SETTING_INVERSE_RATIO = (0.05, 1.0)
_SETTING_ATTACK_MS = (1.0, 100.0)  # on a log scale, as the releases
_SETTING_RELEASE_MS = (10.0, 1000.0)
# The others are as engineers set compressors in mixing: log-normal around the medians of a
# published study, with spreads (standard deviations of the logarithms) that are an assumption.
_MIXING_BELOW_PEAK_DB = (3.0, 30.0)
_MIXING_RATIO_ABOVE_1 = (3.3 - 1, 0.75)
_MIXING_ATTACK_MS = (1.2, 1.5)
_MIXING_RELEASE_MS = (118.0, 1.0)
# What a production draws.
_SPEEDS = (0.7, 1.4)
_LAYER_DB = (-20.0, 0.0)
_TONE_HZ = np.geomspace(40, 16000, 7)
_TONE_DB = 8.0  # standard deviation of the gains at these frequencies
_ENVELOPE_S = (0.003, 0.1)
_POWERS = (-0.4, 0.5)  # of the envelope: notes become longer below 0, shorter above
_LOWEST_POWER = 1e-6  # of the envelope: what is quieter is not turned up further
_DECAY_S = (0.08, 1.2)  # by 60 dB
_REVERB_DB = (-30.0, -3.0)
_THRESHOLD_DB = (-30.0, -6.0)
_INVERSE_RATIO = (0.2, 0.8)
_ATTACK_MS = (0.5, 50.0)
_RELEASE_MS = (20.0, 500.0)
_DRIVE_DB = (-6.0, 12.0)
_NOISE_DB = (-90.0, -45.0)


@dataclass(frozen=True)
class ExampleOptions:
    """How examples are made: length of the loops (s), settings of each, seed and rate (Hz)."""

    clip_seconds: float
    settings: int
    seed: int
    sample_rate: int


@dataclass(frozen=True)
class Example:
    """A dry loop, shape (samples,), and settings under which to compress it.

    The settings, shape (n, 4), have the threshold in dBFS; `loudness` is the loop's, in LUFS.
    """

    signal: np.ndarray
    settings: np.ndarray
    loudness: float

    @classmethod
    def drawn(
        cls, signal: np.ndarray, random: np.random.Generator, options: ExampleOptions
    ) -> Example:
        """Return a loop with settings drawn for it."""
        loudness = loudness_lufs(signal, sample_rate=options.sample_rate)
        return cls(signal, draw_settings(signal, options.settings, random), loudness)


def make_examples(
    materials: Sequence[str], options: ExampleOptions, *, loops: int, calibration_loops: int
) -> dict[str, Any]:
    """Return the examples that the model is trained and calibrated on: arrays with a row per loop.

    `material` and `part` (0: training, 1: calibration); the dynamics of the loop in one production,
    `dry` (loops, features), and of the same under each of its settings, `compressed` (loops,
    settings, features); `settings` (loops, settings, 4), the threshold in dB above the loudness of
    the loop; and `reduction_db` (loops, settings), the largest gain reduction.
    """
    jobs = [(material, loop) for material in materials for loop in range(loops + calibration_loops)]
    found = parallel_map(partial(_describe, options=options), jobs, description="match examples")
    return {
        "material": np.array([materials.index(material) for material, _ in jobs]),
        "part": np.array([int(loop >= loops) for _, loop in jobs]),
        **{name: np.stack([row[name] for row in found]) for name in found[0]},
    }


def compose_example(material: str, number: int, options: ExampleOptions) -> Example:
    """Compose loop `number` of a material and draw its settings.

    The loops differ from those of the pipeline's corpora: their random numbers are another stream.
    """
    random = seeded(f"match settings {material}", number, seed=options.seed)
    return Example.drawn(_composed(material, number, options), random, options)


def compose_examples(
    material: str, numbers: Sequence[int], options: ExampleOptions
) -> list[Example]:
    """Return several loops of a material as `compose_example` makes them, in parallel."""
    make = partial(compose_example, material, options=options)
    return parallel_map(make, numbers, description=f"match loops {material}")


def draw_settings(signal: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Return settings drawn for a signal, shape (count, 4): dBFS, ratio, ms, ms.

    The first half has thresholds uniform below the peak, 1/R uniform, and times uniform on a log
    scale; the others are as in mixing.

    Examples
    --------
    >>> draw_settings(np.ones(100), 2, np.random.default_rng(0)).round(1)
    array([[-26.6,   3.3,   1.2,  10.8],
           [-25. ,   4. ,   8.5, 304.2]])
    """
    uniform, mixing = count - count // 2, count // 2
    peak_db = 20 * np.log10(np.abs(signal).max())
    columns = [
        peak_db - random.uniform(*_SETTING_BELOW_PEAK_DB, uniform),
        1 / random.uniform(*_SETTING_INVERSE_RATIO, uniform),
        _log_uniform(random, _SETTING_ATTACK_MS, uniform),
        _log_uniform(random, _SETTING_RELEASE_MS, uniform),
    ]
    in_mixing = [
        peak_db - random.uniform(*_MIXING_BELOW_PEAK_DB, mixing),
        1 + _log_normal(random, *_MIXING_RATIO_ABOVE_1, mixing),
        _log_normal(random, *_MIXING_ATTACK_MS, mixing),
        _log_normal(random, *_MIXING_RELEASE_MS, mixing),
    ]
    return np.concatenate([np.stack(columns, axis=1), np.stack(in_mixing, axis=1)])


def _log_normal(random: np.random.Generator, median: float, spread: float, count: int) -> Any:
    return median * np.exp(random.normal(0, spread, count))


def _composed(material: str, number: int, options: ExampleOptions) -> np.ndarray:
    score = compose(material, number, seed=options.seed, stream=f"match {material}")
    samples = round(options.clip_seconds * options.sample_rate)
    return render(score, samples=samples, sample_rate=options.sample_rate)


def _describe(job: tuple[str, int], *, options: ExampleOptions) -> dict[str, np.ndarray]:
    material, loop = job
    random = seeded(f"match productions {material}", loop, seed=options.seed)
    clip = _composed(material, loop, options)
    return describe(produced(clip, random, sample_rate=options.sample_rate), random, options)


def describe(
    clip: np.ndarray, random: np.random.Generator, options: ExampleOptions
) -> dict[str, np.ndarray]:
    """Return a clip's row in `make_examples`, under settings drawn for it."""
    rate = options.sample_rate
    drawn = draw_settings(clip, options.settings, random)
    settings = Settings(*drawn.T)
    clips = compress(clip, settings, sample_rate=rate)
    return {
        "dry": dynamics(clip, sample_rate=rate),
        "compressed": np.stack([dynamics(one, sample_rate=rate) for one in clips]),
        "settings": relative(drawn, loudness_lufs(clip, sample_rate=rate)),
        "reduction_db": max_gain_reduction_db(clip, settings, sample_rate=rate),
    }


def produced(signal: np.ndarray, random: np.random.Generator, *, sample_rate: int) -> np.ndarray:
    """Return a loop, not silent, after a random chain of production: float32, peak 1.0."""
    for chance, step in _CHAIN:
        if random.random() < chance:
            signal = step(signal, random, sample_rate)
            signal = signal / np.abs(signal).max()
    return signal.astype(np.float32)


def _faster(signal: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Play at another speed, and repeat or cut to the old length."""
    import soxr

    speed = _log_uniform(random, _SPEEDS)
    return np.resize(soxr.resample(signal, speed * sample_rate, sample_rate, "MQ"), signal.size)


def _layered(signal: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Add the loop at another speed, equalised, and started at another place."""
    other = _toned(_faster(signal, random, sample_rate), random, sample_rate)
    other = np.roll(other, random.integers(other.size))
    return signal + _amplitude(random.uniform(*_LAYER_DB)) * other / np.abs(other).max()


def _toned(signal: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Equalise: gains at some frequencies, interpolated between them on a log scale."""
    gains_db = random.normal(0, _TONE_DB, _TONE_HZ.size)
    hertz = np.fft.rfftfreq(signal.size, 1 / sample_rate)
    gains_db = np.interp(np.log(np.maximum(hertz, 1)), np.log(_TONE_HZ), gains_db)
    return np.fft.irfft(np.fft.rfft(signal) * 10 ** (gains_db / 20), signal.size)


def _shaped(signal: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Multiply by a power of the envelope: hits stand out more, or less."""
    from scipy.ndimage import uniform_filter1d

    size = max(round(_log_uniform(random, _ENVELOPE_S) * sample_rate), 1)
    power = uniform_filter1d(np.square(signal, dtype=np.float64), size, mode="wrap")
    envelope = np.maximum(power / power.max(), _LOWEST_POWER)
    return signal * envelope ** (random.uniform(*_POWERS) / 2)


def _reverberant(signal: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Add a tail of decaying noise."""
    from scipy.signal import fftconvolve

    decay_s = _log_uniform(random, _DECAY_S)
    seconds = np.arange(round(decay_s * sample_rate)) / sample_rate
    response = random.standard_normal(seconds.size) * _amplitude(-60) ** (seconds / decay_s)
    response *= _amplitude(random.uniform(*_REVERB_DB)) / np.sqrt(np.sum(response**2))
    return signal + fftconvolve(signal, response)[: signal.size]


def _compressed(signal: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Compress under moderate settings; the model is to find those of the last compressor."""
    settings = Settings(
        threshold_db=[random.uniform(*_THRESHOLD_DB)],
        ratio=[1 / random.uniform(*_INVERSE_RATIO)],
        attack_ms=[_log_uniform(random, _ATTACK_MS)],
        release_ms=[_log_uniform(random, _RELEASE_MS)],
    )
    return compress(signal, settings, sample_rate=sample_rate)[0]


def _saturated(signal: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Round the peaks, as tape and valves do."""
    return np.tanh(_amplitude(random.uniform(*_DRIVE_DB)) * signal)


def _noisy(signal: np.ndarray, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Add white noise."""
    level = _amplitude(random.uniform(*_NOISE_DB))
    return signal + level * random.standard_normal(signal.size)


def _log_uniform(
    random: np.random.Generator, ends: tuple[float, float], count: int | None = None
) -> Any:
    low, high = np.log(ends)
    return np.exp(random.uniform(low, high, count))


def _amplitude(db: float) -> float:
    return float(10 ** (db / 20))


# How often a production has each step, in their order.
_CHAIN = (
    (1.0, _faster),
    (0.3, _layered),
    (0.8, _toned),
    (0.6, _shaped),
    (0.5, _reverberant),
    (0.5, _compressed),
    (0.4, _saturated),
    (0.5, _noisy),
)
