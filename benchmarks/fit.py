"""How exact the fit of the same performance is: errors, coverage and width of the intervals.

Loops are cut from the recordings in the folder $RECORDINGS or, without it, composed. Each situation
compresses every loop under settings of its own; the reference is stored in 24 bits.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import pedalboard
import soundfile

from benchmarks.measuring import rendered_loops
from experiments.results import markdown_table
from siamese_drc.audio import open_sound
from siamese_drc.compressor.compressor import compress
from siamese_drc.compressor.settings import PARAMETERS, Settings
from siamese_drc.core.ffmpeg import Coding
from siamese_drc.inputs.changes import write_mp3
from siamese_drc.loops.recordings import import_loops
from siamese_drc.match.alignment import align
from siamese_drc.match.families import FamilyCompressor
from siamese_drc.match.pair_fit import fit_pair
from siamese_drc.match.sound import read_part, resampled
from tests.coded_files import write_by_ffmpeg
from tests.export.programs import by_ffmpeg
from tests.match.references import as_16_bits, as_24_bits

SAMPLE_RATE = 44100
SECONDS = 4.0
LOOPS = 12
MATERIALS = ("drum", "guitar", "mix")
UNITS = {"threshold_db": "threshold, dB", "ratio": "ratio", "attack_ms": "attack, ms"}
UNITS["release_ms"] = "release, ms"
_AAC_DELAY = 1024  # samples of FFmpeg's coder


class Pair(NamedTuple):
    """A loop and a reference, shape (channels, samples), and what its file says of its coding."""

    loop: np.ndarray
    reference: np.ndarray
    coding: Coding | None = None


Situation = Callable[[np.ndarray, np.ndarray, dict[str, float]], Pair]
"""From two loops and settings to a pair."""


def compressed(loop: np.ndarray, settings: dict[str, float], **options: Any) -> np.ndarray:
    """Compress one channel."""
    one = Settings(*(settings[name] for name in PARAMETERS))
    return compress(loop, one, sample_rate=SAMPLE_RATE, **options)[0]


def from_rest(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Keep the whole loop."""
    return Pair(loop[None], compressed(loop, settings)[None])


