"""What references are made with: from the middle of a sound, limited, linked, by other designs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from siamese_drc.compressor.compressor import compress
from siamese_drc.compressor.settings import Settings
from siamese_drc.core.ffmpeg import Coding, recoded
from siamese_drc.match.families import FamilyCompressor, Link, keys
from siamese_drc.match.pair_fit import clipped_samples, fit_pair
from tests.export.programs import by_ffmpeg
from tests.match.references import RATE, as_24_bits, hits, mp3

LOOP = as_24_bits(hits(3.0, seed=1))[np.newaxis]
STEREO = np.concatenate([LOOP, as_24_bits(0.6 * hits(3.0, seed=4))[np.newaxis]])
SETTINGS = {
    "threshold_db": -24.0,
    "ratio": 4.0,
    "attack_ms": 12.0,
    "release_ms": 150.0,
    "makeup_db": 0.0,
}
NEAR = {
    "threshold_db": 0.1,
    "ratio": 0.05,
    "attack_ms": 0.2,
    "release_ms": 2.0,
    "makeup_db": 0.1,
    "knee_db": 0.1,
}


def compressed(loop: np.ndarray = LOOP, *, knee_db: float = 0.0, **changed: Any) -> np.ndarray:
    settings = SETTINGS | changed
    one = Settings(*(settings[name] for name in list(SETTINGS)[:4]))
    makeup_db = settings["makeup_db"]
    return np.concatenate(
        [
            compress(channel, one, sample_rate=RATE, knee_db=knee_db, makeup_db=makeup_db)
            for channel in loop
        ]
    )


def found(dry: np.ndarray, wet: np.ndarray, looser: float = 1.0, **true: float):
    """Fit a pair, in 24 bits, whose true settings differ from SETTINGS as given."""
    fit = fit_pair(dry, as_24_bits(wet), sample_rate=RATE)
    expected = SETTINGS | {"knee_db": 0.0} | true
    errors = {name: abs(fit.settings[name].value - value) for name, value in expected.items()}
    assert all(error <= looser * NEAR[name] for name, error in errors.items()), errors
    return fit


def test_a_silent_channel_does_not_clip():
    wet = np.concatenate([LOOP, np.zeros_like(LOOP)])
    assert not clipped_samples(wet).any()
    wet[1, ::2] = 2.0**-15
    assert not clipped_samples(wet).any()
    assert clipped_samples(np.clip(wet, -0.1, 0.1))[0].any()


@pytest.mark.parametrize("link", ["maximum", "average"])
def test_the_link_is_found_from_a_mono_reference(link):
    compressor = FamilyCompressor(SETTINGS, sample_rate=RATE, link=link, channels=2)
    wet = compressor.process(STEREO).signal.mean(axis=0, keepdims=True)
    assert found(STEREO, wet).link == link


def test_a_lock_that_does_not_fit_brings_no_limiter():
    fit = fit_pair(LOOP, as_24_bits(compressed()), sample_rate=RATE, lock={"attack_ms": 1000.0})
    assert fit.limiter == {}
    assert fit.unexplained_db > 0.3


def test_a_threshold_below_all_of_the_loop_is_not_determined():
    time = np.arange(2 * RATE) / RATE
    noise = np.random.default_rng(0).normal(0, 0.1, time.size)
    loop = as_24_bits((noise * (1.5 + np.sin(7 * time))).astype(np.float32))[np.newaxis]
    compressor = FamilyCompressor(
        SETTINGS | {"threshold_db": -60.0}, sample_rate=RATE, family="level"
    )
    fit = fit_pair(loop, as_24_bits(compressor.process(loop).signal), sample_rate=RATE)
    assert fit.family == "level"
    assert abs(fit.settings["ratio"].value - 4) < 0.05
    for name, true in {"threshold_db": -60.0, "makeup_db": 0.0}.items():
        assert fit.settings[name].low <= true <= fit.settings[name].high


def test_from_rest_intervals_are_narrow_and_nothing_is_left():
    fit = found(LOOP, compressed())
    assert (fit.family, fit.link) == ("branching", None)
    assert fit.unexplained_db < 1e-3
    assert fit.left_db < -100
    assert fit.constant_db > 0.5
    widest = {"threshold_db": 0.1, "ratio": 0.1, "attack_ms": 0.5, "release_ms": 5.0}
    for name, width in widest.items():
        assert fit.settings[name].high - fit.settings[name].low < width


@pytest.mark.parametrize("start", [1.02, 1.31])
def test_an_excerpt_from_the_middle_is_as_exact_as_from_rest(start):
    settings: dict[str, Any] = {"threshold_db": -36.0, "ratio": 8.0, "release_ms": 900.0}
    middle = np.s_[:, round(start * RATE) :]
    fit = found(LOOP[middle], compressed(**settings)[middle], **settings)
    assert fit.start_db > 1


@pytest.mark.parametrize("knee_db", [1.0, 12.0, 24.0])
def test_a_knee_is_found(knee_db):
    found(LOOP, compressed(knee_db=knee_db), knee_db=knee_db)


@pytest.mark.parametrize(("attack_ms", "release_ms"), [(0.02, 5.0), (0.2, 150.0), (250.0, 5000.0)])
def test_the_fastest_and_the_slowest_are_found(attack_ms, release_ms):
    times = {"attack_ms": attack_ms, "release_ms": release_ms, "threshold_db": -36.0}
    found(LOOP, compressed(**times), looser=1 + release_ms / 500, **times)


@pytest.mark.parametrize("start", [0, 1.31])
def test_a_limiter_after_the_compressor_is_found_and_taken_out(start):
    clip = compressed(release_ms=400.0)
    ceiling_db = 20 * np.log10(np.abs(clip).max()) - 4
    limit: dict[str, Any] = {"threshold_db": ceiling_db, "ratio": 100.0, "attack_ms": 0.05}
    limited = compressed(clip, **limit, release_ms=50.0)
    part = np.s_[:, round(start * RATE) :]
    fit = found(LOOP[part], limited[part], release_ms=400.0)
    assert fit.left_db < -60
    assert fit.limiter["threshold_db"] == pytest.approx(ceiling_db, abs=0.1)
    assert fit.limiter["release_ms"] == pytest.approx(50, abs=1)


def test_a_limiter_that_looks_ahead_is_found_and_taken_out():
    """FFmpeg's: its gain falls and rises along straight lines, which only resembles ours."""
    clip = compressed(release_ms=400.0)
    ceiling = np.abs(clip).max() * 10 ** (-4 / 20)
    line = f"alimiter=limit={ceiling}:attack=5:release=50:level=disabled:latency=1"
    limited = by_ffmpeg(clip, line, RATE)[:, : LOOP.shape[1]]
    fit = fit_pair(LOOP[:, : limited.shape[1]], limited, sample_rate=RATE)
    assert fit.limiter["threshold_db"] == pytest.approx(20 * np.log10(ceiling), abs=0.3)
    assert 2 < fit.limiter["ahead_ms"] < 6
    for name, true in (SETTINGS | {"release_ms": 400.0}).items():
        estimate = fit.settings[name]
        assert abs(estimate.value - true) < NEAR[name]
        assert estimate.low <= true <= estimate.high


