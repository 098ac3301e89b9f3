"""From a score to a clip: the sound of each stem, the room, and the measures of the result."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.signal import ShortTimeFFT, butter, fftconvolve, lfilter, sosfilt
from scipy.signal.windows import hann

from siamese_drc.core.errors import InputError
from siamese_drc.loops.score import Resonance, Room, Score, Stem
from siamese_drc.loops.synthesizer import bundled_library, bundled_soundfont, play

_PIVOT_HZ = 1000.0  # of the brightness filter
_SPEED_OF_SOUND = 343.0  # m/s
_REFLECTIONS = 14
_CROSSOVER_HZ = 2000.0  # between the bass and the treble of a room
_FRAME = 2048  # samples, of the spectra in `describe`


def render(
    score: Score,
    *,
    samples: int,
    sample_rate: int,
    soundfont: str | Path | None = None,
    fluidsynth_library: str | Path | None = None,
) -> np.ndarray:
    """Return a score as sound, from its first beat, repeated or cut to the length of a clip.

    Parameters
    ----------
    score : Score
    samples : int
        Length of the clip.
    sample_rate : int, Hz
    soundfont : path, optional
        An .sf2 file; default: TimGM6mb, which the package pretty_midi contains.
    fluidsynth_library : path, optional
        A libfluidsynth; default: the one in the package pygame-ce.

    Returns
    -------
    ndarray, shape (samples,), float32
        Peak 1.0. A shorter clip is the start of a longer one, apart from the gain.

    Raises
    ------
    InputError
        If the SoundFont has no sound for any of the notes, or as `synthesizer.play` does.

    Examples
    --------
    >>> from siamese_drc.loops import compose
    >>> clip = render(compose("guitar", 0, seed=1), samples=22050, sample_rate=44100)
    >>> clip.shape, clip.dtype, float(abs(clip).max())
    ((22050,), dtype('float32'), 1.0)
    """
    soundfont = Path(soundfont) if soundfont else bundled_soundfont()
    library = Path(fluidsynth_library) if fluidsynth_library else bundled_library()
    one_pass = round(score.seconds * sample_rate)
    length = max(samples, one_pass)
    dry, sent = np.zeros(length), np.zeros(length)
    for stem in score.stems:
        notes = play(
            stem,
            repeat_s=score.seconds,
            samples=length,
            sample_rate=sample_rate,
            soundfont=soundfont,
            library=library,
        )
        sound = shape(notes, stem, reference=one_pass, sample_rate=sample_rate)
        dry += sound
        sent += stem.room_send * sound
    response = impulse_response(score.room, sample_rate=sample_rate)
    clip = dry[:samples] + fftconvolve(sent, response)[:samples]
    peak = np.max(np.abs(clip))
    if peak == 0:
        raise InputError(f"soundfont {soundfont}: loop {score.name!r} is silent")
    return (clip / peak).astype(np.float32)


def shape(signal: np.ndarray, stem: Stem, *, reference: int, sample_rate: int) -> np.ndarray:
    """Return a stem's sound, shape (samples,), with its resonances, drive, tilt and level.

    Levels are measured on the first `reference` samples, one pass through the loop, so that the
    sound does not depend on the length of the clip.
    """
    signal = _normalise(signal, reference)
    for resonance in stem.resonances:
        body = _normalise(_resonate(signal, resonance, sample_rate), reference)
        signal = signal + _amplitude(resonance.level_db) * body
    if stem.drive_db:
        signal = np.tanh(_amplitude(stem.drive_db) * _normalise(signal, reference))
    if stem.tilt_db:
        signal = _tilt(signal, stem.tilt_db, sample_rate)
    return _amplitude(stem.level_db) * _normalise(signal, reference)


def _amplitude(level_db: float) -> float:
    return 10 ** (level_db / 20)


def _normalise(signal: np.ndarray, reference: int) -> np.ndarray:
    peak = np.max(np.abs(signal[:reference]))
    return signal / peak if peak > 0 else signal


def _resonate(signal: np.ndarray, resonance: Resonance, sample_rate: int) -> np.ndarray:
    """Filter by a two-pole resonator, whose impulse response is a damped sine."""
    radius = 10 ** (-3 / (resonance.decay_s * sample_rate))
    angle = 2 * np.pi * resonance.frequency_hz / sample_rate
    poles = [1.0, -2 * radius * np.cos(angle), radius**2]
    return lfilter([0.0, radius * np.sin(angle)], poles, signal)


def _tilt(signal: np.ndarray, tilt_db: float, sample_rate: int) -> np.ndarray:
    """First-order tilt (g s + w) / (s + g w): gain 1/g at 0 Hz, 1 at the pivot w, g at the top."""
    gain = _amplitude(tilt_db)
    pivot = np.tan(np.pi * _PIVOT_HZ / sample_rate)
    zeros = [gain + pivot, pivot - gain]
    poles = [1 + gain * pivot, gain * pivot - 1]
    return lfilter(zeros, poles, signal)


def impulse_response(room: Room, *, sample_rate: int) -> np.ndarray:
    """Return the response of a room to a unit impulse, without the direct sound.

    It is as long as the reverberation time, shape (samples,), of energy 10 ** (level_db / 10).
    """
    random = np.random.default_rng(room.seed)
    samples = max(2, round(room.decay_s * sample_rate))
    time = np.arange(samples) / sample_rate

    # Each reflection travels further than the one before, and is weaker by the distance.
    steps_m = room.size_m * random.uniform(0.2, 0.8, _REFLECTIONS)
    distance_m = np.cumsum(steps_m)
    sign = random.choice([-1.0, 1.0], _REFLECTIONS)
    early = np.zeros(samples)
    arrival = np.rint(distance_m / _SPEED_OF_SOUND * sample_rate).astype(int)
    in_time = arrival < samples
    np.add.at(early, arrival[in_time], (sign * room.size_m / distance_m)[in_time])

    # The diffuse tail is noise in two bands, each with its own decay.
    noise = random.standard_normal(samples)
    low, high = (
        sosfilt(butter(4, _CROSSOVER_HZ, kind, fs=sample_rate, output="sos"), noise)
        for kind in ("lowpass", "highpass")
    )
    high_decay_s = room.decay_s / (1 + 3 * room.damping)
    tail = low * 10 ** (-3 * time / room.decay_s) + high * 10 ** (-3 * time / high_decay_s)
    tail *= time >= room.size_m / _SPEED_OF_SOUND

    response = _unit_energy(early) + _unit_energy(tail)
    return _amplitude(room.level_db) * _unit_energy(response)


def _unit_energy(response: np.ndarray) -> np.ndarray:
    energy = np.sum(response**2)
    return response / np.sqrt(energy) if energy > 0 else response


def describe(signal: np.ndarray, *, sample_rate: int) -> dict[str, float]:
    """Return level, crest factor and brightness of a clip, shape (samples,), not silent.

    Returns
    -------
    dict
        `rms_db` (dBFS), `crest_factor_db` (peak over RMS) and `spectral_centroid_hz` (of the
        magnitude spectrum, averaged over frames of 2048 samples).

    Examples
    --------
    >>> square = np.where(np.arange(44100) % 100 < 50, 0.5, -0.5)
    >>> describe(square, sample_rate=44100)["rms_db"]
    -6.021
    """
    signal = signal.astype(np.float64)
    rms = np.sqrt(np.mean(signal**2))
    frames = ShortTimeFFT(hann(_FRAME, sym=False), hop=_FRAME // 2, fs=sample_rate)
    spectrum = np.abs(frames.stft(signal)).mean(axis=1)
    return {
        "rms_db": round(float(20 * np.log10(rms)), 3),
        "crest_factor_db": round(float(20 * np.log10(np.max(np.abs(signal)) / rms)), 3),
        "spectral_centroid_hz": round(float(np.average(frames.f, weights=spectrum)), 1),
    }
