"""Settings are found again from the loop compressed; what cannot be told is said."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from siamese_drc.match.answer import ANOTHER_RECORDING, NO_ANSWER, SAME_PERFORMANCE
from siamese_drc.match.families import Family
from siamese_drc.match.same_performance import same_performance
from siamese_drc.match.sound import process, resampled
from tests.match.references import RATE, as_16_bits, as_24_bits, hits, mp3, ogg

LOOP = as_24_bits(hits(2.0, seed=1))
SETTINGS = {
    "threshold_db": -24.0,
    "ratio": 4.0,
    "attack_ms": 12.0,
    "release_ms": 150.0,
    "makeup_db": 0.0,
}
GOAL = {"threshold_db": 0.1, "ratio": 0.1, "attack_ms": 0.5, "release_ms": 5.0}


def there_and_back(clip: np.ndarray) -> np.ndarray:
    there = as_24_bits(resampled(clip, RATE, 48000, "HQ"))
    return as_24_bits(resampled(there, 48000, RATE, "HQ"))


VARIANTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "24 bit": as_24_bits,
    "16 bit": as_16_bits,
    "-6 dB": lambda clip: as_24_bits(clip * np.float32(10 ** (-6 / 20))),
    "10 ms later": lambda clip: as_24_bits(np.pad(clip, (RATE // 100, 0))),
    "to 48 kHz and back": there_and_back,
    "MP3, 128 kbit/s": mp3,
    "Ogg, 128 kbit/s": ogg,
}


def compressed(
    loop: np.ndarray = LOOP, *, family: Family = "branching", **changed: float
) -> np.ndarray:
    clip = process(loop, SETTINGS | changed, sample_rate=RATE, family=family)
    return as_24_bits(clip)


def solved(reference: np.ndarray, loop: np.ndarray = LOOP, **options):
    answer = same_performance(loop, reference, sample_rate=RATE, **options)
    assert answer is not None
    return answer


def test_a_lock_that_the_reference_contradicts_is_said():
    answer = solved(compressed(), lock={"ratio": 1.0})
    assert answer.situation == NO_ANSWER
    assert answer.warnings == [
        "Under the locked settings no compressor explains the gain of the reference."
    ]
    for lock in ({"attack_ms": 1000.0}, {"ratio": 2 * SETTINGS["ratio"]}):
        answer = solved(compressed(), lock=lock)
        assert any("locked settings do not fit the reference" in text for text in answer.warnings)


def test_a_lock_is_not_blamed_for_what_coding_leaves():
    lock = {"ratio": SETTINGS["ratio"]}
    answer = solved(mp3(compressed(), 0.85), lock=lock)
    assert answer.unexplained_db is not None
    assert answer.unexplained_db > 0.3
    assert not any("locked settings" in text for text in answer.warnings)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"threshold_db": -45.0, "ratio": 20.0, "attack_ms": 1.0},
        {"threshold_db": -12.0, "ratio": 1.5, "release_ms": 800.0},
        {"family": "rms"},
    ],
)
def test_settings_are_exact_from_24_bits(changed):
    answer = solved(compressed(makeup_db=-4.0, **changed))
    assert answer.situation == SAME_PERFORMANCE
    assert answer.family == changed.get("family", "branching")
    assert any("mean square" in warning for warning in answer.warnings) == ("family" in changed)
    for name, true in (SETTINGS | {"makeup_db": -4.0} | changed).items():
        if name != "family":
            setting = answer.settings[name]
            assert setting.value == pytest.approx(true, abs=1e-3, rel=1e-3)
            assert setting.low <= true <= setting.high
    assert answer.as_json()["settings"]["ratio"]["value"] == answer.settings["ratio"].value


@pytest.mark.parametrize("variant", [*VARIANTS])
def test_settings_survive_what_happens_to_references(variant):
    reference = VARIANTS[variant](compressed())
    answer = solved(-reference)
    assert "The reference's polarity is inverted." in answer.warnings
    coded = "kbit" in variant
    for name, goal in GOAL.items():
        setting, true = answer.settings[name], SETTINGS[name]
        assert abs(setting.value - true) < (4 if coded else 1) * goal
        assert coded or setting.low <= true <= setting.high
    assert coded or not any("gain stay unexplained" in text for text in answer.warnings)
    wanted = -6.0 if variant == "-6 dB" else 0.0
    assert answer.settings["makeup_db"].value == pytest.approx(wanted, abs=0.6)


def test_where_no_gain_is_left_no_other_design_is_tried():
    """As after resampling: an image near half the sample rate, far above the rounding."""
    loop = as_24_bits(sosfilt(butter(8, 5000, fs=RATE, output="sos"), LOOP))
    image = 0.0018 * (-1) ** np.arange(loop.size)
    answer = solved(as_24_bits(compressed(loop) * (1 + image)), loop)
    assert -60 < answer.residual_db < -50
    assert answer.families.keys() == {"branching"}
    for name, goal in GOAL.items():
        assert abs(answer.settings[name].value - SETTINGS[name]) < goal


def test_gain_that_stays_unexplained_is_said():
    tremolo = 10 ** (0.05 * np.sin(2 * np.pi * 3 * np.arange(LOOP.size) / RATE))
    answer = solved(as_24_bits(0.5 * compressed() * tremolo))
    assert answer.unexplained_db > 0.3
    assert any("gain stay unexplained" in warning for warning in answer.warnings)
    clean = solved(compressed())
    assert not any("gain stay unexplained" in warning for warning in clean.warnings)


def test_a_mix_with_the_dry_sound_is_not_taken_for_a_compressor_of_its_own():
    answer = solved(as_24_bits(0.6 * compressed() + 0.4 * LOOP))
    assert any("a mix with the dry sound" in warning for warning in answer.warnings)


def test_fades_of_the_reference_are_left_out():
    seconds = np.arange(LOOP.size) / RATE
    fade_in, fade_out = np.minimum(seconds / 0.4, 1), np.minimum((seconds[-1] - seconds) / 0.3, 1)
    answer = solved(as_24_bits(compressed() * fade_in * np.square(fade_out)))
    for name, goal in GOAL.items():
        setting, true = answer.settings[name], SETTINGS[name]
        assert abs(setting.value - true) < goal
        assert setting.low <= true <= setting.high
    assert sum("The reference is faded" in warning for warning in answer.warnings) == 2
    assert solved(as_24_bits(LOOP * fade_in * fade_out)).situation == NO_ANSWER


def test_locked_settings_stay_and_the_others_follow():
    answer = solved(as_16_bits(compressed()), lock={"ratio": 3.0, "makeup_db": 0.0})
    ratio = answer.settings["ratio"]
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((3.0, 3.0, 3.0))
    assert answer.settings["makeup_db"].value == 0.0
    # At a lower ratio, as much gain reduction takes a lower threshold.
    assert -30 < answer.settings["threshold_db"].value < -24.5
    everything = solved(compressed(), lock=SETTINGS)
    for name, true in SETTINGS.items():
        setting = everything.settings[name]
        assert (setting.value, setting.low, setting.high) == pytest.approx((true, true, true))


def test_another_performance_is_left_to_others():
    assert same_performance(LOOP, compressed(hits(2.0, seed=2)), sample_rate=RATE) is None
    assert same_performance(LOOP, np.zeros_like(LOOP), sample_rate=RATE) is None


@pytest.mark.parametrize("louder_db", [6.0, 12.0])
def test_a_band_of_the_loop_under_something_louder_is_another_performance(louder_db):
    rng = np.random.default_rng(1)
    high = sosfilt(butter(6, 5500, "high", fs=RATE, output="sos"), LOOP).astype(np.float32)
    wet = compressed(high / np.abs(high).max())
    low = sosfilt(butter(6, 300, "low", fs=RATE, output="sos"), rng.normal(size=wet.size))
    low *= np.sqrt(np.mean(wet**2) / np.mean(low**2)) * 10 ** (louder_db / 20)
    answer = same_performance(
        high / np.abs(high).max(), as_24_bits((wet + low) / 4), sample_rate=RATE
    )
    assert answer is None or answer.situation == ANOTHER_RECORDING


def test_channels_of_the_reference_that_cancel_are_fitted():
    wet = compressed()
    answer = solved(np.stack([wet, -wet]))
    assert answer.settings["threshold_db"].value == pytest.approx(SETTINGS["threshold_db"], abs=0.1)


@pytest.mark.parametrize(
    "reference",
    [
        LOOP,
        as_16_bits(0.4 * LOOP),
        mp3(LOOP),
        np.sign(LOOP) * np.abs(LOOP) ** np.float32(1.1),
    ],
    ids=["the loop", "quieter", "coded", "expanded"],
)
def test_a_reference_that_is_not_more_compressed_has_no_answer(reference):
    answer = solved(reference)
    assert answer.situation == NO_ANSWER
    assert answer.settings == {}
    assert "not more compressed" in answer.warnings[0]


def test_a_little_clipping_is_left_out_and_much_is_refused():
    clip = compressed()
    highest = np.abs(clip).max()
    answer = solved(np.clip(clip, -0.8 * highest, 0.8 * highest))
    assert any("clips" in warning for warning in answer.warnings)
    for name, goal in GOAL.items():
        assert abs(answer.settings[name].value - SETTINGS[name]) < goal
    answer = solved(np.clip(clip, -0.05 * highest, 0.05 * highest))
    assert answer.situation == NO_ANSWER
    assert "clips in" in answer.warnings[0]


def test_what_coding_leaves_of_a_single_hit_does_not_tell_the_release():
    time = np.arange(RATE) / RATE
    noise = np.random.default_rng(3).standard_normal(RATE)
    hit = (0.2 * np.exp(-3 * time) * noise).astype(np.float32)
    reference = compressed(hit, threshold_db=-60.0, release_ms=5000.0)
    told = solved(as_16_bits(reference), hit)
    assert told.warnings == []
    assert told.settings["release_ms"].value == pytest.approx(5000, rel=0.01)
    untold = solved(mp3(reference), hit)
    release = untold.settings["release_ms"]
    assert release.low < 5000 < release.high
    assert release.high > 1.5 * release.low
    about = [warning for warning in untold.warnings if "release is poorly determined" in warning]
    assert len(about) == 1
    assert "to 10000 ms fits" in about[0]
    locked = solved(mp3(reference), hit, lock={"release_ms": 5000.0})
    assert not any("release is poorly determined" in warning for warning in locked.warnings)
