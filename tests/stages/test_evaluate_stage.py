"""Evaluate and transfer on a synthetic project: every entry, with errors that are known."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

import stages.transfer
from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.errors import InputError
from siamese_drc.networks.targets import TargetScale
from stages.evaluate import main as evaluate
from stages.project import files
from stages.project.command import run_stage
from stages.project.files import read_settings
from stages.project.params import Params, load_params
from tests.stages.made_up_embeddings import (
    made_up_params,
    write_baselines,
    write_features,
    write_network,
    write_settings,
)

EXPERIMENT, TRANSFER = "drum-d4p-cnn-stft128", "mix-d4p-cnn-stft128"
GAIN = "drum-d4p-dense-gain"
HANDCRAFTED, HANDCRAFTED_TRANSFER = "drum-d4p-handcrafted", "mix-d4p-handcrafted"
OURS = files.EMBEDDINGS / EXPERIMENT
EMBEDDED = Path("embedded")  # what `embed` writes of the other corpus, by the experiment's name
ERROR = {"mae", "std", "percent", "mae_identifiable", "n"}


@pytest.fixture
def params(tmp_path, monkeypatch) -> Params:
    """D4P of 6 drum loops and 4 mixes; features that hold the targets; outputs that are off."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DRC_JOBS", "1")
    params = made_up_params()
    drums, mixes = write_settings(params, "drum-d4p"), write_settings(params, "mix-d4p")
    for folder, targets, off in ((OURS, drums, 2.0), (EMBEDDED / EXPERIMENT, mixes, 4.0)):
        write_network(folder, "d4p", targets, off=off)
        write_baselines(folder, targets)
    write_features(files.EMBEDDINGS / HANDCRAFTED, "d4p", drums)
    write_features(EMBEDDED / HANDCRAFTED, "d4p", mixes)

    def embed(params, experiment, corpus, grids, folder):
        assert (corpus, list(grids)) == ("mix-d4p", ["d4p"])
        shutil.copytree(EMBEDDED / experiment, folder)

    monkeypatch.setattr(stages.transfer, "embed", embed)
    return params


def metrics(name: str) -> dict:
    return json.loads(Path(f"metrics/smoke/experiments/{name}.json").read_text())


def test_an_experiments_metrics(params):
    evaluate(params, EXPERIMENT)
    (entries,) = (found := metrics(EXPERIMENT)).values()
    assert list(found) == ["drum-d4p"]
    baselines = {name: entries.pop(name) for name in ("untrained", "no_network")}
    learnt = entries.pop("learnt")
    assert set(entries) == {"paper", "network", "constant", "closed_form"}
    for entry, errors in entries.items():
        assert set(errors) - {"unsolved"} == set(PARAMETERS)
        assert all(set(errors[name]) == ERROR for name in PARAMETERS), entry
    for name in PARAMETERS:
        assert entries["network"][name]["mae"] == pytest.approx(2.0, abs=1e-4)
        assert entries["network"][name]["mae_identifiable"] == pytest.approx(2.0, abs=1e-4)
        assert entries["network"][name]["n"] == 6 * 8
        assert entries["paper"][name]["mae"] < entries["constant"][name]["mae"]
        for baseline in baselines.values():
            assert set(baseline) == {"paper"}
            assert set(baseline["paper"][name]) == ERROR
            assert baseline["paper"][name]["mae"] > entries["paper"][name]["mae"]
            assert baseline["paper"][name]["n"] == entries["paper"][name]["n"]
        assert learnt["paper"][name]["learnt"] is True
    assert set(learnt) == {"paper"}
    assert entries["network"]["threshold_db"]["percent"] == pytest.approx(5.0, abs=1e-3)
    assert entries["closed_form"]["unsolved"] == 6
    assert entries["closed_form"]["attack_ms"]["mae"] == pytest.approx(0.5)
    assert entries["closed_form"]["ratio"]["mae"] == 0.0


