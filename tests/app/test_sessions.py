"""A session keeps what it needs, and nothing after its end; copies are equally loud."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pyloudnorm
import pytest
import soundfile

from siamese_drc.app.sessions import (
    LONGEST_S,
    Session,
    equal_loudness_db,
    played_stretches,
    write_copy,
)
from siamese_drc.core.errors import InputError
from siamese_drc.export.files import FILES
from siamese_drc.match import process
from siamese_drc.match.answer import Position
from tests.app.made_up_files import write_sound
from tests.compressor.textbook import drum_loop
from tests.match.made_up_answers import FOUND

RATE = 44100
SETTINGS = {name: found.value for name, found in FOUND.items()}


@pytest.fixture
def files(tmp_path):
    return [write_sound(tmp_path / f"{name}.wav", gain=0.5) for name in ("loop", "reference")]


def test_every_session_has_its_own_folder(tmp_path):
    assert Session(tmp_path).folder != Session(tmp_path).folder


def test_only_the_last_two_results_are_kept(tmp_path, asked, files):
    session = Session(tmp_path / "sessions")
    session.find(files[0], files[1:])
    results = [session.apply(SETTINGS) for _ in range(4)]
    assert [result.audio.is_file() for result in results] == [False, False, True, True]
    assert all(copy.is_file() for copy in results[-1].copies.values())
    assert not session.find(files[0], files[1:])  # the same: as each of several uploads asks
    assert results[-1].audio.is_file()
    session.find(files[0], files[1:], amount=50.0)
    left = [path.name for path in session.folder.rglob("*") if path.is_file()]
    assert sorted(left) == ["loop.wav", "reference.wav"]


def test_the_end_removes_results_and_uploads(tmp_path, asked, files):
    session = Session(tmp_path / "sessions")
    session.uploads.update(files)
    session.find(files[0], files[1:])
    session.apply(SETTINGS)
    session.end()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert list((tmp_path / "sessions").iterdir()) == []


def test_an_error_names_the_file_without_its_folder(tmp_path, files):
    long = tmp_path / "long.wav"
    with soundfile.SoundFile(long, "w", 4000, 1, "PCM_U8") as file:
        file.write(np.zeros(round(LONGEST_S + 60) * 4000))
    session = Session(tmp_path / "sessions")
    with pytest.raises(InputError, match=r"^long\.wav: lasts 11 min, the page takes 10 min"):
        session.find(long, files[1:])
    assert session.answer is None


def test_copies_with_their_gains_are_equally_loud_and_do_not_clip(tmp_path):
    drums = drum_loop(RATE)
    steady = 3 * np.sin(np.arange(RATE) / 7)
    signals = {"drums": np.stack([drums, drums / 4]), "steady": steady[np.newaxis]}
    loudness = {
        name: write_copy(tmp_path / name, signal.astype(np.float32), RATE)
        for name, signal in signals.items()
    }
    gains = equal_loudness_db(loudness)
    assert max(gains.values()) == 0
    heard = []
    for name, gain_db in gains.items():
        frames, rate = soundfile.read(tmp_path / name)
        assert np.abs(frames).max() == pytest.approx(1, abs=1e-4)
        loud = 10 ** (gain_db / 20) * frames
        heard.append(pyloudnorm.Meter(rate).integrated_loudness(loud))
    assert heard[0] == pytest.approx(heard[1], abs=0.01)


def test_a_short_stretch_has_a_loudness(tmp_path):
    signal = drum_loop(RATE)[np.newaxis, : RATE // 5].astype(np.float32)
    assert -60 < write_copy(tmp_path / "short", signal, RATE) < 0


def test_more_channels_than_two_are_heard_as_their_mean(tmp_path):
    signal = np.stack([drum_loop(RATE) * share for share in (1, 0.5, 0.5, 0.2, 0.1, 0.1)])
    assert np.isfinite(write_copy(tmp_path / "six", signal.astype(np.float32), RATE))
    heard, _ = soundfile.read(tmp_path / "six")
    np.testing.assert_allclose(heard, signal[0] / np.abs(signal[0]).max(), atol=1e-4)


def test_the_same_performance_is_played_from_the_same_place_on():
    signals = {"loop": np.zeros((1, 8 * 100)), "reference": np.zeros((1, 5 * 100))}
    rates = {"loop": 100, "reference": 100}
    later = Position(delay_s=-2.0, speed=1.0, inverted=False, start_s=1.0, seconds=5.0)
    assert played_stretches(signals, rates, later) == {
        "loop": slice(200, 700),
        "reference": slice(0, 500),
    }


def test_of_long_files_the_loudest_half_minute_is_played_and_a_note_says_so(tmp_path, asked):
    quiet = np.full(50 * 4000, 0.001)
    loud = quiet.copy()
    loud[15 * 4000 : 45 * 4000] = np.tile([0.5, -0.5], 15 * 4000)
    long = tmp_path / "long.wav"
    soundfile.write(long, loud, 4000)
    session = Session(tmp_path / "sessions")
    session.find(long, [write_sound(tmp_path / "reference.wav", gain=0.5)])
    copy = session.apply(SETTINGS).copies["loop"]
    assert soundfile.info(copy).duration == 30
    assert session.notes == [
        "long.wav: lasts 50 s, of which 30 s were used",
        "30 s of the loop, from 15 s on, are played; the download is the whole loop",
    ]


def test_a_result_that_would_clip_states_the_settings_of_its_sound(tmp_path, asked, files):
    session = Session(tmp_path / "sessions")
    session.find(files[0], files[1:])
    result = session.apply({**SETTINGS, "makeup_db": 24.0})
    assert result.settings["makeup_db"] < 24
    assert json.loads(result.answer.read_text())["applied"] == result.settings
    gain = 10 ** (result.settings["makeup_db"] / 20)
    sound = soundfile.read(result.audio)[0]
    by_library = process(
        soundfile.read(files[0], dtype="float32")[0],
        {**SETTINGS, "makeup_db": 0.0},
        sample_rate=RATE,
    )
    np.testing.assert_allclose(sound, gain * by_library, atol=1e-5)


def test_exports_are_those_of_the_applied_settings(tmp_path, asked, files):
    session = Session(tmp_path / "sessions")
    session.find(files[0], files[1:])
    session.apply({**SETTINGS, "ratio": 8.0})
    archive, exported = session.export()
    assert {each.file for each in exported} == {*zipfile.ZipFile(archive).namelist()} & {*FILES}
    assert len(exported) == len(FILES)
