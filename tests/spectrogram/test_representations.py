"""Network inputs: shapes, closed forms, librosa, and batches against single clips."""

import warnings

import librosa
import numpy as np
import pytest

from stages.common.params import Representation, load_params
from stages.spectrogram.representations import input_shape, represent

RATE = 44100
MEL512 = Representation(n_fft=512, mel_bands=128)
STFT512 = Representation(n_fft=512)
STFT256 = Representation(n_fft=256)
STFT128 = Representation(n_fft=128)
WAVEFORM = Representation(samples=44100)
SPECTROGRAMS = [MEL512, STFT512, STFT256, STFT128]


def drum_like(samples: int, seed: int = 0) -> np.ndarray:
    """Noise bursts that decay over 60 dB, four a second, peak 1."""
    generator = np.random.default_rng(seed)
    decay = np.exp(-6.9 * (np.arange(samples) % (RATE // 4)) / (RATE // 4))
    signal = generator.standard_normal(samples) * decay
    return (signal / np.abs(signal).max()).astype(np.float32)


def librosa_db(clip: np.ndarray, representation: Representation) -> np.ndarray:
    assert representation.n_fft is not None
    stft = librosa.stft(clip, n_fft=representation.n_fft, hop_length=representation.n_fft // 2)
    power = np.abs(stft) ** 2
    if representation.mel_bands:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            power = librosa.feature.melspectrogram(
                S=power, sr=RATE, n_fft=representation.n_fft, n_mels=representation.mel_bands
            )
    return librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=None)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("mel512", (128, 690)),
        ("stft512", (257, 690)),
        ("stft256", (129, 1379)),
        ("stft128", (65, 2757)),
        ("waveform", (44100,)),
    ],
)
def test_four_seconds_have_the_papers_shapes(name, shape):
    representation = load_params().representations[name]
    signal = drum_like(4 * RATE)
    assert input_shape(representation, signal.size) == shape
    result = represent(signal, representation, sample_rate=RATE)
    assert result.shape == shape
    assert result.dtype == np.float16


@pytest.mark.parametrize("representation", SPECTROGRAMS)
@pytest.mark.parametrize("samples", [RATE, 1000, 60])
def test_agrees_with_librosa_within_float16(representation, samples):
    clip = drum_like(samples)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # librosa on clips shorter than a frame
        expected = librosa_db(clip, representation)
    found = represent(clip, representation, sample_rate=RATE)
    assert found.shape == expected.shape
    spacing = np.spacing(np.abs(expected).astype(np.float16)).astype(np.float32)
    # Half a step of float16, and a little for librosa's own float32
    assert (np.abs(found - expected) <= 0.5 * spacing + 1e-3).all()


@pytest.mark.parametrize("representation", [STFT512, STFT256, STFT128])
def test_a_tone_on_a_bin_has_its_closed_form_level(representation):
    n_fft, bin_number, amplitude = representation.n_fft, 9, 0.5
    tone = amplitude * np.sin(2 * np.pi * bin_number / n_fft * np.arange(20 * n_fft))
    levels = represent(tone.astype(np.float32), representation, sample_rate=RATE)
    # A Hann window sums to n_fft / 2; half of a real tone's amplitude is at its positive frequency
    peak = 20 * np.log10(amplitude * n_fft / 4)
    inner = levels[:, 2:-2].astype(np.float64)
    assert inner[bin_number] == pytest.approx(peak, abs=0.02)
    assert inner[bin_number - 1] == pytest.approx(peak - 20 * np.log10(2), abs=0.02)
    assert (inner[bin_number + 3 :] < peak - 100).all()


def test_a_click_lights_the_frames_centred_around_it():
    click = np.zeros(1280, np.float32)
    click[640] = 1.0
    levels = represent(click, STFT128, sample_rate=RATE)
    # Frame 10 is centred on sample 640, where the window is 1; its neighbours meet their edges,
    # where the periodic window is 0
    np.testing.assert_allclose(levels[:, 10].astype(float), 0.0, atol=1e-3)
    assert (np.delete(levels, 10, axis=1) == -100).all()


@pytest.mark.parametrize("representation", SPECTROGRAMS)
def test_silence_is_the_floor(representation):
    assert (represent(np.zeros(5000, np.float32), representation, sample_rate=RATE) == -100).all()


@pytest.mark.parametrize("representation", SPECTROGRAMS)
def test_no_floor_follows_the_maximum(representation):
    clip = drum_like(RATE // 2)
    loud = represent(clip, representation, sample_rate=RATE).astype(np.float64)
    quiet = represent(clip / 2, representation, sample_rate=RATE).astype(np.float64)
    above = quiet > -99.9
    assert above.mean() > 0.9
    np.testing.assert_allclose(loud[above] - quiet[above], 20 * np.log10(2), atol=0.07)


@pytest.mark.parametrize("representation", [*SPECTROGRAMS, WAVEFORM])
def test_any_batch_is_bit_identical_to_single_clips(representation):
    clips = np.stack([drum_like(RATE // 2, seed) for seed in range(6)]).reshape(2, 3, -1)
    together = represent(clips, representation, sample_rate=RATE)
    for index in np.ndindex(2, 3):
        alone = represent(clips[index], representation, sample_rate=RATE)
        np.testing.assert_array_equal(together[index].view(np.uint16), alone.view(np.uint16))
    given = np.empty_like(together)
    assert represent(clips, representation, sample_rate=RATE, out=given) is given
    np.testing.assert_array_equal(given, together)


def test_waveform_is_the_first_samples():
    clip = drum_like(2 * RATE)
    np.testing.assert_array_equal(
        represent(clip, WAVEFORM, sample_rate=RATE), clip[:44100].astype(np.float16)
    )


def test_waveform_of_a_short_clip_is_all_of_it():
    clip = drum_like(1000)
    assert input_shape(WAVEFORM, 1000) == (1000,)
    np.testing.assert_array_equal(
        represent(clip, WAVEFORM, sample_rate=RATE), clip.astype(np.float16)
    )


def test_the_papers_empty_mel_bands_are_kept_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        levels = represent(drum_like(RATE), MEL512, sample_rate=RATE)
    empty = (levels == -100).all(axis=1)
    assert 1 <= empty.sum() < 64
    assert not empty[64:].any()


def test_an_empty_clip_is_an_error():
    with pytest.raises(ValueError, match="at least one sample"):
        represent(np.empty((3, 0), np.float32), STFT128, sample_rate=RATE)
