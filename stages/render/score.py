"""What a composer hands over: which notes each instrument plays, and how it is heard."""

from __future__ import annotations

from dataclasses import dataclass

PERCUSSION = 128  # the SoundFont bank of General MIDI drum kits


@dataclass(frozen=True)
class Note:
    """One note as it is played: `start` and `duration` in seconds, MIDI `pitch` and `velocity`."""

    start: float
    duration: float
    pitch: int
    velocity: int


@dataclass(frozen=True)
class Resonance:
    """A mode that an instrument's body adds to each stroke.

    Attributes
    ----------
    frequency_hz : float
    decay_s : float
        Time to -60 dB, in seconds.
    level_db : float
        Its peak relative to the stroke's own.
    """

    frequency_hz: float
    decay_s: float
    level_db: float


@dataclass(frozen=True)
class Stem:
    """One instrument's part, and what happens to its sound on the way to the mix.

    Attributes
    ----------
    name : str
    bank, programme : int
        The SoundFont preset that plays it.
    notes : tuple of Note
    level_db : float
        Peak of one pass through the loop.
    resonances : tuple of Resonance
    drive_db : float
        Gain into a saturating stage; 0 bypasses it.
    tilt_db : float
        Brightness: what the treble gains and the bass loses, about 1 kHz.
    room_send : float
        Share of it that the room hears.
    transpose : int
        Semitones by which the preset is retuned (a drum: a tighter or a slacker head).
    """

    name: str
    bank: int
    programme: int
    notes: tuple[Note, ...]
    level_db: float = 0.0
    resonances: tuple[Resonance, ...] = ()
    drive_db: float = 0.0
    tilt_db: float = 0.0
    room_send: float = 1.0
    transpose: int = 0


@dataclass(frozen=True)
class Room:
    """A room to play in.

    Attributes
    ----------
    decay_s : float
        Reverberation time, to -60 dB, in seconds.
    size_m : float
        Typical distance between its walls, in metres: it spaces the early reflections.
    damping : float
        0: bright walls; 1: the treble decays four times as fast as the bass.
    level_db : float
        Energy of its response relative to the direct sound.
    seed : int
        Which of the rooms of this kind.
    """

    decay_s: float
    size_m: float
    damping: float
    level_db: float
    seed: int


@dataclass(frozen=True)
class Score:
    """A loop: `seconds` of music, repeated for as long as it is needed."""

    name: str
    style: str
    tempo_bpm: float
    programme: str
    seconds: float
    stems: tuple[Stem, ...]
    room: Room
