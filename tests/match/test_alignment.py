"""Place, speed and polarity are found; the same performance is told from another take."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter, resample_poly

from siamese_drc.compressor.compressor import compress
from siamese_drc.compressor.settings import Settings
from siamese_drc.match.alignment import Alignment, align, residual_db
from siamese_drc.match.answer import Position
from tests.match.references import RATE, hits, mp3, ogg

HEAVY = Settings([-50.0], [20.0], [1.0], [50.0])
LOOP = hits(2.0, seed=1)
# In which nothing repeats exactly.
LONG = np.concatenate([hits(2.0, seed=seed, jitter=0.01) for seed in range(10, 16)])


def heavy(loop: np.ndarray, **options) -> np.ndarray:
    return compress(loop, HEAVY, sample_rate=RATE, **options)[0]


def aligned(loop: np.ndarray, reference: np.ndarray) -> Alignment:
    alignment = align(loop, reference, sample_rate=RATE)
    assert alignment is not None
    return alignment


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), np.float32)


@pytest.mark.parametrize("delay", [-30000, -441, 0, 1, 12345, 180000])
def test_shift_and_polarity_of_a_heavily_compressed_reference(delay):
    clip = -0.5 * heavy(LOOP)
    reference = np.concatenate([np.zeros(max(delay, 0), np.float32), clip])[max(-delay, 0) :]
    alignment = aligned(LOOP, reference)
    assert alignment.same_performance
    start = max(-delay, 0)
    seconds = (min(clip.size, reference.size - delay) - start) / RATE
    assert alignment.position == Position(delay / RATE, 1.0, True, start / RATE, seconds)
    np.testing.assert_array_equal(alignment.loop, LOOP[start:])
    np.testing.assert_array_equal(alignment.reference, -clip[start:])


def test_an_excerpt_is_found_anywhere_whichever_of_both_it_is():
    whole, cut = heavy(LONG), slice(7 * RATE, 11 * RATE)
    for loop, reference, delay in ((LONG, whole[cut], -7.0), (LONG[cut], whole, 7.0)):
        alignment = aligned(loop, reference)
        assert alignment.same_performance
        assert (alignment.position.delay_s, alignment.position.seconds) == (delay, 4)
        np.testing.assert_array_equal(alignment.loop, LONG[cut])
        np.testing.assert_array_equal(alignment.reference, whole[cut])


def test_a_lead_in_of_room_noise_and_a_part_that_only_one_has():
    noise = 1e-4 * np.random.default_rng(1).standard_normal(3 * RATE).astype(np.float32)
    reference = np.concatenate([noise, heavy(LOOP)[: RATE * 3 // 2], hits(1.0, seed=9)])
    alignment = aligned(LOOP, reference)
    assert alignment.same_performance
    assert alignment.position.delay_s == 3


@pytest.mark.parametrize(("up", "down"), [(201, 200), (10000, 10001), (2000, 2001), (200, 201)])
def test_speed_is_found_and_taken_out(up, down):
    compressed = heavy(LONG[: 6 * RATE])
    alignment = aligned(LONG, -resample_poly(compressed, up, down)[RATE:])
    assert alignment.same_performance
    position = alignment.position
    assert position.inverted
    assert position.speed == pytest.approx(down / up, abs=2e-6)
    assert position.delay_s == pytest.approx(-1.0, abs=2e-6)
    start, count = round(position.start_s * RATE), alignment.loop.size
    assert count > 4.9 * RATE
    true = compressed[start : start + count]
    # Two resamplings lose the highest frequencies.
    kept = slice(0, count // 3)
    error, right = (
        np.abs(np.fft.rfft(part * np.hanning(count)))[kept]
        for part in (alignment.reference - true, true)
    )
    assert np.sqrt(np.mean(error**2)) < 0.02 * np.sqrt(np.mean(right**2))


def test_parts_of_a_sample_are_moved():
    spectrum = np.fft.rfft(heavy(LOOP))
    half = 2j * np.pi * np.fft.rfftfreq(LOOP.size) * 40.37
    reference = np.fft.irfft(spectrum * np.exp(-half)).astype(np.float32)
    alignment = aligned(LOOP, reference)
    assert alignment.position.delay_s * RATE == pytest.approx(40.37, abs=0.005)
    assert alignment.position.speed == 1


def test_more_than_half_a_percent_is_another_recording():
    alignment = align(LONG, resample_poly(heavy(LONG), 99, 100), sample_rate=RATE)
    assert alignment is None or not alignment.same_performance


@pytest.mark.parametrize(
    "spoil",
    [
        mp3,
        ogg,
        lambda clip: (np.rint(clip * 2**15) / 2**15).astype(np.float32),
        lambda clip: clip[: RATE // 2],
        lambda clip: np.concatenate([clip, hits(1.0, seed=9)]),
        lambda clip: lfilter([1.5, -0.6], [1, -0.1], clip).astype(np.float32),
        lambda clip: np.clip(clip, -0.7 * clip.max(), 0.7 * clip.max()),
    ],
)
def test_coded_cut_longer_toned_and_clipped_references_are_the_same_performance(spoil):
    alignment = aligned(LOOP, spoil(heavy(LOOP)))
    assert abs(alignment.position.delay_s * RATE) < 1
    assert alignment.likeness > 0.6
    assert alignment.same_performance


def test_noise_as_loud_as_a_tape_has_it_is_no_hindrance():
    clip = heavy(LOOP)
    noise = np.random.default_rng(0).standard_normal(clip.size) * np.sqrt(np.mean(clip**2)) / 10
    alignment = aligned(LOOP, (clip + noise).astype(np.float32))
    assert alignment.same_performance


def test_each_channel_may_have_its_own_gain_and_they_may_cancel_each_other():
    other = hits(2.0, seed=4)
    loop = np.stack([LOOP, -LOOP + 0.01 * other])
    reference = np.stack([heavy(loop[0]), 0.3 * heavy(loop[1])])
    alignment = aligned(loop, np.pad(reference, ((0, 0), (99, 0))))
    assert alignment.same_performance
    np.testing.assert_array_equal(alignment.loop, loop)
    np.testing.assert_array_equal(alignment.reference, reference)
    assert aligned(LOOP, reference).same_performance


@pytest.mark.parametrize("jitter", [0.0, 0.004])
def test_another_take_of_the_same_rhythm_is_not_the_same_performance(jitter):
    alignment = align(LOOP, heavy(hits(2.0, seed=2, jitter=jitter)), sample_rate=RATE)
    assert alignment is None or not alignment.same_performance


@pytest.mark.parametrize("reference", [silence(0.2), np.ones(10, np.float32)])
def test_silence_or_next_to_nothing_resembles_nothing(reference):
    assert align(LOOP, reference, sample_rate=RATE) is None


def test_residual_of_a_changing_gain_and_of_noise():
    random = np.random.default_rng(0)
    x, noise = random.normal(size=(2, 100000))
    gain = np.linspace(1, 3, x.size)
    assert residual_db(x, gain * x) < -50
    assert residual_db(x, x + 0.1 * noise) == pytest.approx(-20, abs=0.2)
    assert residual_db(x, noise) == pytest.approx(0, abs=0.1)
