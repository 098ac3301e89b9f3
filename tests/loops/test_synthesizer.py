"""FluidSynth plays what is written, when it is written, and says what is wrong with its files."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from siamese_drc.core.errors import InputError
from siamese_drc.loops.score import PERCUSSION, Note, Stem
from siamese_drc.loops.synthesizer import bundled_library, bundled_soundfont, play

ROOT = Path(__file__).parents[2]
SOUNDFONT, LIBRARY = bundled_soundfont(), bundled_library()
RATE = 44100
BLOCK = 64  # FluidSynth acts on events at blocks of this many samples
ORGAN, FLUTE, WOODBLOCK = 16, 73, 76


def sound_of(stem: Stem, *, repeat_s: float = 100.0, seconds: float = 1.0, **changed) -> np.ndarray:
    arguments = {"sample_rate": RATE, "soundfont": SOUNDFONT, "library": LIBRARY, **changed}
    return play(stem, repeat_s=repeat_s, samples=round(seconds * RATE), **arguments)


def pitch_hz(signal: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(len(signal))))
    return np.argmax(spectrum) * RATE / len(signal)


def rms(signal: np.ndarray) -> float:
    return float(np.sqrt(np.mean(signal**2)))


@pytest.mark.parametrize(("transpose", "expected_hz"), [(0, 440.0), (12, 880.0), (-7, 293.66)])
def test_a_note_has_its_pitch(transpose, expected_hz):
    stem = Stem("flute", 0, FLUTE, (Note(0.0, 2.0, 69, 100),), transpose=transpose)
    assert pitch_hz(sound_of(stem)[RATE // 4 :]) == pytest.approx(expected_hz, rel=0.01)


def test_notes_begin_at_their_times_and_the_loop_repeats():
    block = Stem("block", PERCUSSION, 0, (Note(0.1, 0.1, WOODBLOCK, 120),))
    signal = sound_of(block, repeat_s=0.25)
    for start in (0.1, 0.35, 0.6, 0.85):
        sample = round(start * RATE)
        before, after = signal[sample - 200 : sample], signal[sample : sample + BLOCK + 400]
        assert np.max(np.abs(after)) > 100 * np.max(np.abs(before))


def test_a_note_ends_after_its_duration():
    organ = Stem("organ", 0, ORGAN, (Note(0.0, 0.4, 60, 100),))
    signal = sound_of(organ)
    assert rms(signal[RATE // 5 : 2 * RATE // 5]) > 100 * rms(signal[4 * RATE // 5 :])


def test_the_end_of_a_note_does_not_cut_off_its_next_stroke():
    twice = Stem("organ", 0, ORGAN, (Note(0.0, 0.5, 60, 100), Note(0.3, 2.0, 60, 100)))
    signal = sound_of(twice)
    assert rms(signal[7 * RATE // 10 :]) > 0.5 * rms(signal[RATE // 10 : 3 * RATE // 10])


def test_nothing_of_an_earlier_stem_remains():
    stem = Stem("flute", 0, FLUTE, (Note(0.0, 0.2, 69, 100), Note(0.3, 0.2, 72, 60)))
    first = sound_of(stem)
    sound_of(Stem("organ", 0, ORGAN, (Note(0.0, 5.0, 40, 127),)))
    np.testing.assert_array_equal(sound_of(stem), first)


def test_unusable_files_are_named(tmp_path):
    stem = Stem("flute", 0, FLUTE, ())
    text = tmp_path / "not.sf2"
    text.write_text("not a SoundFont")
    with pytest.raises(InputError, match=r"soundfont .*not\.sf2: cannot be read"):
        sound_of(stem, soundfont=text)
    with pytest.raises(InputError, match=r"fluidsynth_library .*not\.sf2: not a FluidSynth"):
        sound_of(stem, library=text)
    with pytest.raises(InputError, match=r"soundfont .*missing\.sf2: cannot be read"):
        sound_of(stem, soundfont=Path("missing.sf2"))


def test_a_library_that_is_not_fluidsynth_is_named():
    other = next(bundled_library().parent.glob("libsndfile*"))
    with pytest.raises(InputError, match=r"fluidsynth_library .*libsndfile.*: not a FluidSynth"):
        sound_of(Stem("flute", 0, FLUTE, ()), library=other)


def test_loading_the_library_changes_nothing_for_other_code():
    script = """
import ctypes.util, sys
look_up = ctypes.util.find_library
from siamese_drc.loops.score import Stem
from siamese_drc.loops.synthesizer import bundled_library, bundled_soundfont, play
play(Stem("flute", 0, 73, ()), repeat_s=1.0, samples=64, sample_rate=44100,
     soundfont=bundled_soundfont(), library=bundled_library())
assert ctypes.util.find_library is look_up
assert "fluidsynth" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "CI": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize(
    ("find", "message"),
    [
        (bundled_library, "fluidsynth_library: not given, and the package pygame-ce"),
        (bundled_soundfont, "soundfont: not given, and the package pretty_midi"),
    ],
)
def test_a_missing_package_is_named(monkeypatch, find, message):
    monkeypatch.setattr(importlib.util, "find_spec", {}.get)
    with pytest.raises(InputError, match=message):
        find()


def test_pyfluidsynth_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", {}.get)
    with pytest.raises(InputError, match="the package pyfluidsynth is not installed"):
        sound_of(Stem("flute", 0, FLUTE, ()), library=Path("any"), soundfont=Path("any"))


def test_a_missing_preset_is_named():
    with pytest.raises(InputError, match="has no preset 77:5"):
        sound_of(Stem("nothing", 77, 5, ()))


def test_a_rate_beyond_fluidsynth_is_an_error():
    with pytest.raises(InputError, match="sample_rate 192000"):
        sound_of(Stem("flute", 0, FLUTE, ()), sample_rate=192000)
