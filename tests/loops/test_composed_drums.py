"""The full-size drum library, as sound: it spans what a library of loops spans."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest

from siamese_drc.compressor.compressor import max_gain_reduction_db
from siamese_drc.compressor.grids import Axis, Grid, grid_settings
from siamese_drc.core.parallel import parallel_map
from siamese_drc.loops.rendering import describe, render
from tests.loops.full_size import library

RATE = 44100
SAMPLES = 4 * RATE
D4P = Grid(
    threshold_db=Axis(-10.0, -8.0, 5, -1.0),
    ratio=Axis(1.28, 3.84, 5, 0.48),
    attack_ms=Axis(1.0, 20.0, 5, 2.5),
    release_ms=Axis(10.0, 200.0, 5, 25.0),
)


@pytest.fixture(scope="module")
def drums() -> list[np.ndarray]:
    render_clip = partial(render, samples=SAMPLES, sample_rate=RATE)
    return parallel_map(render_clip, library("drum"), description="render drum")


@pytest.fixture(scope="module")
def described(drums) -> pd.DataFrame:
    return pd.DataFrame(describe(signal, sample_rate=RATE) for signal in drums)


def test_each_loop_peaks_at_full_scale_and_sounds_to_its_end(drums):
    for signal in drums:
        assert signal.shape == (SAMPLES,)
        assert np.max(np.abs(signal)) == 1.0
        beats = signal[: SAMPLES // 8 * 8].reshape(8, -1)
        assert np.min(np.max(np.abs(beats), axis=1)) > 0.05


def test_crest_factors_span_at_least_10_db(described):
    assert np.ptp(described.crest_factor_db) >= 10


def test_spectral_centroids_span_at_least_two_octaves(described):
    assert described.spectral_centroid_hz.max() >= 4 * described.spectral_centroid_hz.min()


def test_no_two_loops_are_the_same_sound(drums):
    envelopes = [
        np.sqrt(np.mean(s[: SAMPLES // 441 * 441].reshape(-1, 441) ** 2, 1)) for s in drums
    ]
    alike = np.corrcoef(envelopes) - np.eye(len(drums))
    assert np.max(alike) < 0.9


def test_most_settings_of_the_four_parameter_grid_are_identifiable(drums):
    identifiable = [
        max_gain_reduction_db(signal, grid_settings(D4P, loop), sample_rate=RATE) >= 0.5
        for loop, signal in enumerate(drums)
    ]
    assert np.mean(identifiable) >= 0.8
