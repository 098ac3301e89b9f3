"""Coding a signal as a file was: in time, with the stated encoding, or refused."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from siamese_drc.audio import open_sound
from siamese_drc.core.ffmpeg import Coding, recoded
from tests.coded_files import RATE, write_by_ffmpeg


def noise(channels: int, rate: int = RATE) -> np.ndarray:
    """A second of noise that fades in and out, as bursts do."""
    random = np.random.default_rng(0)
    fade = np.sin(np.linspace(0, 3 * np.pi, rate)) ** 2
    return (random.normal(0, 0.1, (channels, rate)) * fade).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("encoding", "rate"), [("aac", 44100), ("mp3", 44100), ("opus", 48000)])
def test_a_signal_is_coded_in_time(encoding, rate, channels):
    signal = noise(channels, rate)
    coded = recoded(signal, Coding(encoding, 160_000, rate))
    assert coded.shape == signal.shape
    left = np.square(coded - signal).sum() / np.square(signal).sum()
    assert 1e-6 < left < 0.3  # a sample late, noise would leave twice its power


def test_more_bits_leave_less():
    signal = noise(1)
    left = [
        np.square(recoded(signal, Coding("aac", bits, RATE)) - signal).sum()
        for bits in (64_000, 128_000, 256_000)
    ]
    assert left[0] > 1.5 * left[1] > 2 * left[2]


def test_a_rate_that_the_coder_does_not_take_is_refused():
    with pytest.raises(ValueError, match="Invalid argument"):
        recoded(noise(1), Coding("opus", 64_000, RATE))


def test_a_file_says_how_it_was_coded(tmp_path):
    write_by_ffmpeg(tmp_path / "a.m4a", noise(2).T, "aac")
    soundfile.write(tmp_path / "a.mp3", noise(2).T, RATE)
    soundfile.write(tmp_path / "a.ogg", noise(2).T, RATE)
    soundfile.write(tmp_path / "a.wav", noise(2).T, RATE)
    codings = {name: open_sound(tmp_path / f"a.{name}").coding() for name in ("m4a", "mp3")}
    assert [(name, of.encoding, of.sample_rate) for name, of in codings.items() if of] == [
        ("m4a", "aac", RATE),
        ("mp3", "mp3", RATE),
    ]
    for name, of in codings.items():
        size = (tmp_path / f"a.{name}").stat().st_size
        assert of is not None
        assert of.bit_rate == pytest.approx(size * 8 / 2, rel=0.25)  # of a second
    assert open_sound(tmp_path / "a.ogg").coding() is None
    assert open_sound(tmp_path / "a.wav").coding() is None