def test_a_twin_with_the_same_features_has_the_same_errors_and_nothing_is_learnt(params):
    """The same rows, splits and forests: the paired differences are exactly zero."""
    shutil.copy(OURS / "d4p.npy", OURS / "d4p-untrained.npy")
    evaluate(params, EXPERIMENT)
    (entries,) = metrics(EXPERIMENT).values()
    assert entries["untrained"]["paper"] == entries["paper"]
    for name in PARAMETERS:
        learnt = entries["learnt"]["paper"][name]
        assert learnt["below_untrained"] == [0.0, 0.0]
        assert learnt["below_constant"][1] < 0
        assert learnt["learnt"] is False


def test_a_transfers_metrics(params):
    stages.transfer.main(params, TRANSFER)
    (entries,) = (found := metrics(TRANSFER)).values()
    assert list(found) == ["mix-d4p"]
    baselines = {name: entries.pop(name) for name in ("untrained", "no_network")}
    learnt = entries.pop("learnt")
    assert set(entries) == {"transfer", "refit", "network", "constant", "closed_form"}
    assert entries["transfer"]["ratio"]["n"] == 4 * 8
    assert entries["network"]["ratio"]["mae"] == pytest.approx(4.0, abs=1e-4)
    assert entries["transfer"]["ratio"]["mae"] < entries["constant"]["ratio"]["mae"]
    for name, protocol in [(n, p) for n in PARAMETERS for p in ("transfer", "refit")]:
        for baseline in baselines.values():
            assert baseline[protocol][name]["mae"] > entries[protocol][name]["mae"]
        assert set(learnt[protocol][name]) == {
            *("below_untrained", "below_constant", "below_no_network", "learnt")
        }
    assert learnt["transfer"]["ratio"]["learnt"] is True
    assert (files.EMBEDDINGS / TRANSFER / "d4p.npy").exists()


def test_delayed_clips_are_judged_by_what_was_learnt_in_time(params):
    """Embeddings in time hold the targets; those of late clips, the targets of other rows."""
    scale = TargetScale.of_grid(params.grids.named["d4p"], "sound")
    drums = scale.scale(read_settings("drum-d4p")[list(PARAMETERS)].to_numpy())
    folder = files.EMBEDDINGS / GAIN
    write_network(folder, "d4p", drums, off=0.0)
    write_network(folder, files.changed_name("d4p", "delayed"), drums[::-1], off=0.0)
    write_baselines(folder, drums)
    evaluate(params, GAIN)
    (entries,) = metrics(GAIN).values()
    for name in PARAMETERS:
        in_time, late = entries["paper"][name], entries["paper_delayed"][name]
        assert entries["learnt"]["paper"][name]["below_no_network"][1] < 0
        assert entries["learnt"]["paper"][name]["learnt"] is True
        assert entries["learnt"]["paper_delayed"][name]["learnt"] is False
        assert in_time["mae"] < 0.1 * entries["constant"][name]["mae"]
        assert late["mae"] > 0.5 * entries["constant"][name]["mae"]
        assert in_time["n"] == late["n"]


def test_predictions_in_the_domain_of_sound_are_in_real_units(params):
    """A forest, too, is told the logarithms, and what it says lies in the grid."""
    path = Path("params.yaml")
    content = YAML().load(path.read_text())
    content["experiments"][EXPERIMENT]["targets"] = "sound"
    with path.open("w") as file:
        YAML().dump(content, file)
    evaluate(load_params(), EXPERIMENT)
    (entries,) = metrics(EXPERIMENT).values()
    for name in PARAMETERS:
        assert entries["paper"][name]["mae"] < entries["constant"][name]["mae"]
    table = pd.read_csv(files.predictions_table(EXPERIMENT))
    ratio = table[table["parameter"] == "ratio"]
    assert ratio["predicted"].between(1.28, 20).all()


