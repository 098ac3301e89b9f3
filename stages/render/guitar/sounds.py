"""Guitar sounds: preset, body, amplifier."""

from __future__ import annotations

from dataclasses import dataclass

from stages.render.score import Resonance

_BODY = (Resonance(105, 0.15, -16), Resonance(210, 0.1, -18))  # air and top of an acoustic


@dataclass(frozen=True)
class Sound:
    """One instrument and amplifier: see `score.Stem`."""

    programme: int
    resonances: tuple[Resonance, ...] = ()
    drive_db: float = 0.0
    tilt_db: float = 0.0


SOUNDS: dict[str, Sound] = {
    "nylon": Sound(24, _BODY),
    "steel": Sound(25, _BODY, tilt_db=1.0),
    "jazz": Sound(26, tilt_db=-2.0),
    "clean": Sound(27, tilt_db=1.0),
    "muted": Sound(28),
    "crunch": Sound(27, drive_db=12.0, tilt_db=-1.0),
    "overdriven": Sound(29, drive_db=3.0),
    "distorted": Sound(30),
}
