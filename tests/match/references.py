"""Loops of two kinds and settings that all of them tell."""

from __future__ import annotations

import numpy as np

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
