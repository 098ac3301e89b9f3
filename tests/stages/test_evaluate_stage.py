"""Evaluate and transfer on a synthetic project: every entry, with errors that are known."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

import stages.transfer
from siamese_drc.compressor.grids import loop_settings
from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.errors import InputError
from siamese_drc.networks.splits import outer_folds
from siamese_drc.networks.targets import TargetScale
from stages.evaluate import main as evaluate
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params, load_params
from stages.project.settings_table import COLUMNS, read_settings

EXPERIMENT, TRANSFER = "drum-d4p-cnn-stft128", "mix-d4p-cnn-stft128"
GAIN = "drum-d4p-dense-gain"
HANDCRAFTED, HANDCRAFTED_TRANSFER = "drum-d4p-handcrafted", "mix-d4p-handcrafted"
PARAMS = Path("params.yaml").resolve()
ERROR = {"mae", "std", "percent", "mae_identifiable", "n"}


@pytest.fixture
def params(tmp_path, monkeypatch) -> Params:
    """D4P of 6 drum loops and 4 mixes; features that hold the targets; outputs that are off."""
    yaml = YAML()
    content = yaml.load(PARAMS.read_text())
    content["scale"] = "smoke"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DRC_JOBS", "1")
    with Path("params.yaml").open("w") as file:
        yaml.dump(content, file)
    params = load_params()
    drums, mixes = write_settings(params, "drum"), write_settings(params, "mix")
    write_network(EXPERIMENT, "d4p", drums, off=2.0)
    for fold in range(params.size.folds_run):
        write_network(EXPERIMENT, f"d4p-fold{fold}", drums, off=3.0)
    write_network(TRANSFER, "d4p", mixes, off=4.0)
    write_features(HANDCRAFTED, drums)
    write_features(HANDCRAFTED_TRANSFER, mixes)
    monkeypatch.setattr(stages.transfer, "embed", lambda params, name: None)  # as written here
    return params


def write_settings(params: Params, material: str) -> np.ndarray:
    """Write settings.csv and the closed-form estimates; return the true settings."""
    grids, tables = params.grids, []
    for loop in range(params.size.loops[material]):
        found = loop_settings("d4p", grids.named["d4p"], loop, size=8, seed=1)
        rows = {"loop": loop, "group": str(loop), "position": range(len(found))}
        tables.append(pd.DataFrame(rows | {name: getattr(found, name) for name in PARAMETERS}))
    table = pd.concat(tables, ignore_index=True)
    path = files.settings_table(f"{material}-d4p")
    path.parent.mkdir(parents=True, exist_ok=True)
    table.assign(grid="d4p", max_gain_reduction_db=10.0, identifiable=table["position"] > 0)[
        list(COLUMNS)
    ].to_csv(path, index=False)
    solved = table[list(PARAMETERS)].assign(solved=table["position"] != 2)
    solved["attack_ms"] += 0.5
    files.CLOSED_FORM.mkdir(parents=True, exist_ok=True)
    solved.to_csv(files.closed_form_table(f"{material}-d4p"), index=False)
    return table[list(PARAMETERS)].to_numpy()


def write_network(name: str, network: str, targets: np.ndarray, *, off: float) -> None:
    """Write embeddings that hold the targets, and outputs that miss them by `off`."""
    path = files.embedding_file(name, network)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.tile(targets, 3).astype(np.float32))
    np.save(files.output_file(name, network), (targets + off).astype(np.float32))


def write_features(name: str, features: np.ndarray) -> None:
    """Write what is evaluated without a network."""
    path = files.embedding_file(name, "d4p")
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, features.astype(np.float32))


def metrics(name: str) -> dict:
    return json.loads(files.metrics_file("smoke", name).read_text())


def test_an_experiments_metrics(params):
    evaluate(params, EXPERIMENT)
    (entries,) = (found := metrics(EXPERIMENT)).values()
    assert list(found) == ["drum-d4p"]
    expected = {
        "paper",
        "unseen_loops",
        "network",
        "network_unseen_loops",
        "constant",
        "closed_form",
    }
    assert set(entries) == expected
    for entry, errors in entries.items():
        assert set(errors) - {"unsolved"} == set(PARAMETERS)
        assert all(set(errors[name]) == ERROR for name in PARAMETERS), entry
    for name in PARAMETERS:
        assert entries["network"][name]["mae"] == pytest.approx(2.0, abs=1e-4)
        assert entries["network"][name]["mae_identifiable"] == pytest.approx(2.0, abs=1e-4)
        assert entries["network"][name]["n"] == 6 * 8
        assert entries["network_unseen_loops"][name]["mae"] == pytest.approx(3.0, abs=1e-4)
        assert entries["paper"][name]["mae"] < entries["constant"][name]["mae"]
    assert entries["network"]["threshold_db"]["percent"] == pytest.approx(5.0, abs=1e-3)
    held_out = outer_folds([str(i) for i in range(6)], params.size.folds)[0]
    assert entries["unseen_loops"]["ratio"]["n"] == 8 * len(held_out)
    assert entries["network_unseen_loops"]["ratio"]["n"] == 8 * len(held_out)
    assert entries["closed_form"]["unsolved"] == 6
    assert entries["closed_form"]["attack_ms"]["mae"] == pytest.approx(0.5)
    assert entries["closed_form"]["ratio"]["mae"] == 0.0


def test_a_transfers_metrics(params):
    stages.transfer.main(params, TRANSFER)
    (entries,) = metrics(TRANSFER).values()
    assert set(entries) == {"transfer", "refit", "network", "constant", "closed_form"}
    assert entries["transfer"]["ratio"]["n"] == 4 * 8
    assert entries["network"]["ratio"]["mae"] == pytest.approx(4.0, abs=1e-4)
    assert entries["transfer"]["ratio"]["mae"] < entries["constant"]["ratio"]["mae"]


def test_delayed_clips_are_judged_by_what_was_learnt_in_time(params):
    """Embeddings in time hold the targets; those of late clips, the targets of other rows."""
    scale = TargetScale.of_grid(params.grids.named["d4p"], "sound")
    drums = scale.scale(read_settings("drum-d4p")[list(PARAMETERS)].to_numpy())
    networks = ["d4p", *(f"d4p-fold{fold}" for fold in range(params.size.folds_run))]
    for network in networks:
        write_network(GAIN, network, drums, off=0.0)
        write_network(GAIN, files.delayed_network_name(network), drums[::-1], off=0.0)
    evaluate(params, GAIN)
    (entries,) = metrics(GAIN).values()
    for entry in ("paper", "unseen_loops"):
        for name in PARAMETERS:
            in_time, late = entries[entry][name], entries[f"{entry}_delayed"][name]
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
    evaluate(params, HANDCRAFTED)
    (entries,) = (found := metrics(HANDCRAFTED)).values()
    assert list(found) == ["drum-d4p"]
    assert set(entries) == {"paper", "unseen_loops", "constant", "closed_form"}
    held_out = outer_folds([str(i) for i in range(6)], params.size.folds)[0]
    assert entries["unseen_loops"]["ratio"]["n"] == 8 * len(held_out)
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


def test_predictions_are_of_every_tested_row(params):
    evaluate(params, EXPERIMENT)
    table = pd.read_csv(files.predictions_table(EXPERIMENT))
    assert list(table) == ["data_set", "protocol", "parameter", "loop", "true", "predicted"]
    assert set(table["protocol"]) == {"paper", "unseen_loops"}
    unseen = table[table["protocol"] == "unseen_loops"]
    held_out = outer_folds([str(i) for i in range(6)], params.size.folds)[0]
    assert set(unseen["loop"]) == set(held_out)
    assert len(unseen) == 8 * len(held_out) * len(PARAMETERS)
    ratio = unseen[unseen["parameter"] == "ratio"]
    mae = (ratio["true"] - ratio["predicted"]).abs().mean()
    assert mae == pytest.approx(
        metrics(EXPERIMENT)["drum-d4p"]["unseen_loops"]["ratio"]["mae"], rel=1e-4
    )


def test_any_number_of_processes_writes_the_same_bytes(params, monkeypatch):
    outputs = (files.metrics_file("smoke", EXPERIMENT), files.predictions_table(EXPERIMENT))
    evaluate(params, EXPERIMENT)
    alone = [path.read_bytes() for path in outputs]
    assert alone[0].endswith(b"}\n")
    monkeypatch.setenv("DRC_JOBS", "2")
    evaluate(params, EXPERIMENT)
    assert [path.read_bytes() for path in outputs] == alone


def test_embeddings_that_are_not_finite_are_an_error(params):
    path = files.embedding_file(EXPERIMENT, "d4p")
    embeddings = np.load(path)
    embeddings[5, 1] = np.nan
    np.save(path, embeddings)
    with pytest.raises(InputError, match=r"d4p\.npy: row 5 holds a value that is not finite"):
        evaluate(params, EXPERIMENT)
    assert not files.METRICS.exists()


def test_embeddings_of_other_rows_are_an_error(params):
    path = files.embedding_file(TRANSFER, "d4p")
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


def test_a_transfer_embeds_the_other_corpus_first(params, monkeypatch):
    path = files.embedding_file(TRANSFER, "d4p")
    embeddings = np.load(path)
    path.unlink()
    monkeypatch.setattr(stages.transfer, "embed", lambda params, name: np.save(path, embeddings))
    stages.transfer.main(params, TRANSFER)
    assert files.metrics_file("smoke", TRANSFER).exists()
