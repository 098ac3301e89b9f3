"""Rises, decays and gain curves whose times are known."""

import numpy as np
import pytest

from siamese_drc.handcrafted.envelope import (
    attack,
    fall_time,
    gain_fall_time,
    gain_rise_time,
    release,
    rise_time,
)
from siamese_drc.handcrafted.features import magnitudes
from siamese_drc.handcrafted.levels import decibels, gain_reduction, rms_curve
from siamese_drc.handcrafted.notes import Event, Notes, find_events
from tests.handcrafted.signals import RATE, seconds, tone

FRAME_MS = 1000 * 256 / RATE
SIZES = {"frame": 1024, "hop": 256}


def note_of(signal: np.ndarray) -> np.ndarray:
    """Return the envelope of a signal's only note, shape (1, frames)."""
    magnitude = magnitudes(signal, **SIZES)
    return Notes(magnitude, components=1, iterations=100, seed=1).envelopes(magnitude)


def whole(envelopes: np.ndarray) -> Event:
    """Return the event that begins with the first of some curves and lasts to its end."""
    (event,) = find_events(np.zeros(1, int), [envelopes[0]])
    return event


def test_rise_time_of_straight_and_exponential_rises():
    frame = np.arange(201.0)
    curves = np.stack(
        [np.minimum(frame / 100, 1), 5 + np.minimum(frame / 50, 1), -np.expm1(-frame / 30)]
    )
    np.testing.assert_allclose(rise_time(curves, 0.1, 0.9)[:2], [80, 40])
    np.testing.assert_allclose(rise_time(curves, 0.1, 0.63)[2], 30 * np.log(0.9 / 0.37), rtol=0.01)


def test_fall_time_is_from_the_peak_and_ends_with_the_curve():
    frame = np.arange(100.0)
    falling = np.where(frame < 10, 0.0, np.exp(-(frame - 10) / 20))
    curves = np.stack([falling, np.where(frame < 10, 0.0, 1.0), np.zeros(100)])
    found = fall_time(curves, np.array([10, 10, 0]), np.exp(-1))
    np.testing.assert_allclose(found, [20, 89, np.nan], rtol=1e-3)


def test_a_curve_that_does_not_rise_has_no_rise_time():
    curves = np.array([[1.0, 0.5, 0.2], [0.0, 0.0, 0.0]])
    assert np.isnan(rise_time(curves, 0.1, 0.9)).all()


@pytest.mark.parametrize("rise", [0.1, 0.3])
def test_a_burst_of_known_rise(rise):
    time = seconds(1.0)
    envelopes = note_of(tone(1000, 0.5 * np.clip((time - 0.1) / rise, 0, 1)))
    found = attack(envelopes, whole(envelopes), frame_ms=FRAME_MS)
    np.testing.assert_allclose(found["rise_time"], 800 * rise, rtol=0.06)


def test_overshoot_and_mean_amplitude_of_a_known_envelope():
    """Up to 1 in 10 frames, then 0.5 for long: 6.02 dB over what follows."""
    frame = np.arange(100)
    envelope = np.where(frame <= 10, frame / 10, 0.5)[None]
    found = attack(envelope, whole(envelope), frame_ms=FRAME_MS)
    np.testing.assert_allclose(found["mean_amplitude"], 0.5)
    np.testing.assert_allclose(found["overshoot"], 20 * np.log10(2))
    np.testing.assert_allclose(found["rise_time"], 8 * FRAME_MS)


def test_overshoot_needs_what_follows():
    envelope = np.linspace(0, 1, 20)[None]
    found = attack(envelope, whole(envelope), frame_ms=FRAME_MS)
    assert np.isnan(found["overshoot"]).all()


@pytest.mark.parametrize("constant", [0.03, 0.1])
def test_a_decay_of_known_time(constant):
    """Of a time constant: 20 dB in 2.303 times as long, by 8.686 dB per time constant."""
    envelopes = note_of(tone(1000, 0.5 * np.exp(-seconds(1.0) / constant)))
    found = release(envelopes, whole(envelopes), frame_ms=FRAME_MS)
    np.testing.assert_allclose(found["decay_time"], 1000 * constant * np.log(10), rtol=0.1)
    np.testing.assert_allclose(found["slope"], -20 / np.log(10) / constant, rtol=0.1)


