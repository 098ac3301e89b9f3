"""Sounds of any format are read whole or with a warning; 24-bit audio comes back to the bit."""

import contextlib
import io
import os
import re
import struct
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
import soundfile

from siamese_drc import audio
from siamese_drc.audio import FULL_SCALE, open_sound, read_audio, write_audio
from siamese_drc.core.errors import InputError
from tests.coded_files import start_ogg_before_0, write_by_ffmpeg

RATE = 44100


@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_round_trip_is_exact_on_24_bits(tmp_path, ending):
    steps = np.random.default_rng(0).integers(-FULL_SCALE, FULL_SCALE, 1000)
    signal = (steps / FULL_SCALE).astype(np.float32)
    path = tmp_path / f"loop.{ending}"
    write_audio(path, signal, RATE)
    assert soundfile.info(path).subtype == "PCM_24"
    np.testing.assert_array_equal(read_audio(path, sample_rate=RATE), signal)
    part = read_audio(path, sample_rate=RATE, start=100, samples=50)
    np.testing.assert_array_equal(part, signal[100:150])


def test_full_scale_is_clipped_by_one_step_not_wrapped(tmp_path):
    path = tmp_path / "loop.wav"
    write_audio(path, np.array([1.0, -1.0], np.float32), RATE)
    stored = read_audio(path, sample_rate=RATE)
    np.testing.assert_array_equal(stored, np.array([1 - 1 / FULL_SCALE, -1.0], np.float32))


def test_bad_files_are_named(tmp_path):
    path = tmp_path / "loop.wav"
    with pytest.raises(InputError, match=r"loop\.wav: cannot be read as audio"):
        read_audio(path, sample_rate=RATE)
    path.write_bytes(b"not audio")
    with pytest.raises(InputError, match=r"loop\.wav: cannot be read as audio"):
        read_audio(path, sample_rate=RATE)
    soundfile.write(path, np.zeros((10, 2)), RATE)
    with pytest.raises(InputError, match="has 2 channels"):
        read_audio(path, sample_rate=RATE)
    soundfile.write(path, np.zeros(10), 48000)
    with pytest.raises(InputError, match="its rate is 48000 Hz, must be 44100 Hz"):
        read_audio(path, sample_rate=RATE)
    soundfile.write(path, np.zeros(10), RATE)
    with pytest.raises(InputError, match="has 10 samples, must have 15"):
        read_audio(path, sample_rate=RATE, start=5, samples=10)


