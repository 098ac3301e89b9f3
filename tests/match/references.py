"""Loops, and how files store references."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from siamese_drc.audio import FULL_SCALE, quantise
from siamese_drc.inputs.changes import changed

RATE = 44100


def hits(seconds: float, *, seed: int, jitter: float = 0.0) -> np.ndarray:
    """Return a bar of decaying drum hits at 120 bpm over a faint hiss, peak 0.9, float32.

    `seed` draws noises and loudnesses; the rhythm is the same but for the jitter, in seconds.
    """
    random = np.random.default_rng(seed)
    samples = round(seconds * RATE)
    time = np.arange(samples) / RATE
    loop = 0.0005 * random.standard_normal(samples)
    for beat in range(int(seconds / 0.125)):
        start = beat * 0.125 + jitter * random.uniform(-1, 1)
        kind = ("kick", "hat", "hat", "hat", "snare", "hat", "kick", "hat")[beat % 8]
        pitch, decay, noise = {
            "kick": (60.0, 12.0, 0.1),
            "hat": (7000.0, 60.0, 1.0),
            "snare": (190.0, 18.0, 0.8),
        }[kind]
        loudness = random.uniform(0.15, 1.0)
        since = np.maximum(time - start, 0)
        tone = np.sin(2 * np.pi * pitch * since) + noise * random.standard_normal(samples)
        loop += loudness * np.where(time >= start, np.exp(-decay * since), 0) * tone
    return (0.9 * loop / np.abs(loop).max()).astype(np.float32)


def as_24_bits(clip: np.ndarray) -> np.ndarray:
    """Round to 24 bits."""
    return ((quantise(clip) >> 8) / FULL_SCALE).astype(np.float32)


def as_16_bits(clip: np.ndarray) -> np.ndarray:
    """Round to 16 bits, without dither."""
    steps = np.clip(np.rint(clip * 2**15), -(2**15), 2**15 - 1)
    return (steps / 2**15).astype(np.float32)


def mp3(clip: np.ndarray, level: float = 0.65) -> np.ndarray:
    """Code as MP3: at the default level, a constant 130 kbit/s."""
    return changed(clip[np.newaxis], sample_rate=RATE, mp3_level=level)[0]


def ogg(clip: np.ndarray) -> np.ndarray:
    """Code as Ogg Vorbis, drum loops of 4 s at between 111 and 144 kbit/s."""
    memory = io.BytesIO()
    soundfile.write(memory, clip, RATE, format="OGG", compression_level=0.25)
    memory.seek(0)
    return soundfile.read(memory, dtype="float32")[0]
