"""The three stages of the match model, from loops to metrics, with little of everything."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from siamese_drc.core.errors import InputError
from siamese_drc.match.model import read_model
from stages import match_evaluate, match_examples, match_fit
from stages.project import files
from stages.project.params import Params, load_params
from tests.pipeline.working_copy import PROJECT


@pytest.fixture
def params(tmp_path, monkeypatch) -> Params:
    """Return params of few and short loops; the working directory is an empty project."""
    params = load_params(PROJECT / "params.yaml")
    size = params.match.sizes["smoke"].model_copy(update={"loops": 4, "unseen_loops": 2})
    update = {"materials": ["drum"], "clip_seconds": 1.0, "sizes": {"smoke": size}}
    monkeypatch.chdir(tmp_path)
    files.RECORDED.parent.mkdir()
    shutil.copyfile(PROJECT / files.RECORDED, files.RECORDED)
    return params.model_copy(
        update={"scale": "smoke", "match": params.match.model_copy(update=update)}
    )


def test_examples_become_a_model_and_metrics(params, capsys):
    match_examples.main(params)
    with np.load(files.MATCH_EXAMPLES) as arrays:
        assert arrays["part"].tolist() == [0] * 4 + [1] * 2
        assert arrays["compressed"].shape[:2] == arrays["settings"].shape[:2] == (6, 4)
        assert (arrays["reduction_db"] >= 0).all()
    match_fit.main(params)
    of_recordings = read_model(files.MATCH_MODEL.absolute()).network.mean
    other_rate = params.model_copy(update={"sample_rate": 48000})
    match_fit.main(other_rate)  # leaves the recordings out and says so
    assert "data/recorded_dynamics.npz: left out" in capsys.readouterr().err
    read_model.cache_clear()
    assert (read_model(files.MATCH_MODEL.absolute()).network.mean != of_recordings).any()
    match_evaluate.main(params)
    metrics = json.loads((files.METRICS / "smoke" / "match.json").read_text())
    drum = metrics["materials"]["drum"]
    assert drum["another_recording"]["settings"]["ratio"]["n"] == 2
    assert set(drum["another_recording"]["refused"]) == {"uncompressed", "compressed"}


def test_a_model_without_examples_names_the_stage_that_makes_them(params):
    with pytest.raises(InputError, match=r"data/match/examples\.npz: missing"):
        match_fit.main(params)
