"""Sound files of any format, rate and number of channels come back, whole or with a warning."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from siamese_drc.audio import Sound, open_sound
from siamese_drc.core.errors import InputError

STEP = {"PCM_16": 2**-15, "PCM_24": 2**-23, "PCM_32": 2**-24, "FLOAT": 0.0, "DOUBLE": 0.0}
FORMATS = [
    (container, encoding)
    for container in ("WAV", "WAVEX", "RF64", "W64", "AIFF", "CAF", "AU", "FLAC")
    for encoding in STEP
    if soundfile.check_format(container, encoding)
]
RATES = st.one_of(st.integers(4000, 12_000), st.sampled_from([44_100, 48_000, 96_000]))


def noise(frames: int, channels: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.9, 0.9, (frames, channels)).astype(np.float32)


def stored_bytes(signal: np.ndarray, rate: int, container: str, encoding: str) -> bytes:
    memory = io.BytesIO()  # unlike a file, not synchronised with a disk
    soundfile.write(memory, signal, rate, format=container, subtype=encoding)
    return memory.getvalue()


def read(sound: Sound, start: int = 0, frames: int | None = None) -> np.ndarray:
    return np.concatenate(list(sound.blocks(start=start, frames=frames)), axis=1)


@given(
    st.sampled_from(FORMATS),
    RATES,
    st.integers(1, 8),
    st.floats(0.5, 0.7),
    st.data(),
    st.integers(0, 9),
)
@settings(max_examples=200, deadline=None)
def test_what_is_written_is_read_from_any_frame(stored, rate, channels, seconds, data, seed):
    container, encoding = stored
    frames = int(np.ceil(seconds * rate))
    signal = noise(frames, channels, seed)
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(stored_bytes(signal, rate, container, encoding))
        sound = open_sound(Path(file.name))
        assert (sound.sample_rate, sound.channels, sound.frames) == (rate, channels, frames)
        assert (sound.container, sound.encoding, sound.warnings) == (container, encoding, ())
        np.testing.assert_allclose(read(sound), signal.T, rtol=0, atol=2 * STEP[encoding])
        start = data.draw(st.integers(0, frames - 1))
        count = data.draw(st.integers(1, frames - start))
        found = read(sound, start, count)
        np.testing.assert_allclose(
            found, signal.T[:, start : start + count], rtol=0, atol=2 * STEP[encoding]
        )


def opened_or_refused(path: str) -> Sound | None:
    try:
        sound = open_sound(Path(path))
        assert read(sound).shape == (sound.channels, sound.frames)
        return sound
    except InputError as error:
        message = str(error)
    assert message.startswith(path)
    assert "\n" not in message
    return None


@given(st.sampled_from(FORMATS), st.floats(0, 0.99))
@settings(max_examples=200, deadline=None)
def test_a_file_cut_off_anywhere_is_refused_or_read_with_a_warning(stored, kept):
    container, encoding = stored
    with tempfile.NamedTemporaryFile() as file:
        whole = stored_bytes(noise(8000, 1, 0), 8000, container, encoding)
        Path(file.name).write_bytes(whole[: int(kept * len(whole))])
        if sound := opened_or_refused(file.name):
            (warning,) = sound.warnings
            assert "is incomplete" in warning
            assert sound.frames < 8000


@given(
    st.sampled_from([("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("AIFF", "FLOAT")]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=20),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_a_damaged_file_is_read_or_refused_in_one_line(stored, changes, in_the_header):
    container, encoding = stored
    with tempfile.NamedTemporaryFile() as file:
        data = bytearray(stored_bytes(noise(8000, 2, 0), 8000, container, encoding))
        for place, value in changes:
            data[int(place * (100 if in_the_header else len(data)))] = value
        Path(file.name).write_bytes(data)
        opened_or_refused(file.name)