def in_16_bits(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Round to 16 bits."""
    return Pair(loop[None], as_16_bits(compressed(loop, settings))[None])


def from_the_middle(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Cut the first quarter off."""
    start = loop.size // 4
    return Pair(loop[None, start:], compressed(loop, settings)[None, start:])


def limited(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Limit the peaks by 4 dB, fast."""
    clip = compressed(loop, settings)
    ceiling = 20 * np.log10(np.abs(clip).max()) - 4
    limiter = {"threshold_db": ceiling, "ratio": 100.0, "attack_ms": 0.05, "release_ms": 50.0}
    return Pair(loop[None], compressed(clip, limiter)[None])


def limited_middle(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Limit, and cut the first quarter off."""
    dry, wet, _ = limited(loop, other, settings)
    start = loop.size // 4
    return Pair(dry[:, start:], wet[:, start:])


def limited_by_juce(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Limit the peaks by 4 dB with pedalboard's limiter."""
    clip = compressed(loop, settings)
    ceiling = 20 * np.log10(np.abs(clip).max()) - 4
    limiter = pedalboard.Limiter(threshold_db=float(ceiling), release_ms=50.0)
    return Pair(loop[None], limiter(clip[None], SAMPLE_RATE))


def limited_ahead(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Limit the peaks by 4 dB with FFmpeg's limiter, which looks 5 ms ahead."""
    clip = compressed(loop, settings)
    ceiling = np.abs(clip).max() * 10 ** (-4 / 20)
    line = f"alimiter=limit={ceiling}:attack=5:release=50:level=disabled:latency=1"
    limited = by_ffmpeg(clip[None], line, SAMPLE_RATE)[:, : loop.size]
    return Pair(loop[None], np.pad(limited, ((0, 0), (0, loop.size - limited.shape[1]))))


def clipped(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Clip the peaks at -2 dB."""
    clip = compressed(loop, settings)
    return Pair(
        loop[None], np.clip(clip, -0.8 * np.abs(clip).max(), 0.8 * np.abs(clip).max())[None]
    )


def soft_knee(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Compress with a knee of 9 dB."""
    return Pair(loop[None], compressed(loop, settings, knee_db=9.0)[None])


def louder_channel(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Link two channels by the maximum."""
    stereo = np.stack([loop, 0.6 * other])
    whole = FamilyCompressor(
        settings | {"makeup_db": 0.0}, sample_rate=SAMPLE_RATE, link="maximum", channels=2
    )
    return Pair(stereo, whole.process(stereo).signal)


def unlinked(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Compress two channels, each for itself."""
    stereo = np.stack([loop, 0.6 * other])
    return Pair(stereo, np.stack([compressed(channel, settings) for channel in stereo]))


def quiet(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Turn down to a peak near -50 dBFS."""
    return Pair(loop[None], compressed(loop, settings, makeup_db=-50.0)[None])


def coded(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Code as MP3 of 128 kbit/s."""
    return Pair(loop[None], *as_mp3(compressed(loop, settings), level=0.65))


def coded_low(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Code as MP3 of 64 kbit/s."""
    return Pair(loop[None], *as_mp3(compressed(loop, settings), level=0.88))


def limited_and_coded(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Limit the peaks by 4 dB, and code as MP3 of 64 kbit/s."""
    dry, wet, _ = limited(loop, other, settings)
    return Pair(dry, *as_mp3(wet[0], level=0.88))


def aac(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Code as AAC at the bit rate that FFmpeg takes if none is stated."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "reference.m4a"
        write_by_ffmpeg(file, compressed(loop, settings)[:, None], "aac")
        return Pair(loop[None], *_read(file, _AAC_DELAY, loop.size))


def ogg(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Code as Ogg Vorbis of about 128 kbit/s."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "reference.ogg"
        soundfile.write(file, compressed(loop, settings), SAMPLE_RATE, compression_level=0.25)
        return Pair(loop[None], *_read(file, 0, loop.size))


def there_and_back(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Resample to 48 kHz, store in 24 bits, and resample back."""
    there = as_24_bits(resampled(compressed(loop, settings), SAMPLE_RATE, 48000, "HQ"))
    return Pair(loop[None], resampled(there, 48000, SAMPLE_RATE, "HQ")[None, : loop.size])


def later(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Move by 10 ms, and align."""
    moved = np.pad(compressed(loop, settings), (SAMPLE_RATE // 100, 0))
    found = align(loop, as_24_bits(moved), sample_rate=SAMPLE_RATE)
    assert found is not None
    return Pair(found.loop[None], found.reference[None])


def rms_detector(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Compress by the mean square."""
    return Pair(loop[None], compressed(loop, settings, detector="rms")[None])


def by_juce(loop: np.ndarray, other: np.ndarray, settings: dict[str, float]) -> Pair:
    """Compress with pedalboard's compressor, whose times are 2 pi times the time constants."""
    threshold, ratio, attack, release = (settings[name] for name in PARAMETERS)
    compressor = pedalboard.Compressor(threshold, ratio, 2 * np.pi * attack, 2 * np.pi * release)
    return Pair(loop[None], compressor(loop[None], SAMPLE_RATE))


def as_mp3(clip: np.ndarray, *, level: float) -> tuple[np.ndarray, Coding | None]:
    """Code a clip by libsndfile at one of its levels, from 0 (largest file) to 1."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "reference.mp3"
        write_mp3(file, clip, level, SAMPLE_RATE)
        return _read(file, 0, clip.size)


def _read(file: Path, delay: int, samples: int) -> tuple[np.ndarray, Coding | None]:
    sound = open_sound(file)
    return read_part(sound).signal[:, delay : delay + samples], sound.coding()


SITUATIONS: dict[str, Situation] = {
    "from rest": from_rest,
    "16 bits": in_16_bits,
    "from the middle of a sound": from_the_middle,
    "limited by 4 dB afterwards": limited,
    "the same, from the middle of a sound": limited_middle,
    "limited by pedalboard's limiter": limited_by_juce,
    "limited by FFmpeg's limiter, 5 ms ahead": limited_ahead,
    "clipped afterwards": clipped,
    "knee of 9 dB": soft_knee,
    "linked by the louder channel": louder_channel,
    "unlinked channels": unlinked,
    "peak of -50 dBFS": quiet,
    "MP3, 128 kbit/s": coded,
    "MP3, 64 kbit/s": coded_low,
    "AAC, FFmpeg's default rate": aac,
    "limited by 4 dB, then MP3, 64 kbit/s": limited_and_coded,
    "Ogg, 128 kbit/s": ogg,
    "to 48 kHz and back": there_and_back,
    "10 ms later": later,
    "RMS detector": rms_detector,
    "pedalboard's compressor": by_juce,
}


def table() -> str:
    """Return the table of all situations, in Markdown."""
    loops = _loops()
    random = np.random.default_rng(0)
    lines = []
    for name, situation in SITUATIONS.items():
        outcomes = []
        for number, loop in enumerate(loops):
            settings = _settings(random)
            dry, wet, coding = situation(loop, loops[number - 1], settings)
            wet = np.stack([as_24_bits(channel) for channel in wet])
            whole = dry.shape[1] == loop.size
            fit = fit_pair(dry, wet, sample_rate=SAMPLE_RATE, from_start=whole, coding=coding)
            if fit.settings:
                found = [fit.settings[parameter] for parameter in PARAMETERS]
                outcomes.append(
                    [
                        (abs(one.value - true), one.high - one.low, one.low <= true <= one.high)
                        for one, true in zip(found, settings.values(), strict=True)
                    ]
                )
        of_all = np.array(outcomes, float)  # (loops, parameters, 3)
        error, width, _ = np.median(of_all, axis=0).T
        cells = [f"{e:.2g} ({w:.2g})" for e, w in zip(error, width, strict=True)]
        lines.append(
            [name, f"{len(of_all)} of {len(loops)}", *cells, f"{of_all[..., 2].mean():.2f}"]
        )
    head = ["reference", "solved", *(f"{unit}: error (width)" for unit in UNITS.values()), "held"]
    return markdown_table(head, lines)


def _loops() -> list[np.ndarray]:
    if folder := os.environ.get("RECORDINGS"):
        samples = round(SECONDS * SAMPLE_RATE)
        imported = import_loops(
            Path(folder), count=LOOPS, samples=samples, sample_rate=SAMPLE_RATE, silence_db=-60.0
        )
        return [loop.signal for loop in imported]
    each = -(-LOOPS // len(MATERIALS))
    made = [rendered_loops(material, each, seconds=SECONDS) for material in MATERIALS]
    return [loop for loops in made for loop in loops][:LOOPS]


def _settings(random: np.random.Generator) -> dict[str, float]:
    """Draw settings that an engineer may choose, on a loop whose peak is 1."""
    return {
        "threshold_db": float(random.uniform(-40, -15)),
        "ratio": float(np.exp(random.uniform(np.log(1.5), np.log(12)))),
        "attack_ms": float(np.exp(random.uniform(np.log(0.3), np.log(60)))),
        "release_ms": float(np.exp(random.uniform(np.log(30), np.log(1000)))),
    }
