"""The full-size drum library, as sound: it spans what a library of loops spans."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest

from stages.common.parallel import parallel_map
from stages.compress.compressor import max_gain_reduction_db
from stages.compress.grids import grid_settings
from stages.render.description import describe
from stages.render.performance import perform
from stages.render.synthesizer import bundled_library, bundled_soundfont
from tests.render.full_size import PARAMS, library

RATE = PARAMS.sample_rate
SAMPLES = round(PARAMS.scales["paper"].clip_seconds * RATE)


@pytest.fixture(scope="module")
def drums() -> list[np.ndarray]:
    play = partial(
        perform,
        samples=SAMPLES,
        sample_rate=RATE,
        soundfont=bundled_soundfont(),
        library=bundled_library(),
    )
    return parallel_map(play, library("drum"), description="render drum")


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
    grid, defaults = PARAMS.grids.named["d4p"], PARAMS.grids.defaults
    identifiable = [
        max_gain_reduction_db(signal, grid_settings(grid, defaults, loop), sample_rate=RATE)
        >= PARAMS.compressor.identifiable_db
        for loop, signal in enumerate(drums)
    ]
    assert np.mean(identifiable) >= 0.8
