"""Targets in [0, 1]: in real units, and in the domain in which they sound."""

import numpy as np
import pytest

from siamese_drc.networks.targets import TargetScale
from stages.project.params import load_params

D4P = load_params().grids.named["d4p"]
# The ends of Table XI over all loops: threshold, ratio, attack, release
LOWEST = [-49.0, 1.28, 1.0, 10.0]
HIGHEST = [-10.0, 20.0, 98.5, 985.0]


@pytest.mark.parametrize("domain", ["linear", "sound"])
def test_the_grid_fills_the_unit_interval(domain):
    scale = TargetScale.of_grid(D4P, domain)
    scaled = scale.scale(np.array([LOWEST, HIGHEST]))
    np.testing.assert_allclose(np.sort(scaled, axis=0), [[0] * 4, [1] * 4], atol=1e-6)


@pytest.mark.parametrize("domain", ["linear", "sound"])
def test_restored_targets_are_in_real_units(domain):
    scale = TargetScale.of_grid(D4P, domain)
    values = np.random.default_rng(0).uniform(LOWEST, HIGHEST, (20, 4))
    np.testing.assert_allclose(scale.restore(scale.scale(values)), values, rtol=1e-4)


def test_half_way_is_the_mean_or_the_geometric_mean():
    """The mean of the thresholds; the geometric means of the ratios and the times."""
    middle = TargetScale.of_grid(D4P, "sound").restore(np.full((1, 4), 0.5))[0]
    expected = [-29.5, np.sqrt(1.28 * 20), np.sqrt(98.5), np.sqrt(10 * 985)]
    np.testing.assert_allclose(middle, expected, rtol=1e-5)


def test_sound_targets_stay_in_the_grid_and_linear_ones_need_not():
    sound = TargetScale.of_grid(D4P, "sound").restore(np.full((1, 4), 1.5))[0]
    np.testing.assert_allclose(sound, HIGHEST, rtol=1e-5)
    linear = TargetScale.of_grid(D4P).restore(np.full((1, 4), 1.5))[0]
    assert (linear > HIGHEST).all()


@pytest.mark.parametrize("domain", ["linear", "sound"])
def test_a_louder_loop_has_a_higher_threshold_and_nothing_else(domain):
    scale = TargetScale.of_grid(D4P, domain)
    values = np.random.default_rng(0).uniform(LOWEST, HIGHEST, (20, 4))
    louder = values + np.array([6.0, 0.0, 0.0, 0.0])
    expected = scale.scale(values) + 6.0 * scale.per_db
    np.testing.assert_allclose(scale.scale(louder), expected, atol=1e-6)
