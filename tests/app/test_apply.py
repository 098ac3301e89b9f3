"""`drc-match apply`: which files it writes, what is in them, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from siamese_drc.app.apply import read_settings
from siamese_drc.core.errors import InputError
from siamese_drc.match.families import FamilyCompressor
from siamese_drc.match.sound import process
from tests.app.made_up_files import RATE, write_sound

VALUES = {
    "threshold_db": -24.0,
    "ratio": 4.0,
    "attack_ms": 5.0,
    "release_ms": 100.0,
    "makeup_db": 1.0,
}


@pytest.fixture
def settings(tmp_path) -> Path:
    return write_settings(tmp_path / "settings.json", {"settings": VALUES})


def write_settings(path: Path, document: object) -> Path:
    path.write_text(json.dumps(document))
    return path


def read(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float32", always_2d=True)[0].T


def test_files_and_folders_are_processed_into_another_folder(command, settings, tmp_path):
    folder = tmp_path / "takes"
    (folder / "deep").mkdir(parents=True)
    one = write_sound(folder / "one.wav", gain=0.3)
    two = write_sound(folder / "deep" / "two.mp3", encoding="MPEG_LAYER_III", gain=0.3)
    (folder / "notes.txt").write_text("no sound")
    other = write_sound(tmp_path / "other.flac", channels=2, gain=0.3)
    ran = command("apply", settings, folder, other, "--into", tmp_path / "out")
    assert ran.code == 0
    written = {one: "one.wav", two: "deep/two.wav", other: "other.flac"}
    paths = [tmp_path / "out" / name for name in ("deep/two.wav", "one.wav", "other.flac")]
    assert sorted(ran.out.splitlines()) == [f"written: {path}" for path in paths]
    for source, name in written.items():
        expected = process(read(source), VALUES, sample_rate=RATE)
        np.testing.assert_allclose(read(tmp_path / "out" / name), expected, atol=2**-23)


def test_without_a_folder_the_names_are_extended(command, settings, tmp_path):
    source = write_sound(tmp_path / "one.wav", gain=0.3)
    assert command("apply", settings, source).code == 0
    assert (tmp_path / "one-compressed.wav").is_file()


def test_stems_add_up_to_the_mix_processed(command, settings, tmp_path):
    random = np.random.default_rng(0)
    stems = 0.1 * random.standard_normal((3, 2, 80_000))
    stems[2, :, 60_000:] = 0  # this one ends early
    files = [tmp_path / f"{name}.wav" for name in ("kick", "bass", "voice")]
    for path, stem, frames in zip(files, stems, (80_000, 80_000, 60_000), strict=True):
        soundfile.write(path, stem[:, :frames].T, RATE, subtype="FLOAT")
    ran = command("apply", settings, *files, "--stems", "--into", tmp_path / "out")
    assert ran.code == 0
    wet = np.zeros((2, 80_000))
    for path in files:
        stem = read(tmp_path / "out" / path.name)
        wet[:, : stem.shape[1]] += stem
    expected = process(stems.sum(axis=0), VALUES, sample_rate=RATE)
    np.testing.assert_allclose(wet, expected, atol=1e-5)


def test_a_file_in_a_folder_is_never_written_over(command, settings, tmp_path):
    """`a-compressed.wav` may be what an earlier run has written, or the user's own."""
    (tmp_path / "takes").mkdir()
    write_sound(tmp_path / "takes" / "a.wav", gain=0.3)
    own = write_sound(tmp_path / "takes" / "a-compressed.wav", gain=0.1)
    before = own.read_bytes()
    assert "is an input" in command("apply", settings, own.parent).error
    assert own.read_bytes() == before


def test_what_is_hidden_in_a_folder_is_left_alone(command, settings, tmp_path):
    """An unfinished output, for example."""
    (tmp_path / "takes" / ".drc-match-x").mkdir(parents=True)
    source = write_sound(tmp_path / "takes" / "a.wav", gain=0.3)
    write_sound(tmp_path / "takes" / ".drc-match-x" / "a-compressed.wav")
    ran = command("apply", settings, source.parent)
    assert ran.out.splitlines() == [f"written: {source.parent / 'a-compressed.wav'}"]


def test_the_outputs_may_lie_above_the_folder(command, settings, tmp_path):
    (tmp_path / "takes").mkdir()
    write_sound(tmp_path / "takes" / "a.wav", gain=0.3)
    ran = command("apply", settings, tmp_path / "takes", "--into", tmp_path)
    assert ran.out.splitlines() == [f"written: {tmp_path / 'a.wav'}"]