def test_a_release_ends_at_the_next_onset():
    envelope = np.concatenate([np.full(30, 1.0), np.full(20, 3.0)])[None]
    event, _ = find_events(np.array([0, 30]), [envelope[0]] * 2)
    found = release(envelope, event, frame_ms=FRAME_MS)
    np.testing.assert_allclose(found["decay_time"], 29 * FRAME_MS)
    np.testing.assert_allclose(found["mean_amplitude"], 1.0)
    np.testing.assert_allclose(found["slope"], 0.0, atol=1e-9)


def test_means_and_slopes_are_of_the_dry_loops_segments():
    """A gain that rises by 2 dB a frame adds them to the slope, wherever the clip's own peak is."""
    frame = np.arange(21)
    dry = 10 ** (-np.abs(frame - 5) / 20)
    clip = dry * 10 ** (2 * frame / 20)
    found = release(np.stack([dry, clip]), whole(dry[None]), frame_ms=1.0)
    np.testing.assert_allclose(found["slope"], [-1000, 1000])
    found = attack(np.stack([dry, clip]), whole(dry[None]), frame_ms=1.0)
    np.testing.assert_allclose(found["mean_amplitude"], [dry[:6].mean(), clip[:6].mean()])


@pytest.mark.parametrize(("attack_s", "release_s"), [(0.05, 0.05), (0.1, 0.2)])
def test_the_times_of_a_known_gain_curve(attack_s, release_s):
    """A tone whose gain falls by 12 dB from 0.1 s on, and comes back from 0.5 s on."""
    time = seconds(1.5)
    dry = tone(1000, np.full_like(time, 0.5))
    reached = -np.expm1(-np.clip(time - 0.1, 0, 0.4) / attack_s)
    reduction_db = 12 * reached * np.exp(-np.maximum(time - 0.5, 0) / release_s)
    clip = (dry * 10 ** (-reduction_db / 20)).astype(np.float32)
    x, y = decibels(rms_curve(np.stack([dry, clip]), **SIZES))
    reduction = gain_reduction(x, y[None])
    (event,) = find_events(np.array([round(0.08 * RATE / 256)]), [x])
    rise = gain_rise_time(reduction, event, frame_ms=FRAME_MS)
    fall = gain_fall_time(reduction, event, frame_ms=FRAME_MS)
    top = -np.expm1(-0.4 / attack_s)
    expected = attack_s * np.log((1 - 0.1 * top) / (1 - 0.63 * top))
    np.testing.assert_allclose(rise, 1000 * expected, atol=2)
    # From the highest frame on, which lies within half a frame of samples of the turn.
    np.testing.assert_allclose(fall, 1000 * release_s, atol=13)


def test_a_small_change_of_gain_is_not_measured():
    reduction = np.array([[0.0, 0.1, 0.2, 0.1], [0.0, 3.0, 2.0, 1.0]])
    event = Event(onset=0, peak=1, decayed=3, end=4)
    assert np.isnan(gain_rise_time(reduction, event, frame_ms=1.0)).tolist() == [True, False]
    assert np.isnan(gain_fall_time(reduction, event, frame_ms=1.0)).tolist() == [True, False]


def test_a_gain_may_fall_after_the_next_onset():
    reduction = np.array([[0.0, 8.0, 6.0, 4.0, 2.0, 0.0], [0.0, 8.0, 7.0, 6.0, 5.0, 4.0]])
    found = gain_fall_time(reduction, Event(onset=0, peak=1, decayed=2, end=3), frame_ms=1.0)
    np.testing.assert_allclose(found, [4 * (1 - np.exp(-1)), np.nan])


def test_a_silent_clip_is_not_measured():
    envelopes = np.stack([np.exp(-np.arange(50.0)), np.zeros(50)])
    for measure in (attack, release):
        found = measure(envelopes, whole(envelopes), frame_ms=FRAME_MS)
        assert all(np.isnan(values[1]) for values in found.values())