def test_without_a_limiter_none_is_found():
    hard = mp3(compressed()[0])[np.newaxis, : LOOP.shape[1]]
    for wet in (compressed(), hard):
        assert fit_pair(LOOP, wet, sample_rate=RATE).limiter == {}


@pytest.mark.parametrize("peak_db", [-50.0, -65.0])
def test_a_quiet_reference_is_solved(peak_db):
    found(LOOP, compressed(makeup_db=peak_db), makeup_db=peak_db)


@pytest.mark.parametrize("link", ["mean", "maximum", "average", "unlinked"])
def test_the_link_of_the_channels_is_found_and_processing_follows_it(link: Link):
    whole = FamilyCompressor(SETTINGS, sample_rate=RATE, link=link, channels=2)
    reference = whole.process(STEREO).signal
    assert found(STEREO, reference).link == link
    blocks = FamilyCompressor(SETTINGS, sample_rate=RATE, link=link, channels=2)
    parts = [blocks.process(part).signal for part in np.split(STEREO, [1, 5000], axis=1)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), reference)


def test_opposite_channels_are_solved():
    opposite = np.concatenate([LOOP, -LOOP])
    assert found(opposite, compressed(opposite)).link != "mean"
    assert not keys(opposite, "mean").any()


def test_the_family_of_the_compressor_is_that_of_compress():
    processed = FamilyCompressor(SETTINGS, sample_rate=RATE).process(LOOP)
    np.testing.assert_allclose(processed.signal, compressed(), atol=1e-6)


def told(wet: np.ndarray, dry: np.ndarray = LOOP):
    """Return the fit of a pair, what the second best family leaves more, dB, and its values."""
    fit = fit_pair(dry, np.asarray(wet, np.float32), sample_rate=RATE)
    other = min(left for family, left in fit.families.items() if family != fit.family)
    return fit, other - fit.unexplained_db, {k: v.value for k, v in fit.settings.items()}


@pytest.mark.parametrize(("detection", "family"), [("peak", "level"), ("rms", "power")])
def test_acompressor_is_recognised(detection, family):
    line = (
        f"acompressor=threshold=0.0631:ratio=4:attack=20:release=200:knee=4:detection={detection}"
    )
    fit, better_db, values = told(by_ffmpeg(LOOP, line, RATE))
    assert fit.family == family
    assert better_db > 0.05
    # Its times are 4 time constants, and its knee a factor of the amplitude.
    true = {"threshold_db": -24.0, "ratio": 4.0, "attack_ms": 5.0, "release_ms": 50.0}
    for name, value in (true | {"knee_db": 12.04}).items():
        assert values[name] == pytest.approx(value, rel=0.01)


