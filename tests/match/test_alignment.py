"""Shifts and polarity are found; the same performance is told from another take."""

from __future__ import annotations

import numpy as np
import pytest

from siamese_drc.compressor.compressor import compress
from siamese_drc.compressor.settings import Settings
from siamese_drc.match.alignment import align
from siamese_drc.match.robustness import mp3, ogg
from tests.match.references import RATE, hits

HEAVY = Settings([-50.0], [20.0], [1.0], [50.0])
LOOP = hits(2.0, seed=1)


def heavy(loop: np.ndarray, **options) -> np.ndarray:
    return compress(loop, HEAVY, sample_rate=RATE, **options)[0]


@pytest.mark.parametrize("delay", [-30000, -441, 0, 1, 12345, 80000])
def test_shift_and_polarity_of_a_heavily_compressed_reference(delay):
    clip = -0.5 * heavy(LOOP)
    reference = np.concatenate([np.zeros(max(delay, 0), np.float32), clip])[max(-delay, 0) :]
    alignment = align(LOOP, reference, sample_rate=RATE)
    assert (alignment.delay, alignment.inverted) == (delay, True)
    assert alignment.same_performance
    covered = slice(max(-delay, 0), LOOP.size)
    assert alignment.covered == covered
    np.testing.assert_array_equal(alignment.reference[covered], -clip[covered])
    assert not alignment.reference[: covered.start].any()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda clip: mp3(clip, RATE),
        lambda clip: ogg(clip, RATE),
        lambda clip: (np.rint(clip * 2**15) / 2**15).astype(np.float32),
        lambda clip: clip[: RATE // 2],
        lambda clip: np.concatenate([clip, hits(1.0, seed=9)]),
    ],
)
def test_coded_rounded_shorter_and_longer_references_are_the_same_performance(spoil):
    alignment = align(LOOP, spoil(heavy(LOOP)), sample_rate=RATE)
    assert alignment.delay == 0
    assert alignment.likeness > 0.6


def test_an_rms_detector_is_the_same_performance():
    assert align(LOOP, heavy(LOOP, detector="rms"), sample_rate=RATE).likeness > 0.9


@pytest.mark.parametrize("jitter", [0.0, 0.004])
def test_another_take_of_the_same_rhythm_is_not_the_same_performance(jitter):
    another = heavy(hits(2.0, seed=2, jitter=jitter))
    alignment = align(LOOP, another, sample_rate=RATE)
    assert not alignment.same_performance
    assert alignment.likeness < 0.25


@pytest.mark.parametrize("reference", [np.zeros(5000, np.float32), np.ones(10, np.float32)])
def test_nothing_is_like_silence_or_next_to_nothing(reference):
    assert align(LOOP, reference, sample_rate=RATE).likeness == 0
