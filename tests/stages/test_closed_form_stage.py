"""The answers of the closed-form limit: those of a corpus, and what counts as solved."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from siamese_drc.compressor.compressor import compress
from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.errors import InputError
from siamese_drc.solver.closed_form import PairFit, fit_pair
from stages.closed_form import estimates, main
from stages.compress import main as compress_corpus
from stages.project import files
from stages.project.files import read_settings
from tests.compressor.textbook import drum_loop
from tests.solver.clips import RATE, SETTINGS, TRUE, stored
from tests.stages.made_up_corpus import make_up_corpus


@pytest.mark.parametrize(
    "options",
    [{"detector": "rms"}, {"smoothing": "decoupled"}, {"knee_db": 6.0}, {"makeup_db": 1.0}],
)
def test_another_compressor_does_not_pass_for_solved(options):
    dry = stored(drum_loop(20000))
    clips = compress(dry, SETTINGS, sample_rate=RATE, **options)
    fits = [fit_pair(dry, stored(clip), sample_rate=RATE) for clip in clips]
    answers = estimates(pd.DataFrame(TRUE, columns=list(PARAMETERS)).assign(grid="dm1"), fits)
    assert not answers["solved"].any()
    medians = np.tile(np.median(TRUE, axis=0), (len(TRUE), 1))
    np.testing.assert_allclose(answers[list(PARAMETERS)], medians)


def test_what_a_clip_does_not_determine_is_the_median_of_its_grid():
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
        PairFit(values, exact, misfit=1.0),
        PairFit(values, vague, misfit=1.0),
        PairFit(values, exact, misfit=50.0),
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
    params = make_up_corpus()
    with pytest.raises(InputError, match=r"data/settings/takes\.csv"):
        main(params, "takes")
    compress_corpus(params, "takes")
    main(params, "takes")
    settings = read_settings("takes")
    answers = pd.read_csv(files.closed_form_table("takes"))
    assert list(answers.columns) == [*PARAMETERS, "solved"]
    assert len(answers) == len(settings)
    told = settings["identifiable"]
    assert answers["solved"][told].all()
    errors = (answers[list(PARAMETERS)] - settings[list(PARAMETERS)]).abs()[told]
    assert (errors.max() < [1e-4, 1e-3, 1e-3, 3e-2]).all()
