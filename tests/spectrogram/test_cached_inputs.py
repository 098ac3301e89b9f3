"""Network inputs on disk: the same as in memory, in any number of pieces; bad audio is named."""

import numpy as np
import pytest

from stages.common.audio import read_audio, write_audio
from stages.common.errors import InputError
from stages.common.params import Representation
from stages.spectrogram import cached_inputs
from stages.spectrogram.representations import represent

RATE = 44100
CLIPS, CLIP_SAMPLES = 5, 3000
STFT128 = Representation(n_fft=128)


@pytest.fixture
def audio(tmp_path):
    generator = np.random.default_rng(0)
    signal = generator.uniform(-1, 1, CLIPS * CLIP_SAMPLES).astype(np.float32)
    write_audio(tmp_path / "000.flac", signal, RATE)
    return tmp_path / "000.flac"


def cache(source, target, clips=CLIPS):
    cached_inputs.cache_inputs(
        source,
        target,
        representation=STFT128,
        clips=clips,
        clip_samples=CLIP_SAMPLES,
        sample_rate=RATE,
    )


@pytest.mark.parametrize("piece", [1, 2 * CLIP_SAMPLES, 100 * CLIP_SAMPLES])
def test_holds_every_clip_whatever_the_pieces(audio, tmp_path, monkeypatch, piece):
    monkeypatch.setattr(cached_inputs, "PIECE_SAMPLES", piece)
    cache(audio, tmp_path / "000.npy")
    stored = np.load(tmp_path / "000.npy", mmap_mode="r")
    clips = read_audio(audio, sample_rate=RATE).reshape(CLIPS, CLIP_SAMPLES)
    assert stored.dtype == np.float16
    np.testing.assert_array_equal(stored, represent(clips, STFT128, sample_rate=RATE))


@pytest.mark.parametrize("clips", [CLIPS - 1, CLIPS + 1])
def test_audio_of_another_length_is_an_error(audio, tmp_path, clips):
    with pytest.raises(InputError, match=r"000\.flac: has 15000 samples, must have"):
        cache(audio, tmp_path / "000.npy", clips)


def test_missing_and_broken_audio_are_errors(tmp_path):
    broken = tmp_path / "broken.flac"
    broken.write_bytes(b"fLaC, but nothing that follows from it")
    for source in (tmp_path / "none.flac", broken):
        with pytest.raises(InputError, match=source.name):
            cache(source, tmp_path / "000.npy")
