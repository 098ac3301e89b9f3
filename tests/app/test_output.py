"""The processed file: its container and bits, no silent clipping, any length in flat memory."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from siamese_drc.app.output import (
    CONTAINERS,
    Applied,
    output_format,
    render,
    temporary_output,
)
from siamese_drc.audio import Sound, open_sound
from siamese_drc.core.errors import InputError
from siamese_drc.match.sound import process, read_inputs
from tests.app.made_up_files import RATE, write_sound

SETTINGS = {
    "threshold_db": -24.0,
    "ratio": 4.0,
    "attack_ms": 5.0,
    "release_ms": 100.0,
    "makeup_db": 0.0,
}
LOOP = Sound(Path("loop.wav"), RATE, 1, RATE, "WAV", "PCM_16")


@pytest.mark.parametrize(
    ("container", "encoding", "name", "expected"),
    [
        ("WAV", "PCM_16", "out.wav", ("WAV", "PCM_24")),
        ("WAV", "PCM_U8", "out.WAV", ("WAV", "PCM_24")),
        ("WAV", "FLOAT", "out.wav", ("WAV", "FLOAT")),
        ("WAVEX", "PCM_32", "out.wav", ("WAVEX", "PCM_32")),
        ("WAV", "PCM_32", "out.flac", ("FLAC", "PCM_24")),
        ("FLAC", "PCM_16", "out.flac", ("FLAC", "PCM_24")),
        ("AIFF", "PCM_16", "out.aif", ("AIFF", "PCM_24")),
        ("MP3", "MPEG_LAYER_III", "out.wav", ("WAV", "PCM_24")),
        ("OGG", "VORBIS", "out.flac", ("FLAC", "PCM_24")),
    ],
)
def test_the_output_has_the_container_of_its_name_and_at_least_24_bits(
    tmp_path, container, encoding, name, expected
):
    loop = replace(LOOP, container=container, encoding=encoding)
    assert output_format(tmp_path / name, loop) == expected


@pytest.mark.parametrize("ending", CONTAINERS)
def test_every_container_gives_back_what_was_processed(tmp_path, ending):
    loop = write_sound(tmp_path / "loop.mp3", encoding="MPEG_LAYER_III", seconds=1, gain=0.5)
    output = tmp_path / f"out{ending}"
    render(open_sound(loop), Applied(SETTINGS), output)
    info = soundfile.info(output)
    assert (info.format, info.subtype) == (CONTAINERS[ending][0], "PCM_24")
    dry = soundfile.read(loop, dtype="float32")[0]
    wet = soundfile.read(output, dtype="float32")[0]
    expected = process(dry, SETTINGS, sample_rate=RATE)
    np.testing.assert_allclose(wet, expected, atol=2**-24)


def test_a_file_beyond_4_gb_becomes_rf64(tmp_path):
    long = replace(LOOP, frames=2 * 3600 * 192000, channels=2)
    assert output_format(tmp_path / "out.wav", long).container == "RF64"
    for loop in (replace(LOOP, channels=9), replace(LOOP, sample_rate=768000)):
        with pytest.raises(InputError, match="FLAC holds at most 8 channels and 655350 Hz"):
            output_format(tmp_path / "out.flac", loop)
    with pytest.raises(InputError, match="AIFF holds 4 GB at most"):
        output_format(tmp_path / "out.aiff", long)


@pytest.mark.parametrize("encoding", ["PCM_16", "PCM_32"])
def test_what_would_clip_is_lowered_and_said(tmp_path, encoding):
    loop = write_sound(tmp_path / "loop.wav", channels=2, encoding=encoding)
    output = tmp_path / "out.wav"
    settings = SETTINGS | {"makeup_db": 20.0}
    (warning,) = render(open_sound(loop), Applied(settings), output).warnings
    wet = soundfile.read(output, dtype="float32")[0].T
    dry = soundfile.read(loop, dtype="float32")[0].T
    unlimited = process(dry, settings, sample_rate=RATE)
    over_db = 20 * np.log10(np.abs(unlimited).max())
    assert over_db > 3
    assert 0.995 < np.abs(wet).max() < 1
    np.testing.assert_allclose(wet, unlimited * 10 ** (-(over_db + 0.01) / 20), atol=3e-7)
    assert warning.startswith(f"the output would clip: it was made {over_db + 0.01:.1f} dB quieter")


def test_floating_point_keeps_what_is_above_full_scale_and_says_so(tmp_path):
    loop = write_sound(tmp_path / "loop.wav", encoding="FLOAT")
    settings = SETTINGS | {"makeup_db": 20.0}
    (warning,) = render(open_sound(loop), Applied(settings), tmp_path / "out.wav").warnings
    assert "which its format keeps" in warning
    wet = soundfile.read(tmp_path / "out.wav", dtype="float32")[0]
    dry = soundfile.read(loop, dtype="float32")[0]
    np.testing.assert_array_equal(wet, process(dry, settings, sample_rate=RATE))
    assert np.abs(wet).max() > 1


def test_a_file_of_many_blocks_is_what_processing_at_once_gives(tmp_path):
    loop = write_sound(tmp_path / "loop.flac", seconds=5, channels=2, encoding="PCM_24")
    rendered = render(open_sound(loop), Applied(SETTINGS), tmp_path / "out.flac")
    wet = soundfile.read(tmp_path / "out.flac", dtype="float32")[0].T
    dry = soundfile.read(loop, dtype="float32")[0].T
    expected = process(dry, SETTINGS, sample_rate=RATE)
    np.testing.assert_array_equal(wet, np.rint(expected * 2**23) / 2**23)
    overview = rendered.overview
    assert overview.dry.max() == np.abs(dry).max()
    assert overview.wet.max() == np.abs(expected).max()
    assert overview.seconds[np.argmax(overview.dry)] <= np.argmax(np.abs(dry).max(0)) / RATE


def test_memory_does_not_grow_with_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr("siamese_drc.match.sound.LONGEST_PART_S", 30.0)
    peaks = []
    for minutes in (1, 8):
        path = long_file(tmp_path / f"{minutes}.wav", seconds=60 * minutes, rate=16000)
        tracemalloc.start()
        sound = open_sound(path)
        inputs = read_inputs(sound, [sound])
        render(sound, Applied(SETTINGS), tmp_path / "out.wav")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(inputs.warnings) == 3  # two are cut, and the loop has 8 bits
    assert peaks[1] < 1.05 * peaks[0]


def test_two_hours_are_processed(asked, command, tmp_path):
    path = long_file(tmp_path / "long.wav", seconds=7200, rate=4000)
    output = tmp_path / "out.wav"
    ran = command(path, write_sound(tmp_path / "reference.wav"), output)
    assert ran.code == 0
    assert soundfile.info(output).frames == 7200 * 4000
    assert f"note: {path}: lasts 7200 s, the settings are found in 600 s" in ran.out
    assert "100%" in ran.err


def long_file(path, *, seconds, rate):
    """Noise that comes and goes, 8 bits, written a minute at a time."""
    random = np.random.default_rng(3)
    minute = 0.2 * random.standard_normal(60 * rate) * np.hanning(rate).repeat(60)
    with soundfile.SoundFile(path, "w", rate, 1, "PCM_U8") as file:
        for _ in range(seconds // 60):
            file.write(minute)
    return path


def test_a_signal_while_the_temporary_folder_is_made_leaves_nothing(tmp_path, monkeypatch):
    made = Path.mkdir

    def ended(path, *args, **kwargs):
        made(path, *args, **kwargs)
        if path.name.startswith(".drc-match-"):
            raise SystemExit(129)

    monkeypatch.setattr(Path, "mkdir", ended)
    with pytest.raises(SystemExit), temporary_output(tmp_path / "output.wav"):
        pass
    assert list(tmp_path.iterdir()) == []
