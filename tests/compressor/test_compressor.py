"""The compressor against a textbook loop, closed forms and another compressor."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.signal import lfilter

from siamese_drc.compressor.ballistics import LANES, level_db
from siamese_drc.compressor.compressor import (
    compress,
    gain_reduction_db,
    max_gain_reduction_db,
)
from siamese_drc.compressor.settings import Settings
from tests.compressor.textbook import compressed_by_textbook, drum_loop

RATE = 44100
OPTIONS = list(
    itertools.product(["peak", "rms"], ["branching", "decoupled"], [0.0, 9.0], [0.0, 6.0])
)


def one(threshold_db=-20.0, ratio=4.0, attack_ms=5.0, release_ms=100.0) -> Settings:
    return Settings(threshold_db, ratio, attack_ms, release_ms)


def gain_db(signal, settings, **options) -> np.ndarray:
    compressed = compress(signal, settings, sample_rate=RATE, **options).astype(np.float64)
    return 20 * np.log10(compressed / signal)


@pytest.mark.parametrize(("detector", "smoothing", "knee_db", "makeup_db"), OPTIONS)
def test_every_ratio_and_option_follows_the_textbook(detector, smoothing, knee_db, makeup_db):
    loop = drum_loop(6000)
    corners = itertools.product([-45.0, -8.0], [1.0, 1.5, 20.0], [0.3, 30.0], [8.0, 500.0])
    settings = Settings(*np.array(list(corners)).T)
    options = {"detector": detector, "smoothing": smoothing, "knee_db": knee_db}
    compressed = compress(loop, settings, sample_rate=RATE, makeup_db=makeup_db, **options)
    level = level_db(loop, detector)
    for row, setting in enumerate(
        zip(
            settings.threshold_db,
            settings.ratio,
            settings.attack_ms,
            settings.release_ms,
            strict=True,
        )
    ):
        expected = compressed_by_textbook(
            level, loop, *setting, RATE, smoothing, knee_db, makeup_db
        )
        np.testing.assert_allclose(compressed[row], expected, rtol=1e-6, atol=0)
    reduction = max_gain_reduction_db(loop, settings, sample_rate=RATE, **options)
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = makeup_db - 20 * np.log10(np.abs(compressed) / np.abs(loop))
    np.testing.assert_allclose(reduction, np.nanmax(seen, axis=1).clip(0), atol=1e-5)
    curves = gain_reduction_db(loop, settings, sample_rate=RATE, **options)
    np.testing.assert_allclose(curves[np.isfinite(seen)], seen[np.isfinite(seen)], atol=1e-5)


@pytest.mark.parametrize("smoothing", ["branching", "decoupled"])
@pytest.mark.parametrize("knee_db", [0.0, 12.0])
def test_constant_magnitude_settles_on_the_static_curve(smoothing, knee_db):
    alternating = np.where(np.arange(20000) % 2, 1.0, -1.0)
    for level in [-50.0, -27.0, -22.0, -20.0, -17.0, -3.0]:
        signal = (10 ** (level / 20) * alternating).astype(np.float32)
        over = level + 20.0
        if abs(over) < knee_db / 2:
            expected = (1 / 4 - 1) * (over + knee_db / 2) ** 2 / (2 * knee_db)
        else:
            expected = (1 / 4 - 1) * max(over, 0.0)
        settled = gain_db(signal, one(release_ms=5.0), smoothing=smoothing, knee_db=knee_db)
        assert settled[0, -1] == pytest.approx(expected, abs=2e-6)


def test_static_curve_is_pedalboards():
    pedalboard = pytest.importorskip("pedalboard")
    alternating = np.where(np.arange(40000) % 2, 1.0, -1.0)
    plugin = pedalboard.Compressor(threshold_db=-20, ratio=4, attack_ms=5, release_ms=100)
    for level in [-40.0, -18.0, -6.0, 0.0]:
        signal = (10 ** (level / 20) * alternating).astype(np.float32)
        theirs = plugin(signal, RATE)
        ours = compress(signal, one(), sample_rate=RATE)[0]
        assert ours[-1] / signal[-1] == pytest.approx(theirs[-1] / signal[-1], rel=1e-4)


@pytest.mark.parametrize("smoothing", ["branching", "decoupled"])
def test_time_constants_are_the_time_to_63_percent(smoothing):
    signal = np.full(40000, 0.001, np.float32)
    signal[1000:20000] = 1.0
    # The other time is so short that the decoupled smoother shows each time by itself.
    attack = -gain_db(signal, one(attack_ms=20.0, release_ms=0.01), smoothing=smoothing)[0]
    assert attack[999 + 882] == pytest.approx(15 * (1 - np.exp(-1)), abs=1e-5)
    release = -gain_db(signal, one(attack_ms=0.01, release_ms=50.0), smoothing=smoothing)[0]
    assert release[19999] == pytest.approx(15, abs=1e-5)
    late = 0 if smoothing == "branching" else 1  # the attack's own lag, under a sample
    assert release[19999 + 2205 + late] == pytest.approx(15 * np.exp(-1), abs=3e-3)


def test_equal_attack_and_release_are_a_linear_filter():
    loop = drum_loop(40000)  # several of the segments that the recursion is computed in
    step = -np.expm1(-1 / (0.012 * RATE))
    overshoot = 0.75 * np.maximum(level_db(loop) + 30, 0)
    expected = loop * 10 ** (-lfilter([step], [1, step - 1], overshoot) / 20)
    compressed = compress(loop, one(-30.0, 4.0, 12.0, 12.0), sample_rate=RATE)
    np.testing.assert_allclose(compressed[0], expected, rtol=1e-6)


@pytest.mark.parametrize("detector", ["peak", "rms"])
def test_silence_stays_silence(detector):
    settings = Settings([-120.0, -20.0], [20.0, 2.0], [5.0, 5.0], [5.0, 5.0])
    silence = np.zeros(5000, np.float32)
    options = {"sample_rate": RATE, "detector": detector}
    assert not compress(silence, settings, **options).any()
    assert not max_gain_reduction_db(silence, settings, **options).any()


@pytest.mark.parametrize(
    ("detector", "smoothing", "knee_db"), [option[:3] for option in OPTIONS[::2]]
)
def test_ratio_one_leaves_the_signal_bit_identical(detector, smoothing, knee_db):
    loop = drum_loop(5000)
    options = {"detector": detector, "smoothing": smoothing, "knee_db": knee_db}
    same = compress(loop, one(-60.0, 1.0), sample_rate=RATE, **options)
    assert same[0].tobytes() == loop.tobytes()


@pytest.mark.parametrize("smoothing", ["branching", "decoupled"])
@pytest.mark.parametrize("samples", [1, 63, 16384 + 777])
def test_a_batch_is_bit_identical_to_single_settings(smoothing, samples):
    loop = drum_loop(20000)[:samples]
    random = np.random.default_rng(3)
    count = 2 * LANES + 5
    settings = Settings(
        random.uniform(-50, 0, count),
        random.choice([1.0, 2.0, 7.5], count),
        random.uniform(0.1, 100, count),
        random.uniform(1, 1000, count),
    )
    options = {"sample_rate": RATE, "smoothing": smoothing, "knee_db": 3.0}
    batch = compress(loop, settings, **options)
    for row in range(0, count, 4):
        single = compress(loop, settings[row : row + 1], **options)
        assert single[0].tobytes() == batch[row].tobytes()
    shuffled = random.permutation(count)
    assert compress(loop, settings[shuffled], **options).tobytes() == batch[shuffled].tobytes()


def test_writes_where_it_is_told():
    loop = drum_loop(5000)
    settings = Settings([-20.0, -40.0], [4.0, 2.0], [5.0, 5.0], [50.0, 50.0])
    given = np.full((2, loop.size), np.nan, np.float32)
    assert compress(loop, settings, sample_rate=RATE, out=given) is given
    assert given.tobytes() == compress(loop, settings, sample_rate=RATE).tobytes()


def test_channels_with_a_common_key_get_its_gain():
    left, right = drum_loop(9000), np.roll(drum_loop(9000), 700)
    settings = Settings([-20.0, -40.0], [4.0, 2.0], [5.0, 5.0], [50.0, 50.0])
    options: dict[str, Any] = {"sample_rate": RATE, "detector": "rms", "knee_db": 3.0}
    gain = 10 ** (-gain_reduction_db(left, settings, **options).astype(float) / 20)
    linked = compress(right, settings, key=left, **options)
    np.testing.assert_allclose(linked, gain * right, rtol=2e-6)
    with_itself = compress(left, settings, key=left, **options)
    assert with_itself.tobytes() == compress(left, settings, **options).tobytes()
    with pytest.raises(ValueError, match="the key has 10 samples, must have 9000"):
        compress(left, settings, key=right[:10], sample_rate=RATE)


@pytest.mark.parametrize(
    ("signal", "options", "message"),
    [
        (np.zeros(0, np.float32), {}, "not empty"),
        (np.zeros((2, 10), np.float32), {}, "must be \\(samples,\\)"),
        (np.array([0.1, np.nan], np.float32), {}, "not finite"),
        (np.array([0.1, np.inf], np.float32), {}, "not finite"),
        (np.ones(10, np.float32), {"detector": "vu"}, "detector 'vu': must be"),
        (np.ones(10, np.float32), {"smoothing": "none"}, "smoothing 'none': must be"),
        (np.ones(10, np.float32), {"knee_db": -1.0}, "knee_db -1: must be at least 0"),
        (np.ones(10, np.float32), {"makeup_db": np.nan}, "makeup_db nan: must be finite"),
        (np.ones(10, np.float32), {"sample_rate": 0}, "sample_rate 0: must be above 0"),
    ],
)
def test_bad_signals_and_options_are_errors(signal, options, message):
    with pytest.raises(ValueError, match=message):
        compress(signal, one(), **{"sample_rate": RATE, **options})
