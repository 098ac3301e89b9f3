"""What each step of a production does to a signal, where the result is known."""

import numpy as np
import pytest

from siamese_drc.match import training_examples

RATE = 44100
SECONDS = np.arange(2 * RATE) / RATE


@pytest.fixture
def through(monkeypatch):
    """Return a function that puts a signal through one step, with what it draws given."""

    def put(step, signal, **drawn):
        monkeypatch.setattr(training_examples, "_CHAIN", ((1.0, getattr(training_examples, step)),))
        for name, value in drawn.items():
            monkeypatch.setattr(training_examples, name, (value, value))
        return training_examples.produced(signal, np.random.default_rng(0), sample_rate=RATE)

    return put


def sine(hertz, level_db=0.0):
    return 10 ** (level_db / 20) * np.sin(2 * np.pi * hertz * SECONDS)


def level_db(signal):
    return 10 * np.log10(np.mean(np.square(signal, dtype=float)))


def test_productions_are_drawn_and_the_same_for_the_same_seed():
    loop = (sine(100) + sine(3000, -20)) * np.exp(-(SECONDS % 0.5) / 0.1)
    first, again, other = (
        training_examples.produced(loop, np.random.default_rng(seed), sample_rate=RATE)
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1
    for one in (first, other):
        assert one.shape == loop.shape
        assert one.dtype == np.float32
        assert np.abs(one).max() == pytest.approx(1)


def test_speed_raises_the_pitch(through):
    faster = through("_faster", sine(500), _SPEEDS=1.25)
    spectrum = np.abs(np.fft.rfft(faster * np.hanning(faster.size)))
    assert np.argmax(spectrum) / 2 == pytest.approx(625, abs=0.5)


def test_a_layer_is_as_loud_as_drawn(through):
    loop = sine(500, -6)
    loop[0] = 1.0
    layered = through("_layered", loop, _LAYER_DB=-200.0)
    np.testing.assert_allclose(layered, loop, atol=1e-6)


def test_a_tone_is_a_gain_of_every_frequency(through, monkeypatch):
    monkeypatch.setattr(training_examples, "_TONE_HZ", np.array([100.0, 10000.0]))
    toned = np.fft.rfft(through("_toned", sine(100) + sine(1000) + sine(10000)))
    low, middle, high = (20 * np.log10(abs(toned[2 * hertz])) for hertz in (100, 1000, 10000))
    assert low != pytest.approx(high, abs=1)
    assert middle == pytest.approx((low + high) / 2, abs=0.01)  # on a log scale half way


@pytest.mark.parametrize(("power", "step_db"), [(-0.5, 10), (0.0, 20), (0.5, 30)])
def test_a_power_of_the_envelope_scales_steps_of_level(through, power, step_db):
    loop = sine(500) * np.where(SECONDS < 1, 1.0, 0.1)
    shaped = through("_shaped", loop, _POWERS=power, _ENVELOPE_S=0.01)
    loud, quiet = (shaped[int(at * RATE) : int((at + 0.5) * RATE)] for at in (0.25, 1.25))
    assert level_db(loud) - level_db(quiet) == pytest.approx(step_db, abs=0.05)


def test_a_tail_has_its_energy_and_decays_by_60_db(through):
    impulse = np.zeros(2 * RATE)
    impulse[0] = 1.0
    tail = through("_reverberant", impulse, _DECAY_S=1.0, _REVERB_DB=-10.0)
    assert 10 * np.log10(np.sum(tail[1:] ** 2)) == pytest.approx(-10, abs=0.5)
    early, late = tail[1 : RATE // 10], tail[RATE // 2 : RATE // 2 + RATE // 10]
    assert level_db(early) - level_db(late) == pytest.approx(30, abs=1)
    assert np.abs(tail[RATE:]).max() < 1e-6


def test_a_compressor_turns_down_what_is_above_the_threshold(through):
    loop = sine(500) * np.where(SECONDS < 1, 1.0, 0.01)
    drawn = {"_THRESHOLD_DB": -20.0, "_INVERSE_RATIO": 0.5, "_ATTACK_MS": 1.0, "_RELEASE_MS": 50.0}
    compressed = through("_compressed", loop, **drawn)
    loud, quiet = (compressed[int(at * RATE) : int((at + 0.5) * RATE)] for at in (0.4, 1.4))
    assert level_db(loud) - level_db(quiet) == pytest.approx(40 - 10, abs=1)


def test_saturation_is_a_hyperbolic_tangent(through):
    saturated = through("_saturated", sine(100), _DRIVE_DB=6.0)
    drive = 10 ** (6 / 20)
    np.testing.assert_allclose(saturated, np.tanh(drive * sine(100)) / np.tanh(drive), atol=1e-6)


def test_noise_has_the_level_drawn(through):
    loop = np.zeros(2 * RATE)
    loop[0] = 1.0
    assert level_db(through("_noisy", loop, _NOISE_DB=-60.0)[1:]) == pytest.approx(-60, abs=0.1)