def test_handcrafted_features_are_judged_without_a_network(params):
    """A model that is not trained has no twin, and no simpler features beside it."""
    evaluate(params, HANDCRAFTED)
    (entries,) = (found := metrics(HANDCRAFTED)).values()
    assert list(found) == ["drum-d4p"]
    assert set(entries) == {"paper", "constant", "closed_form"}
    for name in PARAMETERS:
        assert entries["paper"][name]["mae"] < entries["constant"][name]["mae"]


def test_a_transfer_of_handcrafted_features(params):
    stages.transfer.main(params, HANDCRAFTED_TRANSFER)
    (entries,) = (found := metrics(HANDCRAFTED_TRANSFER)).values()
    assert list(found) == ["mix-d4p"]
    assert set(entries) == {"transfer", "refit", "constant", "closed_form"}
    assert entries["transfer"]["ratio"]["n"] == 4 * 8
    assert entries["transfer"]["ratio"]["mae"] < entries["constant"]["ratio"]["mae"]


def test_the_same_rows_are_split_whatever_the_features(params):
    """Then errors by networks and by handcrafted features stand side by side."""
    evaluate(params, EXPERIMENT)
    evaluate(params, HANDCRAFTED)
    for entry in ("constant", "closed_form"):
        assert metrics(EXPERIMENT)["drum-d4p"][entry] == metrics(HANDCRAFTED)["drum-d4p"][entry]


@pytest.mark.parametrize(
    ("main", "name", "protocol"),
    [(evaluate, EXPERIMENT, "paper"), (stages.transfer.main, TRANSFER, "transfer")],
)
def test_predictions_are_of_every_tested_row(params, main, name, protocol):
    main(params, name)
    table = pd.read_csv(files.predictions_table(name))
    assert list(table) == ["data_set", "protocol", "parameter", "loop", "true", "predicted"]
    assert set(table["protocol"]) == {"paper"} if main is evaluate else {"transfer", "refit"}
    (entries,) = metrics(name).values()
    rows = table[(table["protocol"] == protocol) & (table["parameter"] == "ratio")]
    assert len(rows) == entries[protocol]["ratio"]["n"]
    if protocol == "transfer":
        mae = (rows["true"] - rows["predicted"]).abs().mean()
        assert mae == pytest.approx(entries["transfer"]["ratio"]["mae"], rel=1e-4)


def test_any_number_of_processes_writes_the_same_bytes(params, monkeypatch):
    outputs = (params.metrics[EXPERIMENT], files.predictions_table(EXPERIMENT))
    evaluate(params, EXPERIMENT)
    alone = [path.read_bytes() for path in outputs]
    assert alone[0].endswith(b"}\n")
    monkeypatch.setenv("DRC_JOBS", "2")
    evaluate(params, EXPERIMENT)
    assert [path.read_bytes() for path in outputs] == alone


@pytest.mark.parametrize("network", ["d4p", "d4p-untrained", "d4p-no-network"])
def test_embeddings_that_are_not_finite_are_an_error(params, network):
    path = OURS / f"{network}.npy"
    embeddings = np.load(path)
    embeddings[5, 1] = np.nan
    np.save(path, embeddings)
    with pytest.raises(InputError, match=rf"{network}\.npy: row 5 holds a value .* not finite"):
        evaluate(params, EXPERIMENT)
    assert not files.METRICS.exists()


def test_embeddings_of_other_rows_are_an_error(params):
    path = EMBEDDED / EXPERIMENT / "d4p.npy"
    np.save(path, np.load(path)[:-1])
    with pytest.raises(InputError, match=r"d4p\.npy: has shape \(31, 12\), must have \(32, any\)"):
        stages.transfer.main(params, TRANSFER)


@pytest.mark.parametrize(
    ("main", "section", "names"),
    [(evaluate, "experiments", "drum"), (stages.transfer.main, "transfers", EXPERIMENT)],
)
def test_a_name_that_is_no_entry_is_an_error(params, monkeypatch, capsys, main, section, names):
    monkeypatch.setattr(sys, "argv", ["stage", names])
    with pytest.raises(SystemExit):
        run_stage(main, section)
    assert f"not an entry of {section}" in capsys.readouterr().err
