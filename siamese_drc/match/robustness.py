"""How well `same_performance` finds settings after common processing of the reference."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import soundfile

from siamese_drc.audio import FULL_SCALE, quantise
from siamese_drc.compressor.compressor import compress
from siamese_drc.compressor.settings import PARAMETERS, Settings
from siamese_drc.core.parallel import parallel_map
from siamese_drc.match.answer import SAME_PERFORMANCE
from siamese_drc.match.dynamics import as_settings
from siamese_drc.match.same_performance import same_performance
from siamese_drc.match.training_examples import Example

Variant = Callable[[np.ndarray, int], np.ndarray]
"""Processing of a clip, shape (samples,), at a sample rate in Hz."""
Compressor = Callable[..., np.ndarray]
"""Called with a loop, one row of `Settings` and `sample_rate=`; returns the compressed loop."""

RMS_DETECTOR = "RMS detector"
_SHIFT_SECONDS = 0.01
_QUIETER = np.float32(10 ** (-6 / 20))
_OTHER_RATE = 48000
# Of libsndfile, from 0 (largest file) to 1: on rendered drum loops of 4 s at 44.1 kHz they give
# MP3 files of 130 kbit/s, and Ogg files of between 111 and 144.
_MP3_LEVEL = 0.65
_OGG_LEVEL = 0.25


def as_24_bits(clip: np.ndarray, sample_rate: int) -> np.ndarray:
    """Round to 24 bits."""
    return ((quantise(clip) >> 8) / FULL_SCALE).astype(np.float32)


def as_16_bits(clip: np.ndarray, sample_rate: int) -> np.ndarray:
    """Round to 16 bits, without dither."""
    steps = np.clip(np.rint(clip * 2**15), -(2**15), 2**15 - 1)
    return (steps / 2**15).astype(np.float32)


def quieter(clip: np.ndarray, sample_rate: int) -> np.ndarray:
    """Turn down by 6 dB."""
    return as_24_bits(clip * _QUIETER, sample_rate)


def later(clip: np.ndarray, sample_rate: int) -> np.ndarray:
    """Put 10 ms of silence in front."""
    silence = np.zeros(round(_SHIFT_SECONDS * sample_rate), np.float32)
    return as_24_bits(np.concatenate([silence, clip]), sample_rate)


def resampled(clip: np.ndarray, sample_rate: int) -> np.ndarray:
    """Resample to 48 kHz, round, and resample back."""
    import soxr

    there = as_24_bits(soxr.resample(clip, sample_rate, _OTHER_RATE), sample_rate)
    return as_24_bits(soxr.resample(there, _OTHER_RATE, sample_rate), sample_rate)


def _coded(
    clip: np.ndarray, rate: int, kind: str, subtype: str, level: float, mode: str | None = None
) -> np.ndarray:
    """Code and decode."""
    memory = io.BytesIO()
    options = {"compression_level": level, "bitrate_mode": mode}
    with soundfile.SoundFile(memory, "w", rate, 1, subtype=subtype, format=kind, **options) as file:
        file.write(clip)
    memory.seek(0)
    return soundfile.read(memory, dtype="float32")[0]


# MP3 of a constant bit rate, and Ogg Vorbis of the quality nearest to it.
mp3 = partial(_coded, kind="MP3", subtype="MPEG_LAYER_III", level=_MP3_LEVEL, mode="CONSTANT")
ogg = partial(_coded, kind="OGG", subtype="VORBIS", level=_OGG_LEVEL)
VARIANTS: dict[str, Variant] = {
    "24 bit": as_24_bits,
    "16 bit": as_16_bits,
    "-6 dB": quieter,
    "10 ms later": later,
    "to 48 kHz and back": resampled,
    "MP3, 128 kbit/s": mp3,
    "Ogg, 128 kbit/s": ogg,
}


def same_performance_errors(
    examples: Sequence[Example],
    *,
    sample_rate: int,
    compressors: Mapping[str, Compressor] | None = None,
) -> dict[str, dict[str, dict[str, float]]]:
    """Return how well settings are found, by what happened to the reference.

    Parameters
    ----------
    examples : sequence of Example
        Each is compressed under its first setting.
    sample_rate : int, Hz
    compressors : mapping of str to callable, optional
        Other compressors, by the names of their variants; their settings are to be those of this
        project's compressor.

    Returns
    -------
    dict
        By variant and parameter: `median_error`, the median absolute error in the parameter's unit
        of the clips with an answer; `solved`, the share of these; and `n`, the number of clips.
    """
    found = parallel_map(
        partial(_outcomes_of, sample_rate=sample_rate, compressors=compressors),
        examples,
        description="match robustness",
    )
    summary = {}
    for variant in found[0]:
        errors = np.stack([of_clip[variant][0] for of_clip in found])
        solved = np.isfinite(errors)
        summary[variant] = {
            name: {
                "median_error": float(np.median(errors[solved[:, number], number]))
                if solved[:, number].any()
                else float("nan"),
                "solved": float(solved[:, number].mean()),
                "n": len(errors),
            }
            for number, name in enumerate(PARAMETERS)
        }
    return summary


def robustness(
    loop: np.ndarray,
    setting: Settings,
    *,
    sample_rate: int,
    compressors: Mapping[str, Compressor] | None = None,
) -> dict[str, np.ndarray]:
    """Compress a loop, process the result in every way and find the settings again.

    Parameters
    ----------
    loop : ndarray, shape (samples,), float32, full scale 1.0
    setting : Settings, one row
    sample_rate : int, Hz
    compressors : mapping of str to callable, optional
        As for `same_performance_errors`.

    Returns
    -------
    dict of str to ndarray, shape (2, 4)
        By variant: the absolute error of each parameter, in its unit, and whether its interval
        contains the true value (1 or 0). NaN where there is no answer of the same performance.
    """
    clip = compress(loop, setting, sample_rate=sample_rate)[0]
    references = {name: change(clip, sample_rate) for name, change in VARIANTS.items()}
    by_rms = compress(loop, setting, sample_rate=sample_rate, detector="rms")[0]
    references[RMS_DETECTOR] = as_24_bits(by_rms, sample_rate)
    for name, compressor in (compressors or {}).items():
        other = compressor(loop, setting, sample_rate=sample_rate)
        references[name] = as_24_bits(other, sample_rate)
    true = {name: float(getattr(setting, name)[0]) for name in PARAMETERS}
    return {
        name: _outcome(loop, reference, true, sample_rate) for name, reference in references.items()
    }


def _outcomes_of(
    example: Example, *, sample_rate: int, compressors: Mapping[str, Compressor] | None
) -> dict[str, np.ndarray]:
    setting = as_settings(example.settings[:1])
    return robustness(example.signal, setting, sample_rate=sample_rate, compressors=compressors)


def _outcome(
    loop: np.ndarray, reference: np.ndarray, true: Mapping[str, float], sample_rate: int
) -> np.ndarray:
    answer = same_performance(loop, reference, sample_rate=sample_rate)
    if answer is None or answer.situation != SAME_PERFORMANCE:
        return np.full((2, len(true)), np.nan)
    found = [(answer.settings[name], value) for name, value in true.items()]
    errors = [abs(one.value - value) for one, value in found]
    inside = [one.low <= value <= one.high for one, value in found]
    return np.array([errors, inside], float)
