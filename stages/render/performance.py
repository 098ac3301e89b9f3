"""From a score to a finished clip."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from stages.common.errors import InputError
from stages.render.room import impulse_response, reverberate
from stages.render.score import Score
from stages.render.sound import shape
from stages.render.synthesizer import play


def perform(
    score: Score, *, samples: int, sample_rate: int, soundfont: Path, library: Path
) -> np.ndarray:
    """Play a score, from its first beat, repeated or cut to the length of a clip.

    Parameters
    ----------
    score : Score
    samples : int
        Length of the clip.
    sample_rate : int, Hz
    soundfont, library : Path
        As in `stages.render.synthesizer.play`.

    Returns
    -------
    ndarray, shape (samples,), float32
        Peak 1.0. A shorter clip is the start of a longer one, but for the gain.

    Raises
    ------
    InputError
        If the SoundFont has no sound for any of the notes, or as `play` does.
    """
    one_pass = round(score.seconds * sample_rate)
    length = max(samples, one_pass)
    dry, sent = np.zeros(length), np.zeros(length)
    for stem in score.stems:
        bare = play(
            stem,
            repeat_s=score.seconds,
            samples=length,
            sample_rate=sample_rate,
            soundfont=soundfont,
            library=library,
        )
        sound = shape(bare, stem, reference=one_pass, sample_rate=sample_rate)
        dry += sound
        sent += stem.room_send * sound
    response = impulse_response(score.room, sample_rate=sample_rate)
    clip = (dry + reverberate(sent, response))[:samples]
    peak = np.max(np.abs(clip))
    if peak == 0:
        raise InputError(f"render.soundfont {soundfont}: loop {score.name!r} is silent")
    return (clip / peak).astype(np.float32)
