"""Drum kits: which preset and key sounds each voice, how it is tuned and how it rings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from siamese_drc.loops.score import Resonance

# The voices that a groove can write, by the piece that they are played on: General MIDI keys.
PIECES: dict[str, dict[str, int]] = {
    "kick": {"kick": 36},
    "snare": {"snare": 38, "rim": 37, "clap": 39},
    "hats": {"closed": 42, "pedal": 44, "open": 46},
    "cymbals": {"crash": 49, "ride": 51, "bell": 53},
    "toms": {"high": 48, "mid": 45, "low": 41},
    "percussion": {
        "tambourine": 54,
        "cowbell": 56,
        "bongo": 60,
        "conga": 63,
        "tumba": 64,
        "cabasa": 69,
        "shaker": 70,
        "clave": 75,
    },
}

_STANDARD, _ROOM, _POWER, _ELECTRONIC, _TR_808, _BRUSH, _ORCHESTRA = 0, 8, 16, 24, 25, 40, 48


@dataclass(frozen=True)
class Piece:
    """One piece of a kit: its preset, level and sound; `keys` replaces General MIDI's."""

    preset: int
    level_db: float
    keys: dict[str, int] = field(default_factory=dict)
    resonances: tuple[Resonance, ...] = ()
    drive_db: float = 0.0
    tilt_db: float = 0.0
    room_send: float = 1.0


def _kit(preset: int, **pieces: dict[str, object]) -> dict[str, Piece]:
    """Build a kit of one preset, with a drum's usual ring and levels, but for what is named."""
    kit = {
        "kick": Piece(preset, 0.0, resonances=(Resonance(62, 0.35, -3),), room_send=0.4),
        "snare": Piece(
            preset, -2.0, resonances=(Resonance(190, 0.3, -9), Resonance(335, 0.2, -14))
        ),
        "hats": Piece(preset, -13.0, room_send=0.6),
        "cymbals": Piece(preset, -9.0),
        "toms": Piece(preset, -4.0, resonances=(Resonance(95, 0.5, -12),)),
        "percussion": Piece(preset, -8.0),
    }
    return {name: replace(piece, **pieces.get(name, {})) for name, piece in kit.items()}  # type: ignore[arg-type]


KITS: dict[str, dict[str, Piece]] = {
    "studio": _kit(_STANDARD),
    "tight": _kit(
        _ROOM,
        kick={"resonances": (Resonance(78, 0.15, -6),)},
        snare={"keys": {"snare": 40}, "resonances": (Resonance(240, 0.2, -8),), "tilt_db": 2.0},
        hats={"level_db": -10.0},
    ),
    "power": _kit(
        _POWER,
        kick={"resonances": (Resonance(55, 0.5, -2),)},
        snare={"resonances": (Resonance(175, 0.5, -8), Resonance(300, 0.3, -12))},
        toms={"level_db": -2.0, "resonances": (Resonance(80, 0.9, -8),)},
    ),
    "electronic": _kit(
        _ELECTRONIC,
        kick={"resonances": (Resonance(52, 0.3, -8),), "drive_db": 4.0},
        snare={"resonances": (), "drive_db": 6.0},
        hats={"level_db": -11.0, "tilt_db": 2.0},
    ),
    "808": _kit(
        _TR_808,
        kick={"resonances": (Resonance(48, 1.1, -1),), "drive_db": 3.0, "room_send": 0.1},
        snare={"resonances": (Resonance(180, 0.2, -12),), "room_send": 0.5},
        hats={"level_db": -12.0},
    ),
    "brush": _kit(
        _BRUSH,
        kick={"level_db": -4.0, "keys": {"kick": 35}, "resonances": (Resonance(70, 0.6, -6),)},
        snare={"level_db": -4.0, "resonances": ()},
        cymbals={"level_db": -5.0},
        hats={"level_db": -12.0},
    ),
    "vintage": _kit(
        _STANDARD,
        kick={"keys": {"kick": 35}, "tilt_db": -4.0},
        snare={"keys": {"snare": 40}, "tilt_db": -4.0, "drive_db": 8.0},
        hats={"tilt_db": -6.0, "drive_db": 6.0, "level_db": -15.0},
        cymbals={"tilt_db": -6.0, "level_db": -12.0},
        toms={"tilt_db": -4.0},
        percussion={"tilt_db": -4.0},
    ),
    "crushed": _kit(
        _POWER,
        kick={"drive_db": 14.0, "resonances": (Resonance(58, 0.6, -2),)},
        snare={"drive_db": 16.0, "resonances": (Resonance(185, 0.6, -5),)},
        hats={"drive_db": 12.0, "level_db": -8.0},
        cymbals={"drive_db": 10.0, "level_db": -7.0},
        toms={"drive_db": 10.0},
    ),
    "hybrid": _kit(
        _ORCHESTRA,
        kick={"preset": _TR_808, "resonances": (Resonance(50, 0.6, -3),)},
        snare={"preset": _ELECTRONIC, "keys": {"snare": 40}},
        percussion={"level_db": -6.0},
    ),
}
