"""A session keeps what it needs, and nothing after its end; copies are equally loud."""

from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest
import soundfile

from siamese_drc.app.sessions import LONGEST_S, Session, equal_loudness_db, write_copy
from siamese_drc.core.errors import InputError
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
    session.find(*files)
    results = [session.apply(SETTINGS) for _ in range(4)]
    assert [result.audio.is_file() for result in results] == [False, False, True, True]
    assert all(copy.is_file() for copy in results[-1].copies.values())
    session.find(*files)
    left = [path.name for path in session.folder.rglob("*") if path.is_file()]
    assert sorted(left) == ["loop.wav", "reference.wav"]


def test_the_end_removes_results_and_uploads(tmp_path, asked, files):
    session = Session(tmp_path / "sessions")
    session.uploads.update(files)
    session.find(*files)
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
        session.find(long, files[1])
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
