"""Network inputs on disk: the same as in memory, in any number of pieces; bad audio is named."""

from functools import partial

import numpy as np
import pytest

from siamese_drc.audio import read_audio, write_audio
from siamese_drc.core.errors import InputError
from siamese_drc.inputs import cache
from siamese_drc.inputs.cache import write_inputs
from siamese_drc.inputs.changes import delayed
from siamese_drc.inputs.spectrogram import represent

RATE = 44100
CLIPS, CLIP_SAMPLES = 5, 3000
STFT128 = partial(represent, n_fft=128, sample_rate=RATE)


@pytest.fixture
def audio(tmp_path):
    generator = np.random.default_rng(0)
    signal = generator.uniform(-1, 1, CLIPS * CLIP_SAMPLES).astype(np.float32)
    write_audio(tmp_path / "000.flac", signal, RATE)
    return tmp_path / "000.flac"


def write(source, target, clips=CLIPS, **options):
    sizes = {"clips": clips, "clip_samples": CLIP_SAMPLES, "sample_rate": RATE}
    write_inputs(source, target, STFT128, **sizes, **options)


@pytest.mark.parametrize("piece", [1, 2 * CLIP_SAMPLES, 100 * CLIP_SAMPLES])
@pytest.mark.parametrize("delays", [[], [100], [0, 100, 20, 3, 5, 7]])
def test_holds_every_clip_whatever_the_pieces(audio, tmp_path, monkeypatch, piece, delays):
    monkeypatch.setattr(cache, "_PIECE_SAMPLES", piece)
    changes = [partial(delayed, delay=delay) for delay in delays]
    write(audio, tmp_path / "000.npy", changes=changes)
    stored = np.load(tmp_path / "000.npy", mmap_mode="r")
    clips = read_audio(audio, sample_rate=RATE).reshape(CLIPS, CLIP_SAMPLES)
    assert stored.dtype == np.float16
    for number, clip in enumerate(clips):
        expected = delayed(clip, delays[number % len(delays)]) if delays else clip
        np.testing.assert_array_equal(stored[number], STFT128(expected))


@pytest.mark.parametrize("clips", [CLIPS - 1, CLIPS + 1])
def test_audio_of_another_length_is_an_error(audio, tmp_path, clips):
    with pytest.raises(InputError, match=r"000\.flac: has 15000 samples, must have"):
        write(audio, tmp_path / "000.npy", clips)


def test_missing_and_broken_audio_are_errors(tmp_path):
    broken = tmp_path / "broken.flac"
    broken.write_bytes(b"fLaC, but nothing that follows from it")
    for source in (tmp_path / "none.flac", broken):
        with pytest.raises(InputError, match=source.name):
            write(source, tmp_path / "000.npy")
