"""FluidSynth through pyfluidsynth: the same notes give the same samples on every run.

Each stem gets a new synthesizer, on one core, without FluidSynth's reverb and chorus and with a
fixed interpolation, so that its sound does not depend on the stems before it.
"""

from __future__ import annotations

import importlib.util
from ctypes import c_float, c_int, c_void_p
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from siamese_drc.core.errors import InputError
from siamese_drc.loops.score import Stem

_SETTINGS = {
    "synth.reverb.active": 0,
    "synth.chorus.active": 0,
    "synth.cpu-cores": 1,
    "synth.dynamic-sample-loading": 1,
}
_GAIN = 0.2  # FluidSynth's default: far below full scale, in floating point
_CHANNELS = 16  # FluidSynth's default
_INTERPOLATION = 7  # 7th order, the best of FluidSynth's
_COARSE_TUNE = 51  # SoundFont generator, in semitones
_LOG_LEVELS = 5

# Functions that pyfluidsynth 1.4 does not bind, with the types of the result and the arguments.
_LACKING = {
    "fluid_set_log_function": (c_void_p, c_int, c_void_p, c_void_p),
    "fluid_synth_set_interp_method": (c_int, c_void_p, c_int, c_int),
    "fluid_synth_set_gen": (c_int, c_void_p, c_int, c_int, c_float),
    "fluid_synth_write_float": (
        *(c_int, c_void_p, c_int),
        *(c_void_p, c_int, c_int),  # left: where, from which sample, step
        *(c_void_p, c_int, c_int),  # right
    ),
}


def bundled_library() -> Path:
    """Return the path of the FluidSynth in the wheel of pygame-ce; InputError if there is none."""
    return _beside("pygame", "../pygame_ce.libs/libfluidsynth*", "fluidsynth_library", "pygame-ce")


def bundled_soundfont() -> Path:
    """Return the path of the SoundFont in pretty_midi; InputError if there is none."""
    return _beside("pretty_midi", "*.sf2", "soundfont", "pretty_midi")


def _beside(module: str, pattern: str, parameter: str, package: str) -> Path:
    """Find a file by the place of a module, which is not imported."""
    found = importlib.util.find_spec(module)
    files = sorted(Path(found.origin).parent.glob(pattern)) if found and found.origin else []
    if not files:
        raise InputError(
            f"{parameter}: not given, and the package {package} does not contain one; name a file"
        )
    return files[0].resolve()


@cache
def _fluidsynth(library: str) -> ModuleType:
    """Return a private copy of pyfluidsynth that is bound to a library, with what it lacks.

    pyfluidsynth looks for the library of the system while it is imported: during that moment, the
    look-up returns `library`. The `import fluidsynth` of other code is unchanged, and one process
    can use several libraries.
    """
    from unittest import mock  # imports asyncio

    spec = importlib.util.find_spec("fluidsynth")
    if spec is None or spec.loader is None:
        raise InputError("the package pyfluidsynth is not installed")
    module = importlib.util.module_from_spec(spec)
    vars(module)["print"] = lambda *_: None  # under CI it prints where the library is
    try:
        with mock.patch("ctypes.util.find_library", return_value=library):
            spec.loader.exec_module(module)
    except (OSError, TypeError) as error:  # not a library, or not one of FluidSynth
        raise InputError(f"fluidsynth_library {library}: not a FluidSynth ({error})") from None
    for name, (result, *kinds) in _LACKING.items():
        arguments = [(f"argument {place}", kind, 1) for place, kind in enumerate(kinds)]
        setattr(module, name, module.cfunc(name, result, *arguments))
    for level in range(_LOG_LEVELS):  # its warnings are about sound cards, which are not used
        module.fluid_set_log_function(level, None, None)
    return module


def play(
    stem: Stem, *, repeat_s: float, samples: int, sample_rate: int, soundfont: Path, library: Path
) -> np.ndarray:
    """Return the sound of one stem, shape (samples,), float64: the mean of both channels.

    Its notes start again every `repeat_s` seconds. A note sounds until its end, or until its pitch
    is struck again. `soundfont` is the .sf2 file, `library` libfluidsynth itself.

    Raises
    ------
    InputError
        If the library or the SoundFont cannot be loaded, the SoundFont has no such preset, or the
        rate is outside FluidSynth's range.
    """
    fluidsynth = _fluidsynth(str(library))
    synth = fluidsynth.Synth(_GAIN, sample_rate, _CHANNELS, **_SETTINGS)
    try:
        if synth.get_setting("synth.sample-rate") != sample_rate:
            raise InputError(f"sample_rate {sample_rate}: outside FluidSynth's range")
        font = synth.sfload(str(soundfont))
        if font == fluidsynth.FLUID_FAILED:
            raise InputError(f"soundfont {soundfont}: cannot be read as a SoundFont")
        selected = synth.program_select(0, font, stem.bank, stem.programme)
        if selected == fluidsynth.FLUID_FAILED:
            raise InputError(f"soundfont {soundfont}: has no preset {stem.bank}:{stem.programme}")
        fluidsynth.fluid_synth_set_interp_method(synth.synth, -1, _INTERPOLATION)
        fluidsynth.fluid_synth_set_gen(synth.synth, 0, _COARSE_TUNE, stem.transpose)
        events = _events(stem, repeat_s, samples, sample_rate)
        return _perform(fluidsynth, synth, events, samples).mean(axis=0, dtype=np.float64)
    finally:
        synth.delete()


Event = tuple[int, int, int]  # sample, velocity (0: the note ends), pitch


def _events(stem: Stem, repeat_s: float, samples: int, sample_rate: int) -> list[Event]:
    """Return every start and end of a note in the clip, ends before starts at one sample."""
    events = []
    passes = range(int(np.ceil(samples / sample_rate / repeat_s)))
    strokes = sorted(
        (note.pitch, note.start + begin * repeat_s, note.duration, note.velocity)
        for begin in passes
        for note in stem.notes
    )
    last = (-1, 0.0, 0.0, 0)
    for (pitch, start, duration, velocity), following in pairwise([*strokes, last]):
        next_pitch, next_start, *_ = following
        events.append((round(start * sample_rate), velocity, pitch))
        # An end after the next stroke of the pitch would cut that stroke off.
        if pitch != next_pitch or start + duration < next_start:
            events.append((round((start + duration) * sample_rate), 0, pitch))
    return sorted(event for event in events if event[0] < samples)


def _perform(fluidsynth: ModuleType, synth: Any, events: list[Event], samples: int) -> np.ndarray:
    """Return both channels, shape (2, samples), float32."""
    left, right = sound = np.zeros((2, samples), dtype=np.float32)

    def advance(start: int, stop: int) -> None:
        if stop > start:
            places = left.ctypes.data, start, 1, right.ctypes.data, start, 1
            fluidsynth.fluid_synth_write_float(synth.synth, stop - start, *places)

    now = 0
    for sample, velocity, pitch in events:
        advance(now, sample)
        now = sample
        if velocity:
            synth.noteon(0, pitch, velocity)
        else:
            synth.noteoff(0, pitch)
    advance(now, samples)
    return sound
