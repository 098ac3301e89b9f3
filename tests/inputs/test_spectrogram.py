"""Spectrograms and waveforms: shapes, closed forms, librosa, and batches against single clips."""

import warnings

import librosa
import numpy as np
import pytest

from siamese_drc.inputs import spectrogram
from siamese_drc.inputs.spectrogram import input_shape, represent

RATE = 44100
MEL512 = {"n_fft": 512, "mel_bands": 128}
STFT512, STFT256, STFT128 = {"n_fft": 512}, {"n_fft": 256}, {"n_fft": 128}
STFT441 = {"n_fft": 442}  # 10 ms: no power of two
WAVEFORM = {"samples": 44100}
SPECTROGRAMS = [MEL512, STFT512, STFT256, STFT128, STFT441]


def drum_like(samples: int, seed: int = 0) -> np.ndarray:
    """Noise bursts that decay over 60 dB, four a second, peak 1."""
    generator = np.random.default_rng(seed)
    decay = np.exp(-6.9 * (np.arange(samples) % (RATE // 4)) / (RATE // 4))
    signal = generator.standard_normal(samples) * decay
    return (signal / np.abs(signal).max()).astype(np.float32)


def librosa_db(clip: np.ndarray, options: dict[str, int]) -> np.ndarray:
    n_fft, bands = options["n_fft"], options.get("mel_bands")
    power = np.abs(librosa.stft(clip, n_fft=n_fft, hop_length=n_fft // 2)) ** 2
    if bands:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            power = librosa.feature.melspectrogram(S=power, sr=RATE, n_fft=n_fft, n_mels=bands)
    return librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=None)


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        (MEL512, (128, 690)),
        (STFT512, (257, 690)),
        (STFT256, (129, 1379)),
        (STFT128, (65, 2757)),
        (WAVEFORM, (44100,)),
    ],
)
def test_four_seconds_have_the_papers_shapes(options, shape):
    signal = drum_like(4 * RATE)
    assert input_shape(signal.size, **options) == shape
    result = represent(signal, sample_rate=RATE, **options)
    assert result.shape == shape
    assert result.dtype == np.float16


@pytest.mark.parametrize("options", SPECTROGRAMS)
@pytest.mark.parametrize("samples", [4 * RATE, RATE, 1000, 60])
def test_agrees_with_librosa_within_float16(options, samples):
    clip = drum_like(samples)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # librosa on clips shorter than a frame
        expected = librosa_db(clip, options)
    found = represent(clip, sample_rate=RATE, **options)
    assert found.shape == expected.shape
    spacing = np.spacing(np.abs(expected).astype(np.float16)).astype(np.float32)
    # Half a step of float16, and a little for librosa's own float32
    assert (np.abs(found - expected) <= 0.5 * spacing + 1e-3).all()


@pytest.mark.parametrize("options", [STFT512, STFT256, STFT128, STFT441])
def test_a_tone_on_a_bin_has_its_closed_form_level(options):
    n_fft, bin_number, amplitude = options["n_fft"], 9, 0.5
    tone = amplitude * np.sin(2 * np.pi * bin_number / n_fft * np.arange(20 * n_fft))
    levels = represent(tone.astype(np.float32), sample_rate=RATE, **options)
    # A Hann window sums to n_fft / 2; half of a real tone's amplitude is at its positive frequency
    peak = 20 * np.log10(amplitude * n_fft / 4)
    inner = levels[:, 2:-2].astype(np.float64)
    assert inner[bin_number] == pytest.approx(peak, abs=0.02)
    assert inner[bin_number - 1] == pytest.approx(peak - 20 * np.log10(2), abs=0.02)
    assert (inner[bin_number + 3 :] < peak - 100).all()


def test_a_click_is_in_the_frame_centred_on_it():
    click = np.zeros(1280, np.float32)
    click[640] = 1.0
    levels = represent(click, sample_rate=RATE, **STFT128)
    # Frame 10 is centred on sample 640, where the window is 1; it lies at the edges of the frames
    # beside, where the periodic window is 0
    np.testing.assert_allclose(levels[:, 10].astype(float), 0.0, atol=1e-3)
    assert (np.delete(levels, 10, axis=1) == -100).all()


@pytest.mark.parametrize("options", SPECTROGRAMS)
def test_silence_is_the_floor(options):
    silence = np.zeros(5000, np.float32)
    assert (represent(silence, sample_rate=RATE, **options) == -100).all()


def test_a_quiet_frame_beside_a_loud_one_keeps_its_precision():
    n_fft = 64
    noise = np.random.default_rng(0).standard_normal(n_fft).astype(np.float32)
    quiet = np.zeros(20 * n_fft, np.float32)
    quiet[:n_fft] = 1e-3 * noise
    loud = quiet.copy()
    loud[4 * n_fft : 5 * n_fft] = 1e4 * noise
    alone, beside = (
        represent(clip, n_fft=n_fft, sample_rate=RATE)[:, :4] for clip in (quiet, loud)
    )
    np.testing.assert_array_equal(alone, beside)


@pytest.mark.parametrize("options", SPECTROGRAMS)
def test_no_floor_follows_the_maximum(options):
    clip = drum_like(RATE // 2)
    loud = represent(clip, sample_rate=RATE, **options).astype(np.float64)
    quiet = represent(clip / 2, sample_rate=RATE, **options).astype(np.float64)
    above = quiet > -99.9
    assert above.mean() > 0.9
    np.testing.assert_allclose(loud[above] - quiet[above], 20 * np.log10(2), atol=0.07)


@pytest.mark.parametrize("options", [*SPECTROGRAMS, WAVEFORM])
def test_any_batch_is_bit_identical_to_single_clips(options):
    clips = np.stack([drum_like(RATE // 2, seed) for seed in range(6)]).reshape(2, 3, -1)
    together = represent(clips, sample_rate=RATE, **options)
    for index in np.ndindex(2, 3):
        alone = represent(clips[index], sample_rate=RATE, **options)
        np.testing.assert_array_equal(together[index].view(np.uint16), alone.view(np.uint16))


@pytest.mark.parametrize("samples_at_once", [1, 1000, 2**20])
def test_frames_do_not_depend_on_those_transformed_with_them(monkeypatch, samples_at_once):
    clip = drum_like(RATE // 2)
    expected = represent(clip, sample_rate=RATE, **STFT128)
    monkeypatch.setattr(spectrogram, "_SAMPLES_AT_ONCE", samples_at_once)
    np.testing.assert_array_equal(represent(clip, sample_rate=RATE, **STFT128), expected)


def test_waveform_is_the_first_samples():
    clip = drum_like(2 * RATE)
    np.testing.assert_array_equal(
        represent(clip, sample_rate=RATE, **WAVEFORM), clip[:44100].astype(np.float16)
    )


def test_waveform_of_a_short_clip_is_all_of_it():
    clip = drum_like(1000)
    assert input_shape(1000, **WAVEFORM) == (1000,)
    np.testing.assert_array_equal(
        represent(clip, sample_rate=RATE, **WAVEFORM), clip.astype(np.float16)
    )


def test_the_papers_empty_mel_bands_are_kept_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        levels = represent(drum_like(RATE), sample_rate=RATE, **MEL512)
    empty = (levels == -100).all(axis=1)
    assert 1 <= empty.sum() < 64
    assert not empty[64:].any()


@pytest.mark.parametrize(
    ("samples", "options", "rule"),
    [
        (0, STFT128, "at least one sample"),
        (9, {"n_fft": 127}, "n_fft 127: must be even"),
        (9, {}, "either n_fft or samples"),
        (9, STFT128 | WAVEFORM, "either n_fft or samples"),
    ],
)
def test_impossible_inputs_are_an_error(samples, options, rule):
    with pytest.raises(ValueError, match=rule):
        represent(np.empty((3, samples), np.float32), sample_rate=RATE, **options)


def test_levels_are_the_logarithm_over_all_of_float32():
    """The compiled logarithm, with the error of float16 added."""
    generator = np.random.default_rng(0)
    power = (10 ** generator.uniform(-12, 38, 100_000)).astype(np.float32)
    octaves = 2.0 ** np.arange(-40, 127)
    power = np.concatenate([power, octaves, np.nextafter(octaves, 0), [0, 1e-45]])
    found = spectrogram._decibel_bits(power.astype(np.float32)).view(np.float16)
    expected = 10 * np.log10(np.maximum(power, 1e-10))
    spacing = np.spacing(np.abs(expected).astype(np.float16)).astype(float)
    assert (np.abs(found - expected) <= 0.5 * spacing + 6.2e-5).all()


def test_rounds_as_numpy_does():
    half_bits = np.vectorize(spectrogram._half_bits, otypes=[np.uint16])
    generator = np.random.default_rng(0)
    values = generator.uniform(-120, 120, 100_000).astype(np.float32)
    halves = np.arange(2**10, 2**11, dtype=np.uint16).view(np.float16).astype(np.float32)
    ties = (halves[:-1] + halves[1:]) / 2
    values = np.concatenate([values, values * 500, ties, [0.0, -0.0, -100.0, 65504.0]])
    values = values[(np.abs(values) >= 2**-14) | (values == 0)].astype(np.float32)
    np.testing.assert_array_equal(half_bits(values), values.astype(np.float16).view(np.uint16))
