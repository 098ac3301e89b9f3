"""How players depart from the written grid: swing, drift, habit, jitter and touch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stages.render.score import Note


@dataclass(frozen=True)
class Pulse:
    """The beat that all players of a loop share.

    Attributes
    ----------
    tempo_bpm : float
    beats : int
        Length of the loop.
    swing : float
        How late every second sixteenth is, as a share of a sixteenth (0 to about 0.3).
    drift_ms : float
        How far the beat wanders early and late, once around per loop, so that it closes.
    drift_phase : float, radians
    """

    tempo_bpm: float
    beats: int
    swing: float
    drift_ms: float
    drift_phase: float

    @property
    def seconds(self) -> float:
        """Length of the loop."""
        return self.beats * 60 / self.tempo_bpm

    def time(self, beat: float) -> float:
        """Return when a written position, in beats, sounds, in seconds."""
        if round(beat * 4, 6) % 2 == 1:
            beat += self.swing / 4
        wander = np.sin(2 * np.pi * beat / self.beats + self.drift_phase)
        wander -= np.sin(self.drift_phase)  # the first beat is where the loop starts
        return beat * 60 / self.tempo_bpm + self.drift_ms / 1000 * float(wander)


@dataclass(frozen=True)
class Player:
    """One musician's hands.

    Attributes
    ----------
    pulse : Pulse
    random : numpy Generator
    late_ms : float
        Habit: behind the beat (positive) or ahead of it.
    jitter_ms, touch : float
        Standard deviations of the time and of the velocity of a stroke.
    """

    pulse: Pulse
    random: np.random.Generator
    late_ms: float = 0.0
    jitter_ms: float = 5.0
    touch: float = 4.0

    def note(
        self, beat: float, beats: float, pitch: int, velocity: float, *, late_ms: float = 0.0
    ) -> Note:
        """Play a written note: position and length in beats, delayed by `late_ms` (a strum)."""
        jitter_ms = self.jitter_ms * float(np.clip(self.random.standard_normal(), -2, 2))
        late_s = (self.late_ms + late_ms + jitter_ms) / 1000
        struck = round(velocity + self.touch * self.random.standard_normal())
        return Note(
            start=max(0.0, self.pulse.time(beat) + late_s),
            duration=beats * 60 / self.pulse.tempo_bpm,
            pitch=pitch,
            velocity=int(np.clip(struck, 1, 127)),
        )
