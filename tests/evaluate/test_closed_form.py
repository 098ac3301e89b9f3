"""The four parameters recovered from clips whose parameters are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from stages.common import files
from stages.common.audio import FULL_SCALE, quantise
from stages.common.errors import InputError
from stages.common.params import PARAMETERS
from stages.compress.__main__ import main as compress_corpus
from stages.compress.compressor import compress
from stages.compress.settings import Settings, read_settings
from stages.evaluate.closed_form import estimates, main
from stages.evaluate.recursion_fit import RecursionFit, fit_recursion
from stages.evaluate.recursion_kernels import linearise
from tests.compress.made_up_corpus import make_up_corpus
from tests.compress.textbook import drum_loop

RATE = 44100
SETTINGS = Settings(
    [-37.5, -12.0, -50.0, -10.0, -3.0, -24.0],
    [2.0, 8.0, 1.3, 20.0, 4.0, 3.1],
    [5.0, 99.0, 1.0, 21.0, 2.0, 41.0],
    [200.0, 990.0, 10.0, 835.0, 50.0, 41.0],
)
TRUE = np.stack([getattr(SETTINGS, name) for name in PARAMETERS], axis=1)


def stored(signal: np.ndarray) -> np.ndarray:
    """Return the samples as 24 bits hold them."""
    return ((quantise(signal) >> 8) / FULL_SCALE).astype(np.float32)


@pytest.mark.parametrize("seconds", [0.5, 1.0])
def test_parameters_are_recovered_from_24_bits(seconds):
    dry = stored(drum_loop(int(seconds * RATE)))
    for true, clip in zip(TRUE, compress(dry, SETTINGS, sample_rate=RATE), strict=True):
        fit = fit_recursion(dry, stored(clip), sample_rate=RATE)
        assert fit is not None
        # Noise alone is 1; a clip that is often not reduced at all has samples without noise.
        assert 0.5 < fit.misfit < 1.1
        assert (np.abs(fit.values - true) < [1e-4, 1e-3, 1e-3, 3e-3]).all()
        # The standard errors are those of the noise: neither far too small nor far too large.
        assert (np.abs(fit.values - true) < 6 * fit.standard_errors).all()
        assert (fit.standard_errors < [1e-4, 1e-3, 1e-3, 3e-3]).all()


def test_derivatives_are_those_of_finite_differences():
    level = 20 * np.log10(np.abs(drum_loop(3000).astype(np.float64)) + 1e-6)
    random = np.random.default_rng(2)
    gain, weight = random.uniform(0, 9, len(level)), random.uniform(0, 2, len(level))
    at = np.array([-31.0, 0.6, np.log(150.0), np.log(900.0)])
    products, moments = np.empty((4, 4)), np.empty(4)
    linearise(level, gain, weight, at, products, moments)
    unused = np.empty((4, 4)), np.empty(4)
    for i, small in enumerate(1e-5 * np.eye(4)):
        higher = linearise(level, gain, weight, at + small, *unused)
        lower = linearise(level, gain, weight, at - small, *unused)
        assert (higher - lower) / 2e-5 == pytest.approx(-2 * moments[i], rel=1e-3)
    assert (np.linalg.eigvalsh(products) > 0).all()
    np.testing.assert_array_equal(products, products.T)


def test_clips_that_are_not_compressed_have_no_fit():
    dry = stored(drum_loop(20000))
    assert fit_recursion(dry, dry, sample_rate=RATE) is None
    silence = np.zeros(20000, np.float32)
    assert fit_recursion(silence, silence, sample_rate=RATE) is None


@pytest.mark.parametrize(
    "options",
    [{"detector": "rms"}, {"smoothing": "decoupled"}, {"knee_db": 6.0}, {"makeup_db": 1.0}],
)
def test_another_compressor_does_not_pass_for_solved(options):
    dry = stored(drum_loop(20000))
    clips = compress(dry, SETTINGS, sample_rate=RATE, **options)
    fits = [fit_recursion(dry, stored(clip), sample_rate=RATE) for clip in clips]
    answers = estimates(pd.DataFrame(TRUE, columns=list(PARAMETERS)).assign(grid="dm1"), fits)
    assert not answers["solved"].any()
    medians = np.tile(np.median(TRUE, axis=0), (len(TRUE), 1))
    np.testing.assert_allclose(answers[list(PARAMETERS)], medians)


def test_what_a_clip_does_not_tell_is_the_median_of_its_grid():
    settings = pd.DataFrame(
        {
            "grid": ["ds1", "ds1", "ds1", "ds2"],
            "threshold_db": [-1.0, -2.0, -30.0, -37.5],
            "ratio": [2.0, 2.0, 2.0, 9.0],
            "attack_ms": 5.0,
            "release_ms": 200.0,
        }
    )
    values = np.array([-3.0, 4.0, 6.0, 70.0])
    exact, vague = np.full(4, 1e-5), np.array([1e-5, 0.5, 1e-5, 50.0])
    fits = [
        RecursionFit(values, exact, misfit=1.0),
        RecursionFit(values, vague, misfit=1.0),
        RecursionFit(values, exact, misfit=50.0),
        None,
    ]
    answers = estimates(settings, fits)
    assert answers["solved"].tolist() == [True, False, False, False]
    assert answers[list(PARAMETERS)].to_numpy().tolist() == [
        [-3.0, 4.0, 6.0, 70.0],
        [-3.0, 2.0, 6.0, 200.0],
        [-2.0, 2.0, 5.0, 200.0],
        [-37.5, 9.0, 5.0, 200.0],
    ]


def test_the_stage_answers_every_row_of_the_settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DRC_JOBS", "1")
    make_up_corpus()
    with pytest.raises(InputError, match="one of: drum, guitar"):
        main(["nope"])
    with pytest.raises(InputError, match=r"takes/settings\.csv"):
        main(["takes"])
    compress_corpus(["takes"])
    main(["takes"])
    settings = read_settings("takes")
    answers = pd.read_csv(files.closed_form_table("takes"))
    assert list(answers.columns) == [*PARAMETERS, "solved"]
    assert len(answers) == len(settings)
    told = settings["identifiable"]
    assert answers["solved"][told].all()
    errors = (answers[list(PARAMETERS)] - settings[list(PARAMETERS)]).abs()[told]
    assert (errors.max() < [1e-4, 1e-3, 1e-3, 3e-2]).all()
