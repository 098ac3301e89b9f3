"""Composer of polyphonic mixes: drums, bass, guitar, keyboards and one more part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siamese_drc.loops import drum, guitar
from siamese_drc.loops.harmony import Harmony, Technique, play_melody, write_harmony
from siamese_drc.loops.humanise import Player, Pulse, choose
from siamese_drc.loops.score import Note, Stem, Style, read_steps, read_table

_GUITAR_LEVEL_DB = -7.0
_LEGATO = 0.9
_CHORD_VELOCITY = {"C": 108, "c": 84}


def play_bass(harmony: Harmony, pattern: str, lowest: int, player: Player) -> list[Note]:
    """Play a bass line: R root, 3, 5, 7 and 8 of the chord, a approach, - the note ends."""
    notes = []
    for beat, beats, mark in read_steps(pattern, player.pulse.beats):
        chord = harmony.at(beat)
        root = lowest + (chord.root - lowest) % 12
        tones = [(note - chord.root) % 12 for note in chord.pitch_classes]
        third = tones[1] if len(tones) > 2 else 7
        seventh = tones[3] if len(tones) > 3 else 10
        approach = (harmony.at((beat + beats) % player.pulse.beats).root - chord.root) % 12 - 1
        interval = {"R": 0, "3": third, "5": 7, "7": seventh, "8": 12, "a": approach}
        if mark in interval:
            velocity = 112 if mark in "R8" else 98
            notes.append(player.note(beat, _LEGATO * beats, root + interval[mark], velocity))
    return notes


def play_chords(harmony: Harmony, pattern: str, lowest: int, player: Player) -> list[Note]:
    """Play chords: C loud, c soft, - released."""
    notes = []
    for beat, beats, mark in read_steps(pattern, player.pulse.beats):
        if mark in _CHORD_VELOCITY:
            for pitch in harmony.at(beat).near(lowest):
                notes.append(player.note(beat, _LEGATO * beats, pitch, _CHORD_VELOCITY[mark]))
    return notes


def play_broken_chords(harmony: Harmony, pattern: str, lowest: int, player: Player) -> list[Note]:
    """Play the notes of the chord one by one: 1 is the lowest; each is held by the pedal."""
    notes = []
    for beat, _, mark in read_steps(pattern, player.pulse.beats):
        chord = harmony.at(beat)
        octave, place = divmod(int(mark) - 1, len(chord.pitch_classes))
        pitch = chord.near(lowest)[place] + 12 * octave
        notes.append(player.note(beat, chord.beat + chord.beats - beat, pitch, 92))
    return notes


# General MIDI instruments.
_PROGRAMMES = {
    **{"fingered": (33, 35), "picked": (34,), "synth-bass": (38, 39), "upright": (32,)},
    **{"piano": (0, 1), "e-piano": (4, 5), "organ": (16, 17, 18), "clavinet": (7,)},
    **{"sax": (64, 66), "flute": (73, 75), "synth-lead": (80, 81), "vibes": (11, 12)},
    **{"brass": (56, 61, 62)},
}

# For each kind of part: name, technique, lowest pitch, peak level in dB (a drum kit: about 0 dB).
_PARTS: dict[str, tuple[str, Technique, int, float]] = {
    "bass": ("bass", play_bass, 28, -3.0),
    "keys": ("keys", play_chords, 57, -8.0),
    "arpeggio": ("keys", play_broken_chords, 57, -8.0),
    "pad": ("pad", play_chords, 60, -14.0),
    "strings": ("strings", play_chords, 67, -11.0),
    "brass": ("brass", play_chords, 62, -8.0),
    "lead": ("lead", play_melody, 60, -8.0),
}


@dataclass(frozen=True, kw_only=True)
class Genre(Style):
    """A band: styles of drums and guitar, further parts, and the harmony that they share."""

    drums: str
    guitar: str
    parts: dict[str, str]
    chords: str = "pop"
    scale: str = "minor pentatonic"
    wettest_db: float = -12.0  # less than for drums alone, which stay clear in more room


def _genre(entry: dict) -> Genre:
    drums = drum.STYLES[entry["drums"]]
    return Genre(tempo_bpm=drums.tempo_bpm, swing=drums.swing, **entry)


STYLES = {name: _genre(entry) for name, entry in read_table("mix/genres.toml").items()}


def play(genre: Genre, pulse: Pulse, random: np.random.Generator) -> tuple[str, tuple[Stem, ...]]:
    """Return the names of kit and guitar, and what the band plays."""
    drums, guitars = drum.STYLES[genre.drums], guitar.STYLES[genre.guitar]
    harmony = write_harmony(genre.chords, genre.scale, beats=pulse.beats, random=random)
    kit, sound = choose(drums.kits, random), choose(guitars.guitars, random)
    stems = (
        *drum.drum_stems(drum.write_groove(drums, random), kit, pulse, random),
        guitar.guitar_stem(guitars, sound, harmony, pulse, random, level_db=_GUITAR_LEVEL_DB),
        *(_part_stem(kind, text, harmony, pulse, random) for kind, text in genre.parts.items()),
    )
    return f"{kit} kit, {sound} guitar", stems


def _part_stem(
    kind: str, text: str, harmony: Harmony, pulse: Pulse, random: np.random.Generator
) -> Stem:
    """Play a part: `text` has its instruments, joined by +, and alternative patterns."""
    name, technique, lowest, level_db = _PARTS[kind]
    instruments, *patterns = text.split()
    programmes: list[int] = []
    for instrument in instruments.split("+"):
        programmes += _PROGRAMMES.get(instrument) or [int(instrument)]
    player = Player(pulse, random, late_ms=float(random.uniform(-3, 8)))
    pattern = choose(patterns, random)
    return Stem(
        name=name,
        bank=0,
        programme=choose(programmes, random),
        notes=tuple(technique(harmony, pattern, lowest, player)),
        level_db=level_db + float(random.uniform(-2, 2)),
        tilt_db=float(random.uniform(-2, 2)),
        room_send=0.2 if name == "bass" else 1.0,
    )
