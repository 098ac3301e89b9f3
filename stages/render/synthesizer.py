"""FluidSynth through ctypes: the same notes give the same samples on every run.

A new synthesizer plays each stem, on one core, with FluidSynth's own reverb and chorus off and a
fixed interpolation, so that nothing of an earlier stem is left in it.
"""

from __future__ import annotations

import ctypes
import importlib.util
from functools import cache
from pathlib import Path

import numpy as np

from stages.common.errors import InputError
from stages.render.score import Stem

_GAIN = 0.2  # FluidSynth's own default: far from full scale, in floating point
_INTERPOLATION = 7  # 7th-order, FluidSynth's best
_COARSE_TUNE = 51  # SoundFont generator, in semitones
_NO_LOG_LEVELS = 5
_FAILED = -1

# Every function that is called, with the types of its result and of its arguments.
_INT, _REAL, _TEXT, _OBJECT = ctypes.c_int, ctypes.c_double, ctypes.c_char_p, ctypes.c_void_p
_INTERFACE = {
    "fluid_set_log_function": (_OBJECT, [_INT, _OBJECT, _OBJECT]),
    "new_fluid_settings": (_OBJECT, []),
    "delete_fluid_settings": (None, [_OBJECT]),
    "fluid_settings_setint": (_INT, [_OBJECT, _TEXT, _INT]),
    "fluid_settings_setnum": (_INT, [_OBJECT, _TEXT, _REAL]),
    "new_fluid_synth": (_OBJECT, [_OBJECT]),
    "delete_fluid_synth": (None, [_OBJECT]),
    "fluid_synth_sfload": (_INT, [_OBJECT, _TEXT, _INT]),
    "fluid_synth_program_select": (_INT, [_OBJECT, _INT, _INT, _INT, _INT]),
    "fluid_synth_set_interp_method": (_INT, [_OBJECT, _INT, _INT]),
    "fluid_synth_set_gen": (_INT, [_OBJECT, _INT, _INT, ctypes.c_float]),
    "fluid_synth_noteon": (_INT, [_OBJECT, _INT, _INT, _INT]),
    "fluid_synth_noteoff": (_INT, [_OBJECT, _INT, _INT]),
    "fluid_synth_write_float": (
        _INT,
        [_OBJECT, _INT, _OBJECT, _INT, _INT, _OBJECT, _INT, _INT],
    ),
}


def bundled_library() -> Path:
    """Path of the FluidSynth that the pygame-ce wheel carries."""
    return _beside("pygame", "../pygame_ce.libs/libfluidsynth*", "render.fluidsynth_library")


def bundled_soundfont() -> Path:
    """Path of the SoundFont that pretty_midi carries."""
    return _beside("pretty_midi", "*.sf2", "render.soundfont")


def _beside(package: str, pattern: str, key: str) -> Path:
    found = importlib.util.find_spec(package)
    folder = Path(found.origin).parent if found and found.origin else Path()
    files = sorted(folder.glob(pattern)) if found else []
    if not files:
        raise InputError(
            f"{key}: null, but the package {package} does not bring the file; name one"
        )
    return files[0].resolve()


