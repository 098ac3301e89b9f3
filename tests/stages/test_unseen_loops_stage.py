"""The stage `unseen-loops` on written embeddings: fitted on one corpus, tested on another."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import stages.unseen_loops
from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.networks.targets import TargetScale
from stages.project import files
from stages.project.params import Params
from stages.unseen_loops import main
from tests.stages.made_up_embeddings import (
    made_up_params,
    write_baselines,
    write_network,
    write_settings,
)

FOREST, RIDGE = "drum-d4p-cnn-stft128", "drum-d4p-dense-gain"
CORPUS, TESTED = "drum-d4p-training", "drum-d4p"
EMBEDDED = Path("embedded")  # what `embed` writes, by corpus
ROWS = 6 * 8  # of the tested corpus at smoke scale


@pytest.fixture
def params(tmp_path, monkeypatch) -> Params:
    """Embeddings of both corpora that hold the targets; outputs that are off by 3."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DRC_JOBS", "1")
    params = made_up_params()
    for corpus in (CORPUS, TESTED):
        targets = write_settings(params, corpus)
        write_network(EMBEDDED / corpus, "d4p", targets, off=3.0)
        write_baselines(EMBEDDED / corpus, targets)
    files.closed_form_table(CORPUS).unlink()  # there is none

    def embed(params, experiment, corpus, grids, folder):
        assert experiment.endswith("-unseen-loops")
        assert list(grids) == ["d4p"]
        shutil.copytree(EMBEDDED / corpus, folder)

    monkeypatch.setattr(stages.unseen_loops, "embed", embed)
    return params


def settings(corpus: str) -> np.ndarray:
    return pd.read_csv(files.settings_table(corpus))[list(PARAMETERS)].to_numpy()


def metrics(name: str) -> dict:
    (entries,) = json.loads(Path(f"metrics/smoke/unseen_loops/{name}.json").read_text()).values()
    return entries


def predicted(name: str) -> np.ndarray:
    table = pd.read_csv(files.predictions_table(f"{name}-unseen-loops"))
    assert set(table["protocol"]) == {"unseen_loops"}
    assert set(table["data_set"]) == {"drum-d4p"}
    return np.stack([table[table["parameter"] == name]["predicted"] for name in PARAMETERS], 1)


def test_the_metrics(params):
    main(params, FOREST)
    entries = metrics(FOREST)
    expected = {"unseen_loops", "network_unseen_loops", "constant"}
    assert set(entries) == {*expected, "untrained", "no_network", "learnt"}
    for name in PARAMETERS:
        errors = entries["unseen_loops"][name]
        assert errors["n"] == ROWS
        assert errors["mae"] < entries["constant"][name]["mae"]
        assert entries["network_unseen_loops"][name]["mae"] == pytest.approx(3.0, abs=1e-4)
        for baseline in ("untrained", "no_network"):
            assert set(entries[baseline]) == {"unseen_loops"}
            assert entries[baseline]["unseen_loops"][name]["mae"] > errors["mae"]
        assert entries["learnt"]["unseen_loops"][name]["learnt"] is True
    assert predicted(FOREST).shape == (ROWS, len(PARAMETERS))
    median = np.median(settings(CORPUS), axis=0)
    mae = np.abs(settings(TESTED) - median).mean(axis=0)
    for name, expected_mae in zip(PARAMETERS, mae, strict=True):
        assert entries["constant"][name]["mae"] == pytest.approx(expected_mae, rel=1e-5)


def test_the_regressor_has_not_seen_the_tested_loops(params):
    """Their embeddings are 0.05 too high, which a fit on the training corpus cannot correct."""
    scale = TargetScale.of_grid(params.grids.named["d4p"], "sound")
    for corpus, too_high in ((CORPUS, 0.0), (TESTED, 0.05)):
        write_network(EMBEDDED / corpus, "d4p", scale.scale(settings(corpus)) + too_high, off=0.0)
    late = files.changed_name("d4p", "delayed")
    write_network(EMBEDDED / TESTED, late, scale.scale(settings(TESTED)), off=0.0)
    main(params, RIDGE)
    expected = scale.restore(scale.scale(settings(TESTED)) + 0.05)
    np.testing.assert_allclose(predicted(RIDGE), expected, rtol=0.02, atol=0.1)


def test_delayed_clips_are_judged_by_what_was_learnt_in_time(params):
    scale = TargetScale.of_grid(params.grids.named["d4p"], "sound")
    for corpus in (CORPUS, TESTED):
        write_network(EMBEDDED / corpus, "d4p", scale.scale(settings(corpus)), off=0.0)
    late = files.changed_name("d4p", "delayed")
    write_network(EMBEDDED / TESTED, late, scale.scale(settings(TESTED))[::-1], off=0.0)
    main(params, RIDGE)
    entries = metrics(RIDGE)
    for name in PARAMETERS:
        constant = entries["constant"][name]["mae"]
        assert entries["unseen_loops"][name]["mae"] < 0.1 * constant
        assert entries["unseen_loops_delayed"][name]["mae"] > 0.5 * constant


def test_both_corpora_are_embedded_by_the_same_networks(params):
    main(params, FOREST)
    folder = files.EMBEDDINGS / f"{FOREST}-unseen-loops"
    for corpus in (CORPUS, TESTED):
        assert (folder / corpus / "d4p.npy").read_bytes() == (
            EMBEDDED / corpus / "d4p.npy"
        ).read_bytes()
