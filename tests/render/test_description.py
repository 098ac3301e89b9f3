"""Descriptions of signals whose numbers are known."""

from __future__ import annotations

import numpy as np
import pytest

from stages.render.description import describe

RATE = 44100


def test_a_sine():
    sine = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    numbers = describe(sine, sample_rate=RATE)
    assert numbers["rms_db"] == pytest.approx(-3.01, abs=0.01)
    assert numbers["crest_factor_db"] == pytest.approx(3.01, abs=0.01)
    assert numbers["spectral_centroid_hz"] == pytest.approx(1000, rel=0.04)


def test_a_quiet_square():
    square = np.where(np.arange(RATE) % 100 < 50, 0.5, -0.5)
    numbers = describe(square, sample_rate=RATE)
    assert numbers["rms_db"] == pytest.approx(-6.02, abs=0.01)
    assert numbers["crest_factor_db"] == pytest.approx(0, abs=0.01)


def test_white_noise_is_centred_in_its_band():
    noise = np.random.default_rng(0).standard_normal(4 * RATE)
    assert describe(noise, sample_rate=RATE)["spectral_centroid_hz"] == pytest.approx(
        RATE / 4, rel=0.02
    )
