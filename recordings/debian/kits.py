"""Drum kits of the Hydrogen drum machine: recorded hits, several per instrument by loudness."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import soundfile
import soxr


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

    name: str
    volume: float
    layers: tuple[Layer, ...]

    def strike(self, velocity: float, sample_rate: int) -> np.ndarray:
        """Return the sound of one hit, shape (samples, 2), as Hydrogen scales it.

        Parameters
        ----------
        velocity : float, 0 to 1
        sample_rate : int, Hz
        """
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
            name = entry.findtext("{*}name", "")
            volume = float(entry.findtext("{*}volume", "1"))
            kit[int(entry.findtext("{*}id", ""))] = Instrument(name, volume, layers)
    return kit


@lru_cache(maxsize=256)
def read_stereo(file: Path, sample_rate: int) -> np.ndarray:
    """Read a file as float64, shape (samples, 2), at `sample_rate`; mono goes to both sides."""
    sound, rate = soundfile.read(file, always_2d=True)
    return soxr.resample(sound[:, [0, -1]], rate, sample_rate)
