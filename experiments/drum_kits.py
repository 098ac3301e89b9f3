"""Performances on recorded drum kits: tablature, a humanised drummer, kits of Hydrogen."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import soundfile
import soxr

TIMING_S = 0.004  # deviation of a stroke from its place in the bar
TOUCH = 0.07  # relative deviation of a stroke's velocity
SOFT = 4  # a stroke of this velocity or less is an ornament, and is sometimes left out
KEPT = 0.75  # share of the ornaments that are played


@dataclass(frozen=True)
class Groove:
    """One bar of sixteenths, repeated: see grooves.toml."""

    tempo_bpm: float
    swing: float
    tabs: dict[str, str]


@dataclass(frozen=True)
class Stroke:
    """One stroke: `start` in seconds, velocity from 0 to 1."""

    start: float
    voice: str
    velocity: float


_TABLE = tomllib.loads(Path(__file__).with_name("grooves.toml").read_text(encoding="utf-8"))
GROOVES = {name: Groove(**entry) for name, entry in _TABLE.items()}


def strokes(groove: Groove, seconds: float, rng: np.random.Generator) -> Iterator[Stroke]:
    """Yield the strokes of a performance that lasts `seconds`, bar after bar.

    Timing and velocity are humanised, and ornaments come and go, so that no bar repeats another.
    """
    sixteenth = 60 / groove.tempo_bpm / 4
    for step in range(int(seconds / sixteenth)):
        place = (step + groove.swing * (step % 2)) * sixteenth
        for voice, tab in groove.tabs.items():
            sign = tab[step % len(tab)]
            if sign == "." or (int(sign) <= SOFT and rng.random() > KEPT):
                continue
            velocity = int(sign) / 9 * (1 + TOUCH * rng.standard_normal())
            start = max(0.0, place + TIMING_S * rng.standard_normal())
            yield Stroke(start, voice, float(np.clip(velocity, 0.05, 1.0)))


@dataclass(frozen=True)
class Layer:
    """One recorded hit, played for velocities from `low` to `high` (0 to 1)."""

    file: Path
    low: float
    high: float
    gain: float


@dataclass(frozen=True)
class Instrument:
    """One drum of a kit."""

    volume: float
    layers: tuple[Layer, ...]

    def strike(self, velocity: float, sample_rate: int) -> np.ndarray:
        """Return one hit of a velocity from 0 to 1, shape (samples, 2), as Hydrogen scales it."""
        layer = min(self.layers, key=lambda one: max(one.low - velocity, velocity - one.high, 0))
        return self.volume * layer.gain * velocity * read_stereo(layer.file, sample_rate)


def read_kit(folder: Path) -> dict[int, Instrument]:
    """Read `drumkit.xml`: the kit's instruments by their id, those without a recording left out.

    Old kits name one file per instrument, newer ones a list of layers, with or without an XML
    namespace. Pitch and envelopes are not read: no instrument that is played here uses them.
    """
    kit = {}
    for entry in ElementTree.parse(folder / "drumkit.xml").iterfind(".//{*}instrument"):
        layers = tuple(
            Layer(
                file=folder / layer.findtext("{*}filename", ""),
                low=float(layer.findtext("{*}min", "0")),
                high=float(layer.findtext("{*}max", "1")),
                gain=float(layer.findtext("{*}gain", "1")),
            )
            for layer in entry.iterfind(".//{*}layer")
        )
        single = entry.findtext("{*}filename")
        if single and not layers:
            layers = (Layer(folder / single, low=0.0, high=1.0, gain=1.0),)
        if layers:
            volume = float(entry.findtext("{*}volume", "1"))
            kit[int(entry.findtext("{*}id", ""))] = Instrument(volume, layers)
    return kit


@lru_cache(maxsize=256)
def read_stereo(file: Path, sample_rate: int) -> np.ndarray:
    """Read a file as float64, shape (samples, 2), at `sample_rate`; mono goes to both sides."""
    sound, rate = soundfile.read(file, always_2d=True)
    return soxr.resample(sound[:, [0, -1]], rate, sample_rate)


def perform(
    groove: Groove,
    drums: dict[str, Instrument],
    rng: np.random.Generator,
    *,
    seconds: float,
    sample_rate: int,
) -> np.ndarray:
    """Return a groove played on recorded drums, shape (samples, 2), float64.

    A stroke on the closed hi-hat stops the open one; all other sounds ring out.
    """
    sound = np.zeros((round(seconds * sample_rate), 2))
    played = sorted(strokes(groove, seconds, rng), key=lambda stroke: stroke.start)
    for number, stroke in enumerate(played):
        hit = drums[stroke.voice].strike(stroke.velocity, sample_rate)
        start = round(stroke.start * sample_rate)
        if stroke.voice == "open":
            closed = (later.start for later in played[number + 1 :] if later.voice == "hat")
            left = round(next(closed, seconds) * sample_rate) - start - np.arange(len(hit))
            hit = hit * np.clip(left / (0.01 * sample_rate), 0, 1)[:, np.newaxis]  # fade of 10 ms
        end = min(start + len(hit), len(sound))
        sound[start:end] += hit[: end - start]
    return sound
