"""By ear's stand-ins on signals whose answers are known."""

import numpy as np
import pytest

from stages.match.sounds_like import (
    crest_factor_db,
    gain_curve_difference_db,
    levels_db,
    loudness_range_lu,
    mean_mfcc,
)

RATE = 44100
TIME = np.arange(4 * RATE) / RATE
SINE = np.sin(2 * np.pi * 441 * TIME).astype(np.float32)


def test_crest_factor_of_a_sine_and_of_a_square():
    assert crest_factor_db(SINE) == pytest.approx(10 * np.log10(2), abs=1e-3)
    assert crest_factor_db(np.sign(SINE + 1e-9)) == pytest.approx(0, abs=1e-3)


def test_gain_curves_differ_by_the_gain():
    whole = levels_db(SINE)
    found = gain_curve_difference_db(whole, levels_db(SINE / 2))
    assert found == pytest.approx(20 * np.log10(2), abs=1e-3)
    half = np.where(TIME < 2, 1, 0.1).astype(np.float32)  # 20 dB down for half of the time
    found = gain_curve_difference_db(levels_db(SINE * half), whole)
    assert found == pytest.approx(20 * np.sqrt(0.5), abs=0.01)


def test_a_steady_tone_has_no_loudness_range_and_a_fading_one_has():
    # Of a steady tone of 12 s the range is that of its last, partly silent blocks.
    assert loudness_range_lu(SINE, sample_rate=RATE) < 1
    long = np.tile(SINE, 8) * np.repeat([1.0, 0.3], 4 * SINE.size).astype(np.float32)
    assert loudness_range_lu(long, sample_rate=RATE) == pytest.approx(10.5, abs=0.7)


def test_mean_mfccs_hear_timbre_and_not_level():
    noise = np.random.default_rng(0).standard_normal(SINE.size).astype(np.float32)
    sine, quiet, other = (
        mean_mfcc(signal, sample_rate=RATE) for signal in (SINE, 0.25 * SINE, noise)
    )
    assert np.linalg.norm(sine - quiet) == pytest.approx(0, abs=0.05)
    assert np.linalg.norm(sine - other) > 50
