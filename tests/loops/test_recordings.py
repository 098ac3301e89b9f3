"""Loops cut from short files that the tests make themselves."""

import re

import numpy as np
import pytest
import soundfile

from siamese_drc.audio import BLOCK
from siamese_drc.core.errors import InputError
from siamese_drc.loops.recordings import import_loops

RATE = 44100


def tone(seconds, *, rate=RATE, hz=441.0, level=0.5):
    time = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hz * time)).astype(np.float32)


def write(path, signal, *, rate=RATE, subtype="FLOAT"):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, signal, rate, subtype=subtype)


def take(folder, *, count=10, seconds=1.0, silence_db=-60.0):
    """Return the loops and the places where they were found, in the order of their numbers."""
    found = import_loops(
        folder,
        count=count,
        samples=round(seconds * RATE),
        sample_rate=RATE,
        silence_db=silence_db,
    )
    loops = sorted(found, key=lambda loop: (loop.file, loop.start_s))
    return [loop.signal for loop in loops], [(loop.file, loop.start_s) for loop in loops]


def strongest_hz(loop):
    return np.abs(np.fft.rfft(loop * np.hanning(len(loop)))).argmax() * RATE / len(loop)


def test_a_file_at_the_clips_rate_keeps_its_samples(tmp_path):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 2 * RATE + 500).astype(np.float32)
    write(tmp_path / "noise.wav", noise)
    loops, _ = take(tmp_path)
    assert len(loops) == 2
    for loop, window in zip(loops, noise[: 2 * RATE].reshape(2, RATE), strict=True):
        assert loop.dtype == np.float32
        np.testing.assert_array_equal(loop, window / np.abs(window).max())


def test_channels_are_averaged(tmp_path):
    left, right = tone(2, hz=300), tone(2, hz=1200, level=0.25)
    write(tmp_path / "stereo.wav", np.stack([left, right], axis=1))
    loops, _ = take(tmp_path)
    mono = (left + right)[:RATE] / 2
    np.testing.assert_allclose(loops[0], mono / np.abs(mono).max(), atol=1e-6)


@pytest.mark.parametrize("rate", [8000, 22050, 48000, 96000])
def test_resampling_keeps_a_tones_frequency_and_length(tmp_path, rate):
    write(tmp_path / "tone.wav", tone(3, rate=rate, hz=1000), rate=rate)
    loops, _ = take(tmp_path)
    assert len(loops) == 3
    assert strongest_hz(loops[1]) == pytest.approx(1000, abs=1.0)
    ideal = np.sin(2 * np.pi * 1000 * (np.arange(RATE) + RATE) / RATE)
    np.testing.assert_allclose(loops[1], ideal, atol=1e-3)


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("a.flac", "PCM_24"),
        ("a.aiff", "PCM_16"),
        ("a.ogg", "VORBIS"),
        ("a.opus", None),
        ("a.mp3", "MPEG_LAYER_III"),
        ("a.au", "ULAW"),
        ("A.WAV", "PCM_U8"),
    ],
)
def test_every_format_of_libsndfile_is_taken(tmp_path, name, subtype):
    if name == "a.opus":
        soundfile.write(tmp_path / name, tone(3, rate=48000), 48000, format="OGG", subtype="OPUS")
    else:
        write(tmp_path / name, tone(3), subtype=subtype)
    loops, places = take(tmp_path)
    assert len(loops) >= 2
    assert {file for file, _ in places} == {name}
    assert strongest_hz(loops[1]) == pytest.approx(441, abs=1.0)


def test_a_peak_over_full_scale_is_scaled_down_not_clipped(tmp_path):
    loud = tone(2, level=2.0)
    write(tmp_path / "loud.wav", loud)
    loops, _ = take(tmp_path)
    for loop in loops:
        assert np.abs(loop).max() == 1.0
        crest = 1.0 / np.sqrt(np.mean(loop.astype(np.float64) ** 2))
        assert crest == pytest.approx(np.sqrt(2), rel=1e-4)  # 1.0 where clipped to a square
    np.testing.assert_array_equal(loops[0], loud[:RATE] / np.abs(loud[:RATE]).max())


def test_silent_windows_are_dropped_and_named(tmp_path, capsys):
    parts = [tone(1), tone(1, level=0.5e-3), np.zeros(RATE, np.float32), tone(1, level=2e-3)]
    write(tmp_path / "pauses.wav", np.concatenate(parts))
    loops, places = take(tmp_path, silence_db=-60.0)
    assert places == [("pauses.wav", 0), ("pauses.wav", 3)]
    assert all(np.abs(loop).max() == 1.0 for loop in loops)
    (said,) = capsys.readouterr().err.splitlines()
    assert "pauses.wav: left out 2 silent windows of 1 s" in said
    assert "do not exceed -60 dBFS" in said


def test_a_silent_window_makes_room_for_the_next_one(tmp_path):
    write(tmp_path / "a.wav", np.concatenate([np.zeros(RATE, np.float32), tone(2)]))
    write(tmp_path / "b.wav", tone(3))
    _, places = take(tmp_path, count=2)
    assert places == [("a.wav", 1), ("b.wav", 0)]