def test_stems_add_up_where_channels_are_not_linked(command, tmp_path):
    document = {"settings": VALUES, "link": "unlinked"}
    settings = write_settings(tmp_path / "settings.json", document)
    stems = [0.2 * np.random.default_rng(n).standard_normal((2, 40_000)) for n in range(2)]
    stems[0][1] *= 0.1
    names = ["a.wav", "b.wav", "mix.wav"]
    for name, signal in zip(names, [*stems, np.add(*stems)], strict=True):
        soundfile.write(tmp_path / name, signal.T, RATE, subtype="FLOAT")
    files = [tmp_path / name for name in names]
    assert command("apply", settings, *files[:2], "--stems", "--into", tmp_path / "out").code == 0
    assert command("apply", settings, files[2], "--into", tmp_path / "out").code == 0
    one, two, mix = (read(tmp_path / "out" / name) for name in names)
    np.testing.assert_allclose(one + two, mix, atol=1e-5)


def test_stems_that_would_clip_are_all_lowered(command, tmp_path):
    loud = write_settings(tmp_path / "loud.json", {**VALUES, "ratio": 1.0, "makeup_db": 12.0})
    files = [write_sound(tmp_path / "a.wav"), write_sound(tmp_path / "b.wav", gain=0.1)]
    ran = command("apply", loud, *files, "--stems", "--into", tmp_path / "out")
    first, second = (read(tmp_path / "out" / path.name) for path in files)
    assert "note: a stem would clip: all were made" in ran.out
    assert 0.99 < np.abs(first).max() < 1
    np.testing.assert_allclose(second, 0.1 * first, atol=3e-5)


def test_stems_must_agree(command, settings, tmp_path):
    files = [write_sound(tmp_path / "a.wav"), write_sound(tmp_path / "b.wav", rate=48000)]
    error = command("apply", settings, *files, "--stems", "--into", tmp_path / "out").error
    assert "b.wav: has 48000 Hz and 1 channels, but" in error
    assert not (tmp_path / "out").exists()


def test_the_design_of_the_compressor_is_followed(command, tmp_path):
    document = {"settings": VALUES, "family": "level", "link": "maximum"}
    settings = write_settings(tmp_path / "settings.json", document)
    source = write_sound(tmp_path / "a.wav", channels=2, gain=0.5, encoding="FLOAT")
    assert command("apply", settings, source).code == 0
    compressor = FamilyCompressor(
        VALUES, sample_rate=RATE, family="level", link="maximum", channels=2
    )
    expected = compressor.process(read(source)).signal
    np.testing.assert_allclose(read(tmp_path / "a-compressed.wav"), expected, atol=1e-6)


def test_one_bad_file_does_not_stop_the_others(command, settings, tmp_path):
    good, bad = write_sound(tmp_path / "good.wav", gain=0.3), tmp_path / "bad.wav"
    bad.write_bytes(b"no sound")
    ran = command("apply", settings, bad, good, tmp_path / "missing.wav")
    assert ran.code == 2
    errors = [line for line in ran.err.splitlines() if line.startswith("error: ")]
    assert [error.split(": ")[1] for error in errors] == [str(bad), str(tmp_path / "missing.wav")]
    assert ran.out.splitlines() == [
        f"written: {tmp_path / 'good-compressed.wav'}",
        "2 of 3 files could not be processed",
    ]


def test_no_input_is_written_over(command, settings, tmp_path):
    source = write_sound(tmp_path / "a.wav")
    assert "is an input" in command("apply", settings, source, "--into", tmp_path).error
    reference = write_sound(tmp_path / "a-compressed.wav")
    assert "is an input" in command("apply", settings, reference, source).error
    twice = write_sound(tmp_path / "a.flac")
    assert "would be written to" not in command("apply", settings, twice).err
    (tmp_path / "b").mkdir()
    also = write_sound(tmp_path / "b" / "a.wav")
    error = command("apply", settings, source, also, "--into", tmp_path / "c").error
    assert "would be written to" in error


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON"),
        ("[1]", "must hold the settings by their names"),
        ('{"settings": {"ratio": 4}}', "threshold_db None, must be a number"),
        (json.dumps({**VALUES, "ratio": 0.5}), "ratio 0.5: must be at least 1"),
        (json.dumps({**VALUES, "ratio": True}), "ratio True, must be a number"),
        (json.dumps({**VALUES, "makeup_db": float("nan")}), "it holds NaN"),
        (json.dumps({**VALUES, "makeup_db": 1e9}), "must lie between -100 and 100 dB"),
        (json.dumps({**VALUES, "family": "tube"}), "family 'tube', must be one of branching"),
        (json.dumps({**VALUES, "link": 3}), "link 3, must be one of mean"),
        (json.dumps({**VALUES, "family": ["level"]}), r"family \['level'\], must be"),
        (json.dumps({**VALUES, "ratio": 10**400}), "ratio: is too large a number"),
        (json.dumps({"situation": "no answer", "settings": {}}), "holds no settings"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_settings_that_cannot_be_used_are_one_line(tmp_path, text, message):
    path = tmp_path / "settings.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as error:
        read_settings(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_what_the_command_prints_can_be_applied(asked, command, tmp_path):
    loop = write_sound(tmp_path / "loop.wav", gain=0.3)
    printed = command(loop, write_sound(tmp_path / "reference.wav"), "--json").out
    settings = tmp_path / "printed.json"
    settings.write_text(printed)
    assert command("apply", settings, loop).code == 0