def test_the_link_of_acompressor_is_recognised():
    times = "attack=20:release=200"
    line = f"acompressor=threshold=0.0631:ratio=4:{times}:knee=1:detection=peak:link=maximum"
    fit, _, _ = told(by_ffmpeg(STEREO, line, RATE), STEREO)
    assert (fit.family, fit.link) == ("level", "maximum")


def test_compand_is_recognised():
    line = "compand=attacks=0.005:decays=0.1:points=-80/-80|-24/-24|0/-18"
    fit, better_db, values = told(by_ffmpeg(LOOP, line, RATE))
    assert fit.family == "level"
    assert better_db > 0.05
    assert values["threshold_db"] == pytest.approx(-24, abs=0.2)
    assert values["attack_ms"] == pytest.approx(5, rel=0.03)
    assert values["release_ms"] == pytest.approx(100, rel=0.03)


def test_pedalboard_is_recognised():
    pedalboard = pytest.importorskip("pedalboard")
    compressor = pedalboard.Compressor(threshold_db=-24, ratio=4, attack_ms=20, release_ms=300)
    fit, better_db, values = told(compressor.process(LOOP, RATE))
    assert fit.family == "level"
    assert better_db > 0.05
    # JUCE's times are 2 pi time constants.
    true = {"threshold_db": -24.0, "ratio": 4.0, "attack_ms": 3.18, "release_ms": 47.7}
    for name, value in true.items():
        assert values[name] == pytest.approx(value, rel=0.01)


@pytest.mark.parametrize("seed", [3, 4])
def test_the_design_is_recognised_after_coding_at_a_low_bit_rate(seed):
    loop = as_24_bits(hits(3.0, seed=seed))[np.newaxis]
    wet = mp3(compressed(loop)[0], 0.9)[np.newaxis, : loop.shape[1]]
    fit = fit_pair(loop, wet, sample_rate=RATE)
    assert fit.left_db > -15
    assert fit.family == "branching"
    for name, true in SETTINGS.items():
        assert fit.settings[name].low <= true <= fit.settings[name].high
    assert abs(fit.settings["threshold_db"].value + 24) < 0.5


def bursts(seconds: float = 3.0) -> np.ndarray:
    """Decaying bursts of white noise: coders take more from quiet ones than from loud ones."""
    random = np.random.default_rng(8)
    signal = np.zeros(round(seconds * RATE))
    for start in range(0, signal.size, RATE // 4):
        since = np.arange(min(signal.size - start, RATE // 3)) / RATE
        decay_s, loudness = random.uniform(0.02, 0.08), random.uniform(0.2, 1)
        burst = random.normal(size=since.size) * np.exp(-since / decay_s)
        signal[start : start + since.size] += loudness * burst
    return as_24_bits((signal / np.abs(signal).max()).astype(np.float32))[np.newaxis]


def test_what_a_coder_takes_is_measured_and_given_back():
    loop, coding = bursts(), Coding("aac", 69_000, RATE)
    wet = recoded(compressed(loop), coding)
    not_told, told = (
        fit_pair(loop, wet, sample_rate=RATE, from_start=True, coding=each)
        for each in (None, coding)
    )
    off_ms = [abs(fit.settings["attack_ms"].value - 12) for fit in (not_told, told)]
    assert off_ms[1] < off_ms[0] / 2
    for name, true in SETTINGS.items():
        assert told.settings[name].low <= true <= told.settings[name].high


@pytest.mark.parametrize(
    "coding", [Coding("aac", 69_000, RATE), Coding("opus", 69_000, RATE)], ids=["other", "refused"]
)
def test_a_coder_that_was_not_used_changes_nothing(coding):
    loop = LOOP[:, : 2 * RATE]
    hiss = np.random.default_rng(0).normal(0, 0.003, loop.shape)
    wet = (compressed(loop) + hiss).astype(np.float32)
    fits = [fit_pair(loop, wet, sample_rate=RATE, coding=each) for each in (None, coding)]
    assert fits[0].settings == fits[1].settings


def test_decoupled_smoothing_and_rms_detection_are_recognised():
    one = Settings(-30, 4, 12, 150)
    options: dict[str, dict[str, Any]] = {
        "decoupled": {"smoothing": "decoupled"},
        "rms": {"detector": "rms"},
    }
    for family, option in options.items():
        fit, better_db, values = told(
            as_24_bits(compress(LOOP[0], one, sample_rate=RATE, **option))
        )
        assert fit.family == family
        assert better_db > 0.05
        assert values["threshold_db"] == pytest.approx(-30, abs=0.1)
