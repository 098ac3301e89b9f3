"""Changes of clips whose effect is known: gaps, gains of tones, peaks, a coder's noise."""

import numpy as np
import pytest

from siamese_drc.inputs.changes import changed, delayed

RATE = 44100
TIME = np.arange(RATE) / RATE


def tone(hertz: float, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hertz * TIME)).astype(np.float32)


def test_silence_fills_the_gap():
    clip = np.arange(1.0, 6.0)
    assert delayed(clip, 2).tolist() == [0, 0, 1, 2, 3]
    assert delayed(clip, -2).tolist() == [3, 4, 5, 0, 0]
    assert delayed(clip, 0).tolist() == clip.tolist()


def test_nothing_is_changed_by_default():
    clips = np.stack([tone(100), tone(1000)])
    np.testing.assert_array_equal(changed(clips, sample_rate=RATE), clips)


@pytest.mark.parametrize(("hertz", "gain_db"), [(20, -3.0), (1000, 0.0), (20000, 3.0)])
def test_a_tilt_turns_lows_down_and_highs_up_by_half_of_it(hertz, gain_db):
    clip = tone(hertz)
    (found,) = changed(clip[None], sample_rate=RATE, tilt_db=6.0)
    settled = slice(RATE // 2, None)
    ratio = np.std(found[settled]) / np.std(clip[settled])
    assert 20 * np.log10(ratio) == pytest.approx(gain_db, abs=0.1)
    assert found.dtype == np.float32


@pytest.mark.parametrize("level", [1.0, 0.01])
def test_a_limiter_takes_the_peaks_down_and_leaves_what_is_quieter(level):
    quiet, loud = tone(200, 0.1 * level), tone(200, level)
    clip = np.concatenate([quiet, loud])[None]
    (found,) = changed(clip, sample_rate=RATE, limit_db=6.0)
    np.testing.assert_allclose(found[:RATE], quiet, rtol=1e-6)
    peak_db = 20 * np.log10(np.abs(found[RATE + RATE // 10 :]).max() / np.abs(loud).max())
    assert peak_db == pytest.approx(-6.0, abs=0.5)


def test_silence_stays_silent():
    silence = np.zeros((2, RATE), np.float32)
    found = changed(silence, sample_rate=RATE, delay_ms=1, tilt_db=3.0, limit_db=3.0)
    np.testing.assert_array_equal(found, silence)


def test_a_coded_clip_has_its_length_and_place_and_a_little_noise():
    noise = np.random.default_rng(1).normal(0, 0.1, RATE) * np.exp(-(TIME % 0.25) / 0.05)
    clip = noise.astype(np.float32)
    (found,) = changed(clip[None], sample_rate=RATE, mp3_level=0.65)
    assert found.shape == clip.shape
    left_db = 10 * np.log10(np.mean((found - clip) ** 2) / np.mean(clip**2))
    assert -40 < left_db < -6