def noise(seconds=4.0, *, channels=1, seed=0):
    shape = (round(seconds * RATE), channels)
    return (0.1 * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def whole(sound):
    return np.concatenate(list(sound.blocks()), axis=1)


def write_video(path, signal):
    """Write a signal as the second stream of a video."""
    import av

    with av.open(str(path), "w") as container:
        picture = container.add_stream("mpeg4", rate=25)
        picture.width = picture.height = 64
        sound = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for _ in range(10):
            image = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            container.mux(picture.encode(image))
        steps = np.rint(signal.T * 2**15).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(steps, format="s16", layout="mono")
        frame.sample_rate = RATE
        for packet in [*picture.encode(None), *sound.encode(frame), *sound.encode(None)]:
            container.mux(packet)


def best_correlation(found, signal):
    """Return the correlation of two sounds at the shift, up to 50 ms, where it is largest."""
    size = len(signal) - 4000
    products = scipy.signal.correlate(found, signal[:size], "valid")[:2205]
    shift = int(np.argmax(products))
    return np.corrcoef(found[shift : shift + size], signal[:size])[0, 1]


@pytest.mark.parametrize(
    ("name", "subtype", "tolerance"),
    [
        ("a.wav", "FLOAT", 0),
        ("a.wav", "PCM_24", 2**-22),
        ("a.flac", "PCM_16", 2**-14),
        ("a.rf64", "PCM_32", 2**-22),
        ("a.caf", "PCM_24", 2**-22),
        ("a.au", "DOUBLE", 0),
    ],
)
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_a_sound_comes_back_in_blocks_from_any_frame(tmp_path, name, subtype, tolerance, channels):
    signal = noise(2, channels=channels)
    soundfile.write(tmp_path / name, signal, RATE, subtype=subtype)
    sound = open_sound(tmp_path / name)
    assert (sound.sample_rate, sound.channels, sound.frames) == (RATE, channels, 2 * RATE)
    assert sound.warnings == ()
    np.testing.assert_allclose(whole(sound), signal.T, rtol=0, atol=tolerance)
    part = np.concatenate(list(sound.blocks(start=70000, frames=10000)), axis=1)
    np.testing.assert_array_equal(part, whole(sound)[:, 70000:80000])


def test_aac_is_read_by_ffmpeg(tmp_path):
    signal = np.cumsum(noise(2, channels=2), axis=0)
    signal *= 0.5 / np.abs(signal).max()  # low frequencies, which AAC keeps
    write_by_ffmpeg(tmp_path / "a.m4a", signal, "aac")
    sound = open_sound(tmp_path / "a.m4a")
    assert (sound.sample_rate, sound.channels, sound.warnings) == (RATE, 2, ())
    assert abs(sound.frames - 2 * RATE) <= 2048
    found = whole(sound)
    assert found.shape == (2, sound.frames)
    assert best_correlation(found[0], signal[:, 0]) > 0.99
    part = np.concatenate(list(sound.blocks(start=70000, frames=10000)), axis=1)
    np.testing.assert_array_equal(part, found[:, 70000:80000])


def test_of_a_video_the_sound_is_read(tmp_path):
    signal = noise(1)
    write_video(tmp_path / "a.mov", signal)
    sound = open_sound(tmp_path / "a.mov")
    assert (sound.container, sound.encoding, sound.warnings) == ("mov", "pcm_s16le", ())
    np.testing.assert_allclose(whole(sound), signal.T, rtol=0, atol=2**-16)


def test_a_video_without_sound_is_named(tmp_path):
    import av

    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        picture = container.add_stream("mpeg4", rate=25)
        picture.width = picture.height = 64
        image = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        container.mux([*picture.encode(image), *picture.encode(None)])
    with pytest.raises(InputError, match=r"a\.mp4: cannot be read as audio"):
        open_sound(tmp_path / "a.mp4")


def as_mp3(signal):
    memory = io.BytesIO()
    soundfile.write(memory, signal, RATE, format="MP3", subtype="MPEG_LAYER_III")
    return memory.getvalue()


def test_an_mp3_that_does_not_state_its_length_is_read_whole(tmp_path):
    signal = noise() * np.hanning(RATE).repeat(4)[:, np.newaxis]  # a variable bit rate
    data = as_mp3(signal)
    second = data.index(data[:2], 4)  # the first frame holds the length
    (tmp_path / "a.mp3").write_bytes(data[second:])
    sound = open_sound(tmp_path / "a.mp3")
    assert abs(sound.seconds - 4) < 0.1
    assert sound.warnings == ()


@pytest.mark.parametrize("ending", ["mp3", "ogg"])
def test_two_files_in_a_row_are_read_both(tmp_path, ending):
    soundfile.write(tmp_path / f"one.{ending}", noise(2), RATE)
    (tmp_path / f"two.{ending}").write_bytes((tmp_path / f"one.{ending}").read_bytes() * 2)
    assert abs(open_sound(tmp_path / f"two.{ending}").seconds - 4) < 0.1


def test_an_ogg_whose_time_starts_before_0_is_read_whole(tmp_path):
    """As three pieces of a Debian package of music, which FFmpeg does not open."""
    soundfile.write(tmp_path / "a.ogg", noise(2), RATE)
    (tmp_path / "a.ogg").write_bytes(start_ogg_before_0((tmp_path / "a.ogg").read_bytes()))
    read, _ = soundfile.read(tmp_path / "a.ogg")
    assert len(read) < soundfile.info(tmp_path / "a.ogg").frames
    sound = open_sound(tmp_path / "a.ogg")
    assert sound.frames == len(read)
    np.testing.assert_allclose(whole(sound)[0], read, atol=1e-7)
    assert not sound.by_ffmpeg
    assert sound.warnings == ()


def test_a_flac_of_unknown_length_is_read_whole(tmp_path):
    signal = noise(2)
    soundfile.write(tmp_path / "a.flac", signal, RATE, subtype="PCM_24")
    data = bytearray((tmp_path / "a.flac").read_bytes())
    data[21] &= 0xF0  # the number of samples and the checksum of STREAMINFO
    data[22:42] = bytes(20)
    (tmp_path / "a.flac").write_bytes(data)
    np.testing.assert_allclose(whole(open_sound(tmp_path / "a.flac")), signal.T, atol=2**-24)


@pytest.mark.parametrize("size", [0, 2**31 - 2**12, 2**32 - 1])
def test_a_wav_from_a_stream_or_a_crash_is_read_whole(tmp_path, size):
    signal = noise(1)
    soundfile.write(tmp_path / "a.wav", signal, RATE, subtype="PCM_16")
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[40:44] = struct.pack("<I", size)
    (tmp_path / "a.wav").write_bytes(data)
    sound = open_sound(tmp_path / "a.wav")
    assert sound.warnings == ()
    np.testing.assert_allclose(whole(sound), signal.T, atol=2**-14)


def test_a_codec_without_seeking_is_read_from_any_frame(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(2), RATE, subtype="GSM610")
    sound = open_sound(tmp_path / "a.wav")
    part = np.concatenate(list(sound.blocks(start=70000, frames=10000)), axis=1)
    np.testing.assert_array_equal(part, whole(sound)[:, 70000:80000])


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("a.wav", "PCM_24"),
        ("a.wav", "GSM610"),
        ("a.aiff", "PCM_16"),
        ("a.au", "PCM_16"),
        ("a.caf", "PCM_16"),
        ("a.w64", "PCM_16"),
        ("a.rf64", "PCM_16"),
        ("a.voc", "PCM_16"),
        ("a.flac", "PCM_24"),
        ("a.mp3", "MPEG_LAYER_III"),
        ("a.ogg", "VORBIS"),
        ("a.m4a", None),
        ("a.mkv", None),
    ],
)
def test_of_a_file_that_was_cut_off_the_rest_is_used_and_this_is_said(tmp_path, name, subtype):
    path = tmp_path / name
    if subtype:
        soundfile.write(path, noise(), RATE, subtype=subtype)
    else:  # the index of an MP4 file comes first, as it does in files for the web
        options = {"options": {"movflags": "faststart"}} if name == "a.m4a" else {}
        write_by_ffmpeg(path, noise(), "aac", **options)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    sound = open_sound(path)
    (warning,) = sound.warnings
    known = "" if name in ("a.ogg", "a.voc", "a.caf") else r"of 4\.0\d s "
    said = rf"{re.escape(str(path))}: is incomplete: ([\d.]+) s {known}can be decoded and were used"
    match = re.fullmatch(said, warning)
    assert match
    assert 1.0 < float(match[1]) < 3.0
    assert float(match[1]) == pytest.approx(whole(sound).shape[1] / RATE, abs=0.01)


