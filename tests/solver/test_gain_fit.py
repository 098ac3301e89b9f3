"""The fit of a measured gain: its model, its derivatives, and the unknowns that it recovers."""

from __future__ import annotations

import numpy as np
import pytest

from siamese_drc.compressor.ballistics import level_db
from siamese_drc.compressor.compressor import compress, gain_reduction_db
from siamese_drc.compressor.settings import PARAMETERS, Settings
from siamese_drc.solver.gain_fit import (
    HIGHEST,
    LOWEST,
    UNKNOWNS,
    fit_gain,
    to_point,
    to_settings,
)
from siamese_drc.solver.gain_model import (
    FAMILIES,
    Family,
    RunningGain,
    drive_of,
    linearise,
    model_gain_db,
)
from tests.compressor.textbook import drum_loop
from tests.solver.clips import RATE, SETTINGS, TRUE, stored

POINT = np.array([-31.0, 0.6, np.log(150.0), np.log(900.0), 2.0, 12.0, 5.0])


def beats(seconds: float) -> np.ndarray:
    """Return hits of several loudnesses, so that attacks start at several levels."""
    hit = drum_loop(RATE // 4)
    loudness = np.random.default_rng(5).uniform(0.1, 0.9, round(4 * seconds))
    return stored(np.concatenate([gain * hit for gain in loudness]).astype(np.float32))


def point(**settings: float) -> np.ndarray:
    others = {"makeup_db": 0.0, "start_db": 0.0, "knee_db": 0.0}
    return to_point(others | settings, sample_rate=RATE)


@pytest.mark.parametrize("knee_db", [0.0, 9.0])
def test_the_model_is_the_compressor(knee_db):
    loop = drum_loop(20000)
    settings = dict(zip(PARAMETERS, TRUE[5], strict=True))
    found = model_gain_db(level_db(loop), point(**settings, makeup_db=-3.0, knee_db=knee_db))
    expected = gain_reduction_db(loop, SETTINGS[5:], sample_rate=RATE, knee_db=knee_db)[0]
    np.testing.assert_allclose(found, -3.0 - expected, atol=1e-5)
    # The state before the first sample is that of the samples before.
    late = 5000
    state = gain_reduction_db(loop, SETTINGS[5:], sample_rate=RATE, knee_db=knee_db)[0, late - 1]
    start_db = state / (1 - 1 / settings["ratio"])
    at = point(**settings, start_db=start_db, makeup_db=-3.0, knee_db=knee_db)
    np.testing.assert_allclose(model_gain_db(level_db(loop[late:]), at), found[late:], atol=1e-5)


@pytest.mark.parametrize("decibels", [True, False])
@pytest.mark.parametrize("family", FAMILIES)
def test_derivatives_are_those_of_finite_differences(family, decibels):
    level = level_db(drum_loop(3000))
    # A smoothed level above all that follows would leave every other unknown without effect.
    point = POINT - [0, 0, 0, 0, 0, 18, 0] if family in ("level", "power") else POINT
    random = np.random.default_rng(2)
    gain, weight = random.uniform(-9, 0, len(level)), random.uniform(0, 2, len(level))
    if not decibels:
        gain = 10 ** (gain / 20)

    def passed(at, free):
        products, moments = np.empty((len(free), len(free))), np.empty((2, len(free)))
        number, drive = FAMILIES.index(family), drive_of(level, family)
        cost = linearise(
            number, drive, gain, weight, decibels, at, np.array(free), products, moments
        )
        return cost, products, moments.sum(axis=0)

    everything = range(len(UNKNOWNS))
    cost, products, moments = passed(point, everything)
    model = model_gain_db(level, point, family)
    residuals = gain - (model if decibels else 10 ** (model / 20))
    assert cost == pytest.approx(weight @ residuals**2)
    for i, small in enumerate(1e-5 * np.eye(len(UNKNOWNS))):
        slope = (passed(point + small, everything)[0] - passed(point - small, everything)[0]) / 2e-5
        assert slope == pytest.approx(-2 * moments[i], rel=1e-3)
    assert (np.linalg.eigvalsh(products) > 0).all()
    np.testing.assert_array_equal(products, products.T)
    some = [1, 4, 6]
    _, few_products, few_moments = passed(point, some)
    np.testing.assert_allclose(few_products, products[np.ix_(some, some)])
    np.testing.assert_allclose(few_moments, moments[some], rtol=1e-6)


def measured(dry: np.ndarray, wet: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the gain in dB, and 1 where it is known, as a user of the fit may measure it."""
    known = (np.abs(wet) > 1e-3) & (dry * wet > 0)
    gain = np.zeros(dry.size)
    gain[known] = 20 * np.log10(wet[known].astype(float) / dry[known])
    return gain, known.astype(float)


def best_fit(dry: np.ndarray, wet: np.ndarray, free: tuple[str, ...]):
    gain, weight = measured(dry, wet)
    start = {"ratio": 4.0, "attack_ms": 10.0, "start_db": 1.0 * ("start_db" in free)}
    fits = [
        fit_gain(
            level_db(dry),
            gain,
            weight,
            point(**start, threshold_db=threshold, release_ms=release, knee_db=knee),
            free=free,
        )
        for threshold in (-40.0, -28.0, -18.0)
        for release in (100.0, 500.0)
        for knee in [3.0 if "knee_db" in free else 0.0]
    ]
    return to_settings(min(fits, key=lambda fit: fit.cost).point, sample_rate=RATE)


def test_start_and_makeup_are_found_from_the_middle_of_a_sound():
    loop = beats(6.0)
    clip = stored(compress(loop, Settings(-36, 8, 12, 900), sample_rate=RATE, makeup_db=-3.0)[0])
    middle = slice(2 * RATE + 1500, 6 * RATE)
    free = (*PARAMETERS, "makeup_db", "start_db")
    found = best_fit(loop[middle], clip[middle], free)
    expected = {"threshold_db": -36, "ratio": 8, "attack_ms": 12, "release_ms": 900}
    for name, value in (expected | {"makeup_db": -3}).items():
        assert found[name] == pytest.approx(value, rel=1e-3)
    assert found["start_db"] > 3


def test_a_knee_is_found():
    loop = beats(3.0)
    clip = stored(compress(loop, Settings(-24, 4, 12, 150), sample_rate=RATE, knee_db=12.0)[0])
    found = best_fit(loop, clip, (*PARAMETERS, "knee_db"))
    expected = {"threshold_db": -24, "ratio": 4, "attack_ms": 12, "release_ms": 150, "knee_db": 12}
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=2e-3)


@pytest.mark.parametrize("family", ["decoupled", "level", "power"])
def test_the_other_families_are_found_by_their_own_equations(family):
    loop = beats(3.0)
    level, weight = level_db(loop), np.ones(loop.size)
    truth = point(threshold_db=-30.0, ratio=4.0, attack_ms=2.0, release_ms=80.0, start_db=3.0)
    curve = model_gain_db(level, truth, family)
    start = point(threshold_db=-26.0, ratio=3.0, attack_ms=4.0, release_ms=120.0)
    free = (*PARAMETERS, "start_db")
    fit = fit_gain(level, curve, weight, start, family=family, free=free)
    np.testing.assert_allclose(fit.point, truth, atol=1e-3)
    ours = fit_gain(level, curve, weight, start, free=free)
    assert np.sqrt(ours.cost / loop.size) > 0.1


def test_a_smoothed_level_is_that_of_the_textbook():
    loop = beats(0.5)
    settings = {"threshold_db": -30.0, "ratio": 4.0, "attack_ms": 2.0, "release_ms": 80.0}
    rise, fall = -np.expm1(-1000 / (np.array([2.0, 80.0]) * RATE))
    families: list[tuple[Family, int]] = [("level", 1), ("power", 2)]
    for family, power in families:
        smooth, expected = 0.0, []
        for x in np.abs(loop.astype(float)) ** power:
            smooth += (rise if x > smooth else fall) * (x - smooth)
            expected.append(-0.75 * max(20 / power * np.log10(smooth + 1e-30) + 30, 0.0))
        found = model_gain_db(level_db(loop), point(**settings, start_db=-60.0), family)
        np.testing.assert_allclose(found, expected, atol=0.01)


@pytest.mark.parametrize("family", FAMILIES)
def test_blocks_give_the_gain_of_the_whole(family):
    level = level_db(beats(0.5))
    at = point(threshold_db=-30.0, ratio=4.0, attack_ms=2.0, release_ms=80.0, knee_db=6.0)
    running = RunningGain(at, family)
    blocks = [running.of(part) for part in np.split(level, [1, 100, 9000])]
    np.testing.assert_array_equal(np.concatenate(blocks), model_gain_db(level, at, family))


def test_channels_share_their_settings_and_have_starts_of_their_own():
    level = np.stack([level_db(beats(2.0)), level_db(beats(2.0)[::-1].copy())])
    truth = np.r_[point(threshold_db=-30.0, ratio=4.0, attack_ms=5.0, release_ms=300.0), 8.0]
    truth[5] = 2.0
    second = np.r_[truth[:5], truth[7], truth[6]]
    curves = np.stack([model_gain_db(level[0], truth[:7]), model_gain_db(level[1], second)])
    start = np.r_[point(threshold_db=-25.0, ratio=3.0, attack_ms=9.0, release_ms=200.0), 0.0]
    fit = fit_gain(level, curves, np.ones(level.shape), start, free=(*PARAMETERS, "start_db"))
    np.testing.assert_allclose(fit.point, truth, atol=1e-3)
    assert fit.covariance().shape == (8, 8)


def test_what_is_fixed_stays_and_what_has_no_effect_has_no_finite_variance():
    loop = beats(1.0)
    level = level_db(loop)
    truth = point(threshold_db=-30.0, ratio=4.0, attack_ms=5.0, release_ms=80.0)
    noise = 0.1 * np.random.default_rng(0).standard_normal(level.size)
    gain, weight = model_gain_db(level, truth) + noise, np.full(level.size, 100.0)
    start = point(threshold_db=-29.0, ratio=3.0, attack_ms=5.0, release_ms=100.0)
    fit = fit_gain(level, gain, weight, start, free=("threshold_db", "ratio", "release_ms"))
    assert fit.point[2] == start[2]
    assert np.flatnonzero(fit.covariance().any(axis=0)).tolist() == [0, 1, 3]
    deviations = np.sqrt(np.diag(fit.covariance()))[[0, 1, 3]]
    errors = (fit.point - truth)[[0, 1, 3]]
    assert (np.abs(errors) < 4 * deviations).all()
    assert (deviations < [0.05, 0.005, 0.01]).all()
    nothing = fit_gain(level, gain, weight, truth, free=())
    np.testing.assert_array_equal(nothing.point, truth)
    assert nothing.cost == pytest.approx(level.size, rel=0.05)
    unheard = point(threshold_db=0.0, ratio=4.0, attack_ms=5.0, release_ms=80.0)
    quiet = fit_gain(level, gain, weight, unheard, free=("attack_ms", "makeup_db"), passes=1)
    assert np.isinf(quiet.covariance()[2, 2])
    assert np.isfinite(quiet.covariance()[4, 4])


def test_amplitudes_give_the_same_point_as_decibels():
    loop = beats(1.0)
    level = level_db(loop)
    truth = point(threshold_db=-30.0, ratio=4.0, attack_ms=5.0, release_ms=80.0, makeup_db=6.0)
    factor = 10 ** (model_gain_db(level, truth) / 20)
    start = point(threshold_db=-20.0, ratio=2.0, attack_ms=9.0, release_ms=100.0)
    free = (*PARAMETERS, "makeup_db")
    fit = fit_gain(level, factor, loop.astype(float) ** 2, start, free=free, decibels=False)
    np.testing.assert_allclose(fit.point, truth, atol=1e-3)
    assert fit_gain(level, factor, loop**2.0, start, decibels=False, passes=1).cost > fit.cost


def test_points_and_settings_are_converted():
    settings = {"threshold_db": -20.0, "ratio": 4.0, "attack_ms": 10.0, "release_ms": 100.0}
    at = to_point(settings, sample_rate=RATE)
    assert np.isnan(at[4:]).all()
    np.testing.assert_allclose(at[:4], [-20.0, 0.75, np.log(441), np.log(4410)])
    back = to_settings(at, sample_rate=RATE)
    assert {name: back[name] for name in settings} == pytest.approx(settings)
    assert (LOWEST < HIGHEST).all()
