"""Files that cannot be used: one clear line, exit code 2, and nothing half-written."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from siamese_drc import audio
from tests.app.made_up_files import RATE, as_nobody, write_sound
from tests.full_disk import at_most


@pytest.fixture
def good(tmp_path):
    return write_sound(tmp_path / "good.wav")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def without_samples(path: Path) -> None:
    soundfile.write(path, np.zeros(0), RATE)


def corrupt(path: Path) -> None:
    path.write_bytes(b"RIFF" + bytes(range(256)) * 20)


def silent(path: Path) -> None:
    soundfile.write(path, np.full(RATE, 1e-5), RATE, subtype="PCM_24")


def tenth_of_a_second(path: Path) -> None:
    write_sound(path, seconds=0.1)


def not_a_number(path: Path) -> None:
    signal = write_noise(3 * RATE)
    signal[-1] = np.nan
    soundfile.write(path, signal, RATE, subtype="FLOAT")


def loop_of_links(path: Path) -> None:
    path.symlink_to(path.name)


def pipe_without_a_writer(path: Path) -> None:
    os.mkfifo(path)


def rate_of_a_hertz(path: Path) -> None:
    soundfile.write(path, write_noise(RATE), 1)


def infinite(path: Path) -> None:
    soundfile.write(path, np.where(np.arange(RATE) == 100, np.inf, 0.1), RATE, subtype="FLOAT")


def folder(path: Path) -> None:
    path.mkdir()


def missing(path: Path) -> None:
    pass


def write_noise(samples: int) -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal(samples)


BAD = {
    empty: "is empty, must be an audio file",
    without_samples: "cannot be read as audio (it holds no samples)",
    corrupt: "cannot be read as audio",
    silent: "is silent, its peak must exceed -80 dBFS",
    tenth_of_a_second: "lasts 0.1 s, must last at least 0.5 s",
    loop_of_links: "cannot be read (Too many levels of symbolic links)",
    pipe_without_a_writer: "gave no data for 0.1 s",
    rate_of_a_hertz: "its sample rate is 1 Hz, must be from 4000 to 768000 Hz",
    infinite: "holds samples that are not finite numbers",
    not_a_number: "holds samples that are not finite numbers",
    folder: "cannot be read (Is a directory)",
    missing: "cannot be read (No such file or directory)",
}


@pytest.mark.parametrize("as_loop", [True, False])
@pytest.mark.parametrize("made", BAD, ids=lambda made: made.__name__)
def test_a_file_that_cannot_be_used_is_one_line(
    asked, command, monkeypatch, tmp_path, good, made, as_loop
):
    monkeypatch.setattr(audio, "PIPE_WAIT_S", 0.1)
    bad, output = tmp_path / "bad.wav", tmp_path / "result.wav"
    made(bad)
    files = (bad, good) if as_loop else (good, bad)
    error = command(*files, output, "--json", "--plot", tmp_path / "picture.svg").error
    assert error.startswith(f"error: {bad}: ")
    assert BAD[made] in error
    assert not output.exists()
    assert not list(tmp_path.glob(".drc-match-*"))
    assert not (tmp_path / "picture.svg").exists()


def test_a_number_that_is_none_beyond_the_part_that_is_analysed_stops_the_output(
    asked, command, tmp_path, good
):
    signal = write_noise(40 * 8000)
    signal[: 31 * 8000] *= 2
    signal[-1] = np.nan
    bad, output = tmp_path / "bad.wav", tmp_path / "result.wav"
    soundfile.write(bad, signal, 8000, subtype="FLOAT")
    assert "not finite numbers" in command(bad, good, output).error
    assert not output.exists()
    assert not list(tmp_path.glob(".drc-match-*"))


@pytest.mark.parametrize("name", ["half.wav", "half.flac", "half.mp3"])
def test_of_half_a_file_the_half_is_used_and_a_note_says_so(asked, command, tmp_path, good, name):
    encoding = {"half.mp3": "MPEG_LAYER_III"}.get(name, "PCM_24")
    half = write_sound(tmp_path / name, seconds=4, encoding=encoding)
    data = half.read_bytes()
    half.write_bytes(data[: len(data) // 2])
    output = tmp_path / "out.wav"
    ran = command(half, good, output)
    (note,) = [line for line in ran.out.splitlines() if "incomplete" in line]
    said = re.search(r"half\.\w+: is incomplete: ([\d.]+) s of 4\.00 s can be decoded", note)
    assert said
    assert soundfile.info(output).duration == pytest.approx(float(said[1]), abs=0.01)


def test_names_outside_utf_8_are_read_written_and_printed(asked, command, tmp_path, good):
    name = tmp_path / os.fsdecode(b"caf\xe9.wav")
    data = good.read_bytes()
    name.write_bytes(data[: len(data) * 3 // 4])
    output = tmp_path / os.fsdecode(b"caf\xe9-out.wav")
    ran = command(name, good, output)
    assert ran.code == 0
    assert output.is_file()
    assert "caf\\udce9.wav: is incomplete" in ran.out


@pytest.mark.parametrize(
    ("encoding", "rate", "channels"),
    [("PCM_U8", 44100, 1), ("PCM_24", 192000, 1), ("PCM_16", 44100, 2), ("DOUBLE", 8000, 6)],
)
def test_unusual_files_are_fine(asked, command, tmp_path, good, encoding, rate, channels):
    loop = write_sound(
        tmp_path / "loop.wav", encoding=encoding, rate=rate, channels=channels, gain=0.5
    )
    output = tmp_path / "result.wav"
    for files in [(loop, good, output), (good, loop)]:
        assert command(*files).code == 0
    info = soundfile.info(output)
    assert (info.samplerate, info.channels, info.frames) == (rate, channels, rate)
    assert info.subtype == ("DOUBLE" if encoding == "DOUBLE" else "PCM_24")


def test_no_permission_is_one_line(asked, command, tmp_path, good):
    secret, output = write_sound(tmp_path / "secret.wav"), tmp_path / "out.wav"
    secret.chmod(0)
    for place in [tmp_path, *tmp_path.parents]:
        if place.owner() == tmp_path.owner() and place != place.parent:
            place.chmod(place.stat().st_mode | 0o055)
    good.chmod(0o644)
    import siamese_drc.app.pictures  # noqa: F401 (as nobody it may not be readable)

    with as_nobody():
        for_loop, for_output = command(secret, good), command(good, good, output)
        for_picture = command(good, good, "--plot", tmp_path / "picture.svg")
    assert for_loop.error == f"error: {secret}: cannot be read (Permission denied)"
    assert (
        for_output.error == f"error: {tmp_path / 'out.wav'}: cannot be written (Permission denied)"
    )
    assert "cannot be written (Permission denied)" in for_picture.error


@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_a_disk_that_fills_up_leaves_the_old_output(asked, command, tmp_path, good, ending):
    output = tmp_path / f"out.{ending}"
    output.write_bytes(b"what was there")
    with at_most(50_000):
        error = command(good, good, output).error
    assert error.startswith(f"error: {output}: writing stopped, is the disk full?")
    assert output.read_bytes() == b"what was there"
    assert {path.name for path in tmp_path.iterdir()} == {"good.wav", output.name}


def test_an_output_whose_name_is_too_long_is_one_line(asked, command, tmp_path, good):
    loop, name = write_sound(tmp_path / "loop.wav"), 300 * "a"
    for arguments in (
        (tmp_path / f"{name}.wav",),
        ("--plot", tmp_path / f"{name}.svg"),
        ("--export", tmp_path / name),
    ):
        assert "(File name too long)" in command(loop, good, *arguments).err


def test_no_file_of_the_users_has_a_temporary_name(asked, command, tmp_path, good):
    loop = write_sound(tmp_path / "out.wav.tmp.wav")
    beside = tmp_path / "out.wav.tmp"
    beside.mkdir()
    (beside / "notes.txt").write_text("mine")
    assert command(loop, good, tmp_path / "out.wav").code == 0
    assert (beside / "notes.txt").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("good.wav", "out.wav", "out.wav.tmp", "out.wav.tmp.wav"),
    ]


def test_standard_input_is_one_file(command, tmp_path):
    assert "standard input can be given only once" in command("-", "-").error


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("out.mp3", "its ending must be one of .wav, .flac"),
        ("out", "its ending must be one of .wav, .flac"),
        ("folder.wav", "is a folder, must be the name of a file"),
        ("good.wav/out.wav", "good.wav: is a file, must be a folder"),
    ],
)
def test_an_output_that_cannot_be_is_one_line(asked, command, tmp_path, good, name, message):
    (tmp_path / "folder.wav").mkdir()
    output = tmp_path / name
    loop = write_sound(tmp_path / "loop.wav")
    assert message in command(loop, good, output).error
    assert not list(tmp_path.glob(".drc-match-*"))
