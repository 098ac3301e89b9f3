"""Perceptual metrics on signals of known values."""

import numpy as np
import pytest

from siamese_drc.compressor.compressor import compress
from siamese_drc.compressor.settings import Settings
from siamese_drc.match.dynamics import dynamics, loudness_lufs, relative
from siamese_drc.match.evaluation import (
    another_recording_errors,
    best_preset,
    closest_settings,
    crest_factor_db,
    gain_curve_difference_db,
    gain_errors_db,
    judge_references,
    levels_db,
    loudness_range_lu,
    mean_mfcc,
    median_settings,
)
from siamese_drc.match.model import read_model, scaled
from siamese_drc.match.training_examples import Example, ExampleOptions, draw_settings
from tests.match.references import hits

RATE = 44100
TIME = np.arange(4 * RATE) / RATE
OPTIONS = ExampleOptions(clip_seconds=1.0, settings=3, seed=11, sample_rate=RATE)
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


def test_the_references_own_settings_are_at_no_distance_and_errors_are_those_of_the_model():
    loops = [
        Example.drawn(hits(1.0, seed=seed), np.random.default_rng(seed), OPTIONS)
        for seed in range(3)
    ]
    preset = np.array([0.0, 2.0, 10.0, 100.0])
    constant = median_settings(loops)
    model = read_model()
    judged = judge_references(loops, OPTIONS, preset=preset, constant=constant, model=model)
    found = another_recording_errors(judged, model)
    assert found["settings"]["ratio"]["n"] == 6  # two references for each of three loops
    assert 0 <= found["settings"]["ratio"]["inside"] <= 1
    assert -1 <= found["search"]["ratio"]["spearman"] <= 1
    assert found["distances"]["gain_curve_db"]["reference's own"] == 0
    assert found["distances"]["crest_factor_db"]["reference's own"] == 0
    nothing = gain_errors_db(judged, "nothing")  # a value per loop
    assert nothing.shape == (3,)
    assert nothing.mean() == pytest.approx(found["distances"]["gain_curve_db"]["nothing"])
    assert nothing.min() > 0


def test_the_best_preset_is_the_setting_of_all_loops():
    setting = np.array([-3.0, 3.0, 10.0, 100.0])  # one of those compared
    examples = []
    for seed in range(2):
        signal = hits(1.0, seed=seed)
        loudness = loudness_lufs(signal, sample_rate=RATE)
        own = setting + np.array([loudness, 0, 0, 0])
        examples.append(Example(signal, own[np.newaxis], loudness))
    np.testing.assert_array_equal(best_preset("drum", examples, OPTIONS), setting)


def test_the_loop_itself_compressed_is_closest_near_its_settings():
    signal = hits(2.0, seed=1)
    loudness = loudness_lufs(signal, sample_rate=RATE)
    candidates = draw_settings(signal, 40, np.random.default_rng(0))
    own = np.tile([[-25.0, 4.0, 10.0, 100.0]], (8, 1))
    reference = compress(signal, Settings(*own[0]), sample_rate=RATE)[0]
    found = closest_settings(
        Example(signal, own, loudness),
        dynamics(reference, sample_rate=RATE)[np.newaxis],
        relative(np.concatenate([candidates, own]), loudness),
        sample_rate=RATE,
        model=read_model(),
    )
    np.testing.assert_allclose(scaled(found), scaled(relative(own[:1], loudness)), atol=0.02)
