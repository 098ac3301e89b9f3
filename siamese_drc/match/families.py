"""Designs of compressors that references are made with: families, and links of stereo channels.

`docs/fit.md` states each family's equations and source. Attack and release are time constants in
every family: FFmpeg's acompressor calls 4 of them its attack, JUCE 2 pi, compand 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

import numpy as np

from siamese_drc.compressor.ballistics import Detector, RunningLevel
from siamese_drc.compressor.settings import PARAMETERS, check_setting
from siamese_drc.solver import gain_model
from siamese_drc.solver.gain_fit import to_point
from siamese_drc.solver.gain_model import RunningGain

Family = Literal["branching", "decoupled", "level", "power", "rms"]
Link = Literal["mean", "maximum", "average", "unlinked"]
FAMILIES: dict[Family, str] = {
    "branching": "gain reduction smoothed, branching (this compressor)",
    "decoupled": "gain reduction smoothed, attack and release decoupled",
    "level": "level smoothed before the gain computer (compand, JUCE, acompressor, peak detection)",
    "power": "power smoothed before the gain computer (acompressor, RMS detection)",
    "rms": "gain reduction smoothed, of the mean square of 4096 samples",
}
# What controls the gain: the mean of the channels' samples, the maximum or the average of their
# magnitudes, or each channel itself
LINKS: tuple[Link, ...] = get_args(Link)
SMOOTH_THE_LEVEL: tuple[Family, ...] = ("level", "power")  # before the gain computer
DB_PER_NEPER = 20 / np.log(10)


def model_of(family: Family) -> tuple[gain_model.Family, Detector]:
    """Return the recursion of a family and the detector of the level that it reads."""
    return ("branching", "rms") if family == "rms" else (family, "peak")


def keys(signal: np.ndarray, link: Link | None) -> np.ndarray:
    """Return what controls the gain, shape (1, samples), or (channels, samples) if unlinked.

    `signal` has the shape (channels, samples); `link` is None for a single channel.

    Examples
    --------
    >>> stereo = np.array([[0.5, -0.5], [0.25, 0.5]], np.float32)
    >>> {link: keys(stereo, link).tolist() for link in LINKS[:3]}
    {'mean': [[0.375, 0.0]], 'maximum': [[0.5, 0.5]], 'average': [[0.375, 0.5]]}
    """
    if link == "unlinked" or len(signal) == 1:
        return signal
    if link == "maximum":
        return np.abs(signal).max(axis=0, keepdims=True)
    return channel_mean(np.abs(signal) if link == "average" else signal)[np.newaxis]


def channel_mean(signal: np.ndarray) -> np.ndarray:
    """Return the mean of the channels, shape (samples,), of a signal (channels, samples)."""
    return signal[0] if len(signal) == 1 else signal.mean(axis=0, dtype=np.float32)


class Processed(NamedTuple):
    """A block after the compressor: its samples, and the gain reduction without make-up gain."""

    signal: np.ndarray  # shape (channels, samples), float32; may exceed full scale
    reduction_db: np.ndarray  # shape (samples,), float32, at least 0


class FamilyCompressor:
    """A compressor of any family under one setting, block by block, from silence.

    The result does not depend on how a signal is cut into blocks, to the last bit. The settings are
    those of an answer; without knee_db, the knee is hard. Without a link, the mean of the channels
    controls the gain. ValueError if a setting is missing or outside its range, or there is no such
    family or link.

    Examples
    --------
    >>> settings = {"threshold_db": -30, "ratio": 2, "attack_ms": 5, "release_ms": 80}
    >>> settings["makeup_db"] = 0
    >>> compressor = FamilyCompressor(settings, sample_rate=44100, family="level")
    >>> steady = compressor.process(np.full((1, 44100), 0.1, np.float32))
    >>> float(steady.reduction_db[-1].round(2))
    5.0
    """

    def __init__(
        self,
        settings: Mapping[str, float],
        *,
        sample_rate: int,
        family: Family = "branching",
        link: Link | None = None,
        channels: int = 1,
    ) -> None:
        if missing := [name for name in (*PARAMETERS, "makeup_db") if name not in settings]:
            raise ValueError(f"settings: lack {', '.join(missing)}")
        for name in PARAMETERS:
            check_setting(name, settings[name])
        if family not in FAMILIES or link not in (None, *LINKS):
            raise ValueError(f"family {family!r}, link {link!r}: there is no such design")
        model, detector = model_of(family)
        self._makeup_db, self._link = settings["makeup_db"], link
        at_rest = -60.0 if model in SMOOTH_THE_LEVEL else 0.0
        point = to_point(
            {name: settings[name] for name in (*PARAMETERS, "makeup_db")}
            | {"knee_db": settings.get("knee_db", 0.0), "start_db": at_rest},
            sample_rate=sample_rate,
        )
        count = channels if link == "unlinked" else 1
        self._levels = [RunningLevel(detector) for _ in range(count)]
        self._gains = [RunningGain(point, model) for _ in range(count)]

    def gain_db(self, block: np.ndarray) -> np.ndarray:
        """Return the gain on the next block, (channels, samples), make-up included, dB.

        It has one row, or one for each channel where they are not linked.
        """
        each = zip(self._gains, self._levels, keys(block, self._link), strict=True)
        return np.stack([gain.of(level.of(key)) for gain, level, key in each])

    def process(self, block: np.ndarray) -> Processed:
        """Compress the next block, shape (channels, samples), float32.

        The gain reduction is the largest of the channels where they are not linked. ValueError if
        the block is empty or not finite.
        """
        gain_db = self.gain_db(block)
        factor = np.exp(gain_db / DB_PER_NEPER).astype(np.float32)
        return Processed(block * factor, (self._makeup_db - gain_db.min(axis=0)).astype(np.float32))
