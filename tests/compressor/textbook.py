"""The compressor as a textbook writes it: float64, one setting, one sample after the other."""

from __future__ import annotations

import numpy as np


def compressed_by_textbook(level, signal, T, R, attack_ms, release_ms, rate, smoothing, W, M):
    a_A, a_R = np.exp(-1000 / (np.array([attack_ms, release_ms]) * rate))  # eq. 7
    y_L, y_1, gain = 0.0, 0.0, np.empty(len(level))
    for n, x_G in enumerate(level):
        knee = x_G + (1 / R - 1) * (x_G - T + W / 2) ** 2 / (2 * W or 1)
        y_G = x_G if 2 * (x_G - T) <= -W else knee if 2 * (x_G - T) < W else T + (x_G - T) / R
        x_L = x_G - y_G
        y_1 = max(x_L, a_R * y_1 + (1 - a_R) * x_L)  # eq. 17, first half
        a, target = (a_A, y_1) if smoothing == "decoupled" or x_L > y_L else (a_R, x_L)
        target = target if smoothing == "decoupled" else x_L  # eq. 16
        y_L = a * y_L + (1 - a) * target
        gain[n] = 10 ** ((M - y_L) / 20)
    return gain * signal


def drum_loop(samples: int, rate: int = 44100) -> np.ndarray:
    """Seeded decaying hits of noise and low tones over a faint hiss, peak 1.0, float32."""
    random = np.random.default_rng(7)
    time = np.arange(samples) / rate
    loop = 0.001 * random.standard_normal(samples)
    for start, decay, pitch in [(0.0, 9, 60), (0.11, 40, 900), (0.17, 25, 200), (0.3, 12, 70)]:
        since = np.maximum(time - start, 0)
        hit = np.sin(2 * np.pi * pitch * since) + 0.4 * random.standard_normal(samples)
        loop += np.where(time >= start, np.exp(-decay * since), 0) * hit
    return (loop / np.abs(loop).max()).astype(np.float32)
