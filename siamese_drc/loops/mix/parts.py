"""Bass and chords of a band, from step notation."""

from __future__ import annotations

from siamese_drc.loops.harmony import Harmony
from siamese_drc.loops.humanise import Player
from siamese_drc.loops.score import Note, read_steps

_LEGATO = 0.9
_CHORD_VELOCITY = {"C": 108, "c": 84}


def play_bass(harmony: Harmony, pattern: str, lowest: int, player: Player) -> list[Note]:
    """Play a bass line: R root, 3, 5, 7 and 8 of the chord, a approach, - the note ends."""
    notes = []
    for beat, beats, mark in read_steps(pattern, player.pulse.beats):
        chord = harmony.at(beat)
        root = lowest + (chord.root - lowest) % 12
        tones = chord.pitch_classes
        third = (tones[1] - tones[0]) % 12 if len(tones) > 2 else 7
        seventh = (tones[3] - tones[0]) % 12 if len(tones) > 3 else 10
        following = harmony.at((beat + beats) % player.pulse.beats).root
        interval = {
            "R": 0,
            "3": third,
            "5": 7,
            "7": seventh,
            "8": 12,
            "a": (following - chord.root) % 12 - 1,
        }
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
