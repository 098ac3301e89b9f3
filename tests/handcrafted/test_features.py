"""All features of a loop: their names, that they are finite, the same alone and together."""

import numpy as np
import pytest

from siamese_drc.compressor.compressor import compress
from siamese_drc.compressor.settings import Settings
from siamese_drc.handcrafted.features import (
    SETS,
    DryLoop,
    compared,
    joined_sets,
    summarised,
)
from tests.compressor.textbook import drum_loop
from tests.handcrafted.signals import RATE, hits, seconds, tone

MFCCS = 13
SAMPLES = RATE // 2


def dry_loop(signal: np.ndarray) -> DryLoop:
    return DryLoop(signal, sample_rate=RATE, mfccs=MFCCS)


@pytest.fixture(scope="module")
def loop() -> np.ndarray:
    return drum_loop(SAMPLES)


@pytest.fixture(scope="module")
def clips(loop) -> np.ndarray:
    settings = Settings([-50, -20, -37.5, 0], [4, 1.5, 20, 2], [1, 20, 99, 5], [10, 90, 990, 200])
    return compress(loop, settings, sample_rate=RATE)


def test_every_set_has_its_features(loop, clips):
    columns = list(dry_loop(loop).features(clips))
    counts = {of_set: sum(c.startswith(f"{of_set}.") for c in columns) for of_set in SETS.values()}
    counts["all"] = sum(column.startswith("all.") for column in columns)
    curves, both, statistics = 2, 2, 3
    assert counts == {
        "all": both * (2 + 2 + 2 + 1 + MFCCS),
        "threshold": 6,
        "ratio": 2,
        "attack": statistics * (curves * both * 3 + 1),
        "release": statistics * (curves * both * 3 + 1),
    }
    assert len(columns) == sum(counts.values())


def test_a_clip_has_the_same_features_alone(loop, clips):
    dry = dry_loop(loop)
    together = dry.features(clips)
    for i in range(len(clips)):
        for name, values in dry.features(clips[i : i + 1]).items():
            assert values.tolist() == [together[name][i]], name


def test_a_clip_that_is_the_loop_itself_has_no_differences(loop):
    found = dry_loop(loop).features(loop[None])
    neutral = {name: 1.0 for name in found if name.endswith(".ratio")}
    neutral |= {name: 0.0 for name in found if name.endswith(".difference")}
    neutral |= {"ratio.slope": 1.0, "ratio.variance_ratio": 1.0, "threshold.reduction_p95": 0.0}
    for name, value in neutral.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-6, atol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    "signal",
    [
        np.zeros(SAMPLES, np.float32),
        hits(0.0, duration=0.5),
        hits(0.49, duration=0.5),
        tone(440, np.ones(SAMPLES)),
        np.eye(1, SAMPLES, 1000, dtype=np.float32)[0],
    ],
    ids=["silence", "a hit", "a late hit", "a tone", "a click"],
)
@pytest.mark.filterwarnings("error")
def test_features_are_finite_in_any_case(signal):
    settings = Settings([-40, 0], [8, 1], [1, 99], [10, 990])
    compressed = compress(signal, settings, sample_rate=RATE)
    silent = np.zeros_like(compressed[:1])
    found = dry_loop(signal).features(np.concatenate([compressed, silent]))
    assert [name for name, values in found.items() if not np.isfinite(values).all()] == []


def test_known_crest_factors():
    sine = tone(1000, np.ones(SAMPLES))
    crest = dry_loop(sine).measure(np.stack([sine, np.sign(sine), 0 * sine])).scalars
    np.testing.assert_allclose(crest["crest_factor"], [np.sqrt(2), 1.0, 0.0], rtol=1e-2)


def test_times_and_levels_follow_the_compressor():
    """A tone that becomes loud: let through unchanged, reduced fast, reduced slowly."""
    signal = tone(400, np.where(seconds(1.0) < 0.2, 0.01, 1.0))
    settings = Settings([0, -30, -30], [2, 4, 4], [1, 5, 80], [100, 100, 100])
    found = dry_loop(signal).features(compress(signal, settings, sample_rate=RATE))
    unchanged, fast, slow = found["attack.gain_rise_time.mean"]
    assert unchanged == 0
    assert 3 * fast < slow
    assert found["threshold.reduction_p95"][0] == pytest.approx(0, abs=0.01)
    assert found["threshold.reduction_p95"][1] > 10


def test_rows_hold_the_sets_of_the_varied_parameters(loop, clips):
    found = DryLoop(loop, sample_rate=RATE).features(clips)
    names = joined_sets(found, ["ratio", "release_ms"])
    rows = dry_loop(loop).rows(clips, ["ratio", "release_ms"])
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, np.stack([found[name] for name in names], axis=1))


def test_features_do_not_change_from_run_to_run(loop, clips):
    first, second = (dry_loop(loop).features(clips) for _ in range(2))
    assert all((first[name] == second[name]).all() for name in first)


def test_difference_and_ratio():
    found = compared("f", np.array([2.0]), np.array([3.0, -1.0]))
    assert {name: values.tolist() for name, values in found.items()} == {
        "f.difference": [1.0, -3.0],
        "f.ratio": [1.5, -0.5],
    }


def test_the_ratio_to_zero_is_one():
    found = compared("f", np.array([0.0]), np.array([3.0, 0.0]))
    assert found["f.ratio"].tolist() == [1.0, 1.0]
    assert found["f.difference"].tolist() == [3.0, 0.0]


def test_what_is_not_measured_on_either_side_is_not_compared():
    dry = np.array([[np.nan], [0.0], [1.0]])
    clips = np.array([[1.0, 2.0], [np.nan, 2.0], [np.nan, 2.0]])
    found = compared("f", dry, clips)
    for values in found.values():
        assert np.isnan(values).tolist() == [[True, True], [True, False], [True, False]]


def test_statistics_leave_out_what_is_not_measured():
    events = np.array([[1.0, np.nan], [2.0, np.nan], [6.0, np.nan], [np.nan, np.nan]])
    found = summarised("f", events)
    assert found["f.mean"].tolist() == [3.0, 0.0]
    assert found["f.median"].tolist() == [2.0, 0.0]
    np.testing.assert_allclose(found["f.deviation"], [float(np.std([1, 2, 6])), 0.0])


def test_the_sets_of_varied_parameters_are_joined_with_that_for_all():
    columns = ["all.a", "threshold.b", "ratio.c", "attack.d", "release.e.mean"]
    assert joined_sets(columns, ["ratio"]) == ["all.a", "ratio.c"]
    assert joined_sets(columns, ["attack_ms", "release_ms"]) == [
        "all.a",
        "attack.d",
        "release.e.mean",
    ]
    assert joined_sets(columns, ["threshold_db", "ratio", "attack_ms", "release_ms"]) == columns
