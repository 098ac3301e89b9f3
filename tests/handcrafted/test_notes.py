"""Onsets of hits at known times; notes that sound at once, each with its own envelope."""

import numpy as np
import pytest

from siamese_drc.handcrafted.features import magnitudes
from siamese_drc.handcrafted.levels import rms_curve
from siamese_drc.handcrafted.notes import Event, Notes, find_events, find_onsets, sounding_notes
from tests.handcrafted.signals import RATE, hits, seconds, tone

SIZES = {"frame": 1024, "hop": 256}
OPTIONS = {"components": 2, "iterations": 100, "seed": 1}


def onsets_of(signal: np.ndarray) -> np.ndarray:
    return find_onsets(signal, rms_curve(signal, **SIZES), sample_rate=RATE, hop=256)


def test_onsets_lie_where_hits_begin():
    starts = [0.0, 0.25, 0.4, 0.8]
    frames = np.array(starts) * RATE / 256
    found = onsets_of(hits(*starts))
    # A frame that is centred up to half its length before a hit holds some of it already.
    assert len(found) == len(starts)
    assert (np.abs(found - frames) <= 3).all()


@pytest.mark.parametrize("duration", [0.25, 1.0])
def test_silence_has_one_onset_at_its_start(duration):
    assert onsets_of(np.zeros(round(duration * RATE), np.float32)).tolist() == [0]


def test_notes_that_overlap_are_separated():
    time = seconds(1.0)
    low = np.where(time < 0.6, 0.5, 0.0)
    high = np.where(time > 0.3, 0.25, 0.0)
    magnitude = magnitudes(tone(440, low) + tone(3000, high), **SIZES)
    envelopes = Notes(magnitude, **OPTIONS).envelopes(magnitude)
    frame = np.arange(envelopes.shape[1]) * 256 / RATE
    first, second = sorted(envelopes, key=lambda envelope: -envelope[frame < 0.25].mean())
    between = [(0.05, 0.25), (0.35, 0.55), (0.65, 0.95)]
    means = [
        [note[(frame > start) & (frame < end)].mean() for start, end in between]
        for note in (first, second)
    ]
    expected = np.array([[0.5, 0.5, 0.0], [0.0, 0.25, 0.25]]) / np.sqrt(2)
    np.testing.assert_allclose(means, expected, atol=0.02)


def test_a_gain_scales_the_envelopes_of_the_notes():
    """The dictionary is the dry loop's: a quieter clip has the same notes, quieter."""
    magnitude = magnitudes(hits(0.0, 0.3) + tone(3000, 0.2 * (seconds(1.0) > 0.5)), **SIZES)
    notes = Notes(magnitude, **OPTIONS)
    dry, clip = notes.envelopes(magnitude), notes.envelopes(np.float32(0.25) * magnitude)
    np.testing.assert_allclose(clip, 0.25 * dry, atol=0.01 * dry.max())


def test_silence_has_silent_notes():
    magnitude = np.zeros((20, 513), np.float32)
    np.testing.assert_array_equal(Notes(magnitude, **OPTIONS).envelopes(magnitude), 0)


def test_an_event_sounds_the_note_that_is_loudest_until_the_next():
    kick = [0.0, 5, 4, 3, 2, 1, 1, 6, 5]
    hat = [0.0, 1, 1, 0, 4, 2, 1, 0, 0]
    assert sounding_notes(np.array([0, 3, 6]), np.array([kick, hat])).tolist() == [0, 1, 0]


def test_events_last_from_the_onset_over_the_peak_until_they_have_decayed():
    curve = np.array([0.0, 5, 4, 0.5, 0.4, 2, 9, 6, 3, 0.0])
    found = find_events(np.array([0, 4, 9]), [curve] * 3)
    assert found == [Event(0, 1, 3, 4), Event(4, 6, 8, 9), Event(9, 9, 9, 10)]