def test_loops_are_spread_over_the_files(tmp_path):
    write(tmp_path / "b.wav", tone(4))
    write(tmp_path / "deep" / "er" / "a.flac", tone(2), subtype="PCM_16")
    write(tmp_path / "a.wav", tone(1.5))
    _, places = take(tmp_path, count=5)
    assert places == [
        ("a.wav", 0),
        ("b.wav", 0),
        ("b.wav", 1),
        ("deep/er/a.flac", 0),
        ("deep/er/a.flac", 1),
    ]
    assert len(take(tmp_path, count=100)[0]) == 7  # fewer than asked for is no error


def test_a_short_file_is_repeated_from_its_start(tmp_path):
    short = tone(0.75, hz=100)
    write(tmp_path / "short.wav", short)
    write(tmp_path / "long.wav", tone(2))
    loops, places = take(tmp_path, count=2)
    assert [file for file, _ in places] == ["long.wav", "short.wav"]
    scaled = short / np.abs(short).max()
    np.testing.assert_array_equal(loops[1], np.concatenate([scaled, scaled])[:RATE])


def test_windows_run_on_across_the_blocks_of_a_long_file(tmp_path):
    ramp = np.linspace(0.1, 0.9, 5 * BLOCK, dtype=np.float32)
    write(tmp_path / "ramp.wav", ramp)
    loops, _ = take(tmp_path, count=100)
    assert len(loops) == len(ramp) // RATE
    for number, loop in enumerate(loops):
        window = ramp[number * RATE : (number + 1) * RATE]
        np.testing.assert_array_equal(loop, window / window.max())


def test_other_files_and_hidden_ones_are_passed_over(tmp_path):
    write(tmp_path / "a.wav", tone(2))
    write(tmp_path / ".hidden.wav", tone(2))
    write(tmp_path / ".cache" / "b.wav", tone(2))
    (tmp_path / "README.md").write_text("Recorded in the kitchen.")
    (tmp_path / ".gitignore").write_text("/a.wav")
    (tmp_path / "empty").touch()
    _, places = take(tmp_path)
    assert {file for file, _ in places} == {"a.wav"}


def test_two_imports_are_equal_to_the_bit(tmp_path):
    rng = np.random.default_rng(1)
    for name in ("c.wav", "a.wav", "b.wav"):
        write(tmp_path / name, rng.normal(0, 0.1, (3 * 48000, 2)), rate=48000)
    first, first_places = take(tmp_path, count=7)
    second, second_places = take(tmp_path, count=7)
    assert first_places == second_places
    assert b"".join(map(bytes, first)) == b"".join(map(bytes, second))


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere: there is no such folder"):
        take(tmp_path / "nowhere")


def test_a_folder_without_audio_is_an_error(tmp_path):
    (tmp_path / "README.md").write_text("Nothing yet.")
    with pytest.raises(InputError, match=r"0 audio files give 0 loops of 1 s, must give at least"):
        take(tmp_path)


def test_one_loop_is_too_few(tmp_path):
    write(tmp_path / "a.wav", tone(1.9))
    with pytest.raises(InputError, match=r"1 audio files give 1 loops of 1 s, must give at least"):
        take(tmp_path)


@pytest.mark.parametrize("name", ["broken.wav", "broken.FLAC", "song.m4a", "bare.raw"])
def test_a_file_that_cannot_be_decoded_is_named(tmp_path, name):
    write(tmp_path / "good.wav", tone(3))
    (tmp_path / name).write_bytes(b"this is not audio" * 100)
    with pytest.raises(InputError, match=rf"{name}: cannot be read as audio"):
        take(tmp_path)


@pytest.mark.parametrize("name", ["cut.flac", "cut.wav"])
def test_of_half_a_file_the_half_is_used_and_this_is_said(tmp_path, capsys, name):
    noise = np.random.default_rng(2).uniform(-0.5, 0.5, 6 * RATE)
    write(tmp_path / name, noise, subtype="PCM_16")
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    _, places = take(tmp_path)
    assert places == [(name, 0), (name, 1)]
    (said,) = capsys.readouterr().err.splitlines()
    assert re.search(rf"{name}: is incomplete: (2\.9|3\.0)\d s of 6\.00 s", said)


def test_a_link_that_leads_nowhere_is_named_and_a_loop_of_folders_ends(tmp_path):
    write(tmp_path / "a.wav", tone(3))
    (tmp_path / "again").symlink_to(tmp_path)
    assert len(take(tmp_path)[0]) == 3
    (tmp_path / "b.wav").symlink_to("b.wav")
    with pytest.raises(InputError, match=r"b\.wav: is not a file"):
        take(tmp_path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_sample_that_is_not_finite_is_an_error(tmp_path, value):
    signal = tone(3)
    signal[RATE] = value
    write(tmp_path / "bad.wav", signal)
    with pytest.raises(InputError, match=r"bad\.wav: holds samples that are not finite"):
        take(tmp_path)


@pytest.mark.parametrize("rate", [1, 10_000_000])
def test_sample_rates_that_no_recording_has_are_named(tmp_path, rate):
    write(tmp_path / "good.wav", tone(3))
    write(tmp_path / "odd.wav", tone(3), rate=rate)
    with pytest.raises(InputError, match=rf"odd\.wav: its sample rate is {rate} Hz"):
        take(tmp_path)


def test_a_single_hit_is_too_short_to_be_repeated(tmp_path):
    write(tmp_path / "good.wav", tone(3))
    write(tmp_path / "hit.wav", tone(0.25))
    with pytest.raises(InputError, match=r"hit\.wav: lasts 0\.25 s, must last at least 0\.5 s"):
        take(tmp_path)