@cache
def _load(library: str) -> ctypes.CDLL:
    try:
        fluidsynth = ctypes.CDLL(library)
        for name, (result, arguments) in _INTERFACE.items():
            function = getattr(fluidsynth, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise InputError(
            f"render.fluidsynth_library {library}: not a FluidSynth 2 ({error})"
        ) from None
    for level in range(_NO_LOG_LEVELS):  # its warnings about sound cards mean nothing here
        fluidsynth.fluid_set_log_function(level, None, None)
    return fluidsynth


def play(
    stem: Stem,
    *,
    repeat_s: float,
    samples: int,
    sample_rate: int,
    soundfont: Path,
    library: Path,
) -> np.ndarray:
    """Play one stem over and over until the clip is full.

    Parameters
    ----------
    stem : Stem
        Of it: the notes, the preset and `transpose`. A note rings on until its end, or until its
        pitch is struck again.
    repeat_s : float
        The notes start again every `repeat_s` seconds.
    samples : int
        Length of the clip.
    sample_rate : int, Hz
    soundfont, library : Path
        The .sf2 file, and libfluidsynth itself.

    Returns
    -------
    ndarray, shape (samples,), float64
        The mean of both channels.

    Raises
    ------
    InputError
        If the library or the SoundFont cannot be loaded, lacks the preset, or refuses the rate.
    """
    fluidsynth = _load(str(library))
    settings = fluidsynth.new_fluid_settings()
    for key in (b"synth.reverb.active", b"synth.chorus.active"):
        fluidsynth.fluid_settings_setint(settings, key, 0)
    fluidsynth.fluid_settings_setint(settings, b"synth.cpu-cores", 1)
    fluidsynth.fluid_settings_setint(settings, b"synth.dynamic-sample-loading", 1)
    fluidsynth.fluid_settings_setnum(settings, b"synth.gain", _GAIN)
    rate = fluidsynth.fluid_settings_setnum(settings, b"synth.sample-rate", sample_rate)
    synth = fluidsynth.new_fluid_synth(settings)
    try:
        if rate == _FAILED:
            raise InputError(f"sample_rate {sample_rate}: more or less than FluidSynth can play")
        font = fluidsynth.fluid_synth_sfload(synth, str(soundfont).encode(), 0)
        if font == _FAILED:
            raise InputError(f"render.soundfont {soundfont}: cannot be read as a SoundFont")
        selected = fluidsynth.fluid_synth_program_select(synth, 0, font, stem.bank, stem.programme)
        if selected == _FAILED:
            raise InputError(
                f"render.soundfont {soundfont}: has no preset {stem.bank}:{stem.programme}"
            )
        fluidsynth.fluid_synth_set_interp_method(synth, -1, _INTERPOLATION)
        fluidsynth.fluid_synth_set_gen(synth, 0, _COARSE_TUNE, float(stem.transpose))
        return _perform(fluidsynth, synth, _events(stem, repeat_s, samples, sample_rate), samples)
    finally:
        fluidsynth.delete_fluid_synth(synth)
        fluidsynth.delete_fluid_settings(settings)


Event = tuple[int, int, int]  # sample, velocity (0: the note ends), pitch


def _events(stem: Stem, repeat_s: float, samples: int, sample_rate: int) -> list[Event]:
    """Every start and end of a note within the clip, ends before starts at one sample."""
    events = []
    strokes: dict[int, list[tuple[float, float, int]]] = {}
    passes = int(np.ceil(samples / sample_rate / repeat_s))
    for begin in range(passes):
        for note in stem.notes:
            start = note.start + begin * repeat_s
            strokes.setdefault(note.pitch, []).append((start, note.duration, note.velocity))
    for pitch, played in strokes.items():
        played.sort()
        following = [start for start, _, _ in played[1:]] + [np.inf]
        for (start, duration, velocity), next_start in zip(played, following, strict=True):
            events.append((round(start * sample_rate), velocity, pitch))
            # An end after the pitch's next stroke would cut that stroke off.
            if start + duration < next_start:
                events.append((round((start + duration) * sample_rate), 0, pitch))
    return sorted(event for event in events if event[0] < samples)


def _perform(fluidsynth: ctypes.CDLL, synth: int, events: list[Event], samples: int) -> np.ndarray:
    left, right = sound = np.zeros((2, samples), dtype=np.float32)

    def advance(start: int, stop: int) -> None:
        if stop > start:
            to_left, to_right = (part[start:].ctypes.data for part in (left, right))
            fluidsynth.fluid_synth_write_float(synth, stop - start, to_left, 0, 1, to_right, 0, 1)

    now = 0
    for sample, velocity, pitch in events:
        advance(now, sample)
        now = sample
        if velocity:
            fluidsynth.fluid_synth_noteon(synth, 0, pitch, velocity)
        else:
            fluidsynth.fluid_synth_noteoff(synth, 0, pitch)
    advance(now, samples)
    return sound.mean(axis=0, dtype=np.float64)
