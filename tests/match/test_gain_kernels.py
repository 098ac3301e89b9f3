"""The compiled passes against the compressor itself and against finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from stages.compress.compressor import compress
from stages.compress.level import level_db
from stages.compress.settings import Settings
from stages.match.gain_kernels import FRAME, LANES, PARAMETERS, linearise, mean_overshoot
from tests.match.references import RATE, hits

LOOP = hits(0.3, seed=4)
FRAMES = LOOP.size // FRAME
AT = np.array([-25.0, 0.75, np.log(0.012 * RATE), np.log(0.15 * RATE), -3.0])
SETTINGS = Settings([-25.0], [4.0], [12.0], [150.0])


def passed(at: np.ndarray, reference: np.ndarray, weight: np.ndarray):
    bands = len(weight)
    energy = np.empty((bands, FRAMES))
    moments, products = np.empty((FRAMES, PARAMETERS)), np.empty((PARAMETERS, PARAMETERS))
    dry = np.stack([LOOP] * bands).astype(float)
    cost = linearise(level_db(LOOP), dry, reference, weight, at, energy, moments, products)
    return cost, energy, moments.sum(axis=0), products


def test_the_compressors_own_clip_leaves_nothing():
    clip = compress(LOOP, SETTINGS, sample_rate=RATE, makeup_db=-3.0).astype(float)
    cost, energy, _, _ = passed(AT, clip, np.ones((1, FRAMES)))
    assert cost == pytest.approx(energy.sum())
    assert cost < 1e-12 * np.square(clip).sum()


def test_derivatives_are_those_of_finite_differences():
    random = np.random.default_rng(0)
    reference = 0.3 * np.stack([LOOP, LOOP]) + 0.01 * random.standard_normal((2, LOOP.size))
    weight = random.uniform(0.5, 2, (2, FRAMES))
    _, _, moments, products = passed(AT, reference, weight)
    for i, small in enumerate(1e-5 * np.eye(PARAMETERS)):
        higher = passed(AT + small, reference, weight)[0]
        lower = passed(AT - small, reference, weight)[0]
        assert (higher - lower) / 2e-5 == pytest.approx(-2 * moments[i], rel=1e-4)
    np.testing.assert_array_equal(products, products.T)
    assert (np.linalg.eigvalsh(products) > 0).all()


def test_mean_overshoot_is_the_mean_of_the_gain_in_a_frame():
    gain_db = -20 * np.log10(
        compress(np.full_like(LOOP, 0.5), SETTINGS, sample_rate=RATE)[0] / np.float32(0.5)
    )
    level = level_db(np.full_like(LOOP, 0.5))
    power = np.random.default_rng(1).uniform(0, 1, LOOP.size)
    means = np.empty((FRAMES, LANES))
    threshold, attack, release = (
        np.full(LANES, value) for value in (-25.0, *-np.expm1(-np.exp(-AT[2:4])))
    )
    mean_overshoot(level, power, threshold, attack, release, means)
    framed = (part[: FRAMES * FRAME].reshape(FRAMES, FRAME) for part in (power, gain_db))
    weight, gain = framed
    expected = (weight * gain).sum(axis=1) / weight.sum(axis=1) / 0.75
    np.testing.assert_allclose(means, np.repeat(expected[:, None], LANES, 1), atol=1e-4)