@pytest.mark.parametrize("rate", [1, 100, 3999, 768_001, 10_000_000])
def test_sample_rates_that_no_recording_has_are_refused(tmp_path, rate):
    soundfile.write(tmp_path / "a.wav", noise(1), rate)
    with pytest.raises(InputError, match=rf"rate is {rate} Hz, must be from 4000 to 768000 Hz"):
        open_sound(tmp_path / "a.wav")


def test_a_thousand_channels_are_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros((10, 1000)), RATE)
    with pytest.raises(InputError, match=r"has 1000 channels, must have 1 to 64"):
        open_sound(tmp_path / "a.wav")


def test_a_name_outside_utf_8_is_read(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(1), RATE)
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.wav"))
    (tmp_path / "a.wav").rename(path)
    assert open_sound(path).seconds == 1
    (tmp_path / "a.wav").write_bytes(path.read_bytes()[:-2000])
    (tmp_path / "a.wav").rename(path)
    assert "is incomplete" in open_sound(path).warnings[0]


def test_a_playlist_that_names_other_files_is_not_followed(tmp_path):
    write_by_ffmpeg(tmp_path / "a.aac", noise(1), "aac")
    playlist = tmp_path / "a.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXTINF:1,\n{tmp_path / 'a.aac'}\n#EXT-X-ENDLIST\n")
    with pytest.raises(InputError, match=r"a\.m3u8: cannot be read as audio"):
        open_sound(playlist)


def test_a_named_pipe_is_read_once_it_is_written_to(tmp_path):
    signal = noise(1)
    soundfile.write(tmp_path / "a.wav", signal, RATE, subtype="FLOAT")
    os.mkfifo(tmp_path / "pipe")
    data = (tmp_path / "a.wav").read_bytes()
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=[data])
    writer.start()
    sound = open_sound(tmp_path / "pipe")
    writer.join()
    np.testing.assert_array_equal(whole(sound), signal.T)
    np.testing.assert_array_equal(whole(sound), signal.T)  # as often as is needed


def test_a_named_pipe_that_nobody_writes_to_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(audio, "PIPE_WAIT_S", 0.1)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match=r"pipe: gave no data for 0\.1 s"):
        open_sound(tmp_path / "pipe")


def test_a_pipe_that_never_ends_and_a_device_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(audio, "LARGEST_PIPE", 2**20)
    read, write = os.pipe()
    os.set_blocking(write, False)

    def pour():
        with contextlib.suppress(BrokenPipeError):
            while True:
                with contextlib.suppress(BlockingIOError):
                    os.write(write, bytes(2**16))

    writer = threading.Thread(target=pour)
    writer.start()
    path = Path(f"/dev/fd/{read}")
    with pytest.raises(InputError, match="save it as a file first"):
        open_sound(path)
    os.close(read)
    writer.join()
    os.close(write)
    with pytest.raises(InputError, match="is a device, must be a file or a pipe"):
        open_sound(Path("/dev/zero"))


def test_standard_input_is_a_dash(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(1), RATE)
    script = "from pathlib import Path; from siamese_drc.audio import open_sound\n"
    script += "sound = open_sound(Path('-')); print(sound.path, sound.seconds)"
    with (tmp_path / "a.wav").open("rb") as file:
        data = file.read()
        file.seek(0)
        kinds = [{"input": data}, {"stdin": file}]
        for kind in kinds:
            ran = subprocess.run([sys.executable, "-c", script], capture_output=True, **kind)
            assert ran.stdout == b"/dev/stdin 1.0\n", ran.stderr


def test_importing_the_reader_does_not_import_ffmpeg():
    script = "import sys, siamese_drc.audio; sys.exit('av' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
