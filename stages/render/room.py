"""A room as an impulse response: early reflections, then a diffuse tail."""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

from stages.render.score import Room

_SPEED_OF_SOUND = 343.0  # m/s
_REFLECTIONS = 14
_CROSSOVER_HZ = 2000.0


def impulse_response(room: Room, *, sample_rate: int) -> np.ndarray:
    """Make the response of a room to a unit impulse, without the direct sound.

    Parameters
    ----------
    room : Room
    sample_rate : int, Hz

    Returns
    -------
    ndarray, shape (samples,)
        As long as the reverberation time, of energy 10 ** (level_db / 10).
    """
    random = np.random.default_rng(room.seed)
    samples = max(2, round(room.decay_s * sample_rate))
    time = np.arange(samples) / sample_rate

    # Each reflection has travelled further than the last, and is weaker by the distance.
    steps_m = room.size_m * random.uniform(0.2, 0.8, _REFLECTIONS)
    distance_m = np.cumsum(steps_m)
    sign = random.choice([-1.0, 1.0], _REFLECTIONS)
    early = np.zeros(samples)
    arrival = np.rint(distance_m / _SPEED_OF_SOUND * sample_rate).astype(int)
    heard = arrival < samples
    np.add.at(early, arrival[heard], (sign * room.size_m / distance_m)[heard])

    # The tail: noise in two bands that decay at their own rates, once the echoes are dense.
    noise = random.standard_normal(samples)
    low, high = (
        sosfilt(butter(4, _CROSSOVER_HZ, kind, fs=sample_rate, output="sos"), noise)
        for kind in ("lowpass", "highpass")
    )
    high_decay_s = room.decay_s / (1 + 3 * room.damping)
    tail = low * 10 ** (-3 * time / room.decay_s) + high * 10 ** (-3 * time / high_decay_s)
    tail *= time >= room.size_m / _SPEED_OF_SOUND

    response = _unit_energy(early) + _unit_energy(tail)
    return 10 ** (room.level_db / 20) * _unit_energy(response)


def reverberate(signal: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Return what the room adds to a signal, of the signal's length."""
    return fftconvolve(signal, response)[: len(signal)]


def _unit_energy(response: np.ndarray) -> np.ndarray:
    energy = np.sum(response**2)
    return response / np.sqrt(energy) if energy > 0 else response
