"""Spectra of tones and noise, and coefficients against librosa's."""

import librosa
import numpy as np
import pytest

from siamese_drc.handcrafted.features import centroid_and_variance, magnitudes, mfcc_means
from tests.handcrafted.signals import RATE, seconds, tone

STEADY = np.ones(RATE // 2)


def test_magnitudes_are_librosas():
    noise = np.random.default_rng(0).standard_normal(10000).astype(np.float32)
    expected = np.abs(librosa.stft(noise, n_fft=1024, hop_length=256, pad_mode="constant"))
    np.testing.assert_allclose(magnitudes(noise, frame=1024, hop=256).T, expected, atol=1e-3)


def test_a_tones_centroid_is_its_frequency():
    magnitude = magnitudes(tone(3000, STEADY), frame=1024, hop=256)[4:-4]
    centroid, variance = centroid_and_variance(magnitude, sample_rate=RATE)
    np.testing.assert_allclose(centroid, 3000, atol=5)
    assert (variance < 100**2).all()


def test_the_variance_of_two_tones_is_their_distance_from_the_middle_squared():
    signal = tone(2000, 0.4 * STEADY) + tone(6000, 0.4 * STEADY)
    centroid, variance = centroid_and_variance(
        magnitudes(signal, frame=1024, hop=256)[4:-4], sample_rate=RATE
    )
    np.testing.assert_allclose(centroid, 4000, rtol=0.01)
    np.testing.assert_allclose(np.sqrt(variance), 2000, rtol=0.01)


def test_silence_has_no_centroid():
    found = centroid_and_variance(np.zeros((3, 513), np.float32), sample_rate=RATE)
    np.testing.assert_array_equal(found, np.zeros((2, 3)))


@pytest.mark.parametrize("gain", [1.0, 0.0])
def test_mfccs_are_librosas(gain):
    sweep = np.sin(2 * np.pi * 2000 * seconds(0.5) ** 2)
    magnitude = magnitudes((gain * sweep).astype(np.float32), frame=1024, hop=256)
    mel = librosa.feature.melspectrogram(S=magnitude.T**2, sr=RATE, n_mels=40)
    levels = librosa.power_to_db(mel, amin=1e-10, top_db=None)
    expected = librosa.feature.mfcc(S=levels, n_mfcc=13).mean(axis=1)
    found = mfcc_means(magnitude, sample_rate=RATE, mel_bands=40, count=13)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
