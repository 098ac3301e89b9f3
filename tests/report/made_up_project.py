"""A project with made-up results: params, and the files that the earlier stages write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.report.pages import MATCH_DISTANCES
from siamese_drc.report.results import Results
from stages.project.params import Params, check_params, load_params

PARAMS = Path(__file__).parents[2] / "params.yaml"
GRIDS = ("ds1", "ds2", "ds3", "ds4", "dm1", "dm2", "d4p")
SCALE: dict[str, Any] = {
    "clip_seconds": 0.5,
    "loops": {"drum": 6, "guitar": 5, "mix": 4},
    "settings": {"ds1": 80, "ds2": 6, "ds3": 6, "ds4": 6, "dm1": 6, "dm2": 6, "d4p": None},
    "grid_loops": {"dm1": 4},
    "max_epochs": dict.fromkeys(GRIDS, 2),
    "dropout": dict.fromkeys(GRIDS, 0.1),
    "patience": 1,
    "width": {"cnn": 1.0, "sample_level": 0.5, "multi_kernel": 0.25},
    "trees": 10,
    "splits": 3,
    "folds": 3,
    "folds_run": 1,
}
TIMES = ["ds3", "ds4", "dm2"]
# The report knows experiments by their names: their content need not be the project's.
EXPERIMENTS: dict[str, dict[str, Any]] = {
    "guitar-cnn-mel512": {"corpus": "guitar", "representation": "mel512"},
    "drum-cnn-mel512": {"corpus": "drum", "representation": "mel512"},
    "drum-cnn-stft512": {"corpus": "drum", "representation": "stft512", "only": TIMES},
    "drum-cnn-stft256": {"corpus": "drum", "representation": "stft256", "only": TIMES},
    "drum-cnn-stft128": {"corpus": "drum", "representation": "stft128", "unseen_loops": True},
    "drum-d4p-cnn-stft128": {
        "corpus": "drum-d4p",
        "representation": "stft128",
        "unseen_loops": True,
    },
    "drum-cnn-stft128-seed2": {"corpus": "drum", "representation": "stft128", "only": ["dm2"]},
    "drum-cnn-stft128-seed3": {"corpus": "drum", "representation": "stft128", "only": ["dm2"]},
    "drum-cnn-time1-stft128": {"corpus": "drum", "representation": "stft128", "only": TIMES},
    "drum-cnn-time2-stft128": {"corpus": "drum", "representation": "stft128", "only": TIMES},
    "guitar-sample-level-waveform": {"corpus": "guitar", "representation": "mel512"},
    "drum-sample-level-waveform": {"corpus": "drum", "representation": "mel512"},
    **{
        f"drum-sample-level-{variant}-waveform": {
            "corpus": "drum",
            "representation": "mel512",
            "only": TIMES,
        }
        for variant in ("wide-kernel", "half-filters", "fewer-layers")
    },
    "guitar-multi-kernel-mel512": {"corpus": "guitar", "representation": "mel512"},
    "drum-multi-kernel-mel512": {"corpus": "drum", "representation": "mel512"},
    "drum-multi-kernel-tuned-stft128": {"corpus": "drum", "representation": "stft128"},
    **{
        f"{corpus}-handcrafted": {
            "model": "none",
            "corpus": corpus,
            "representation": "handcrafted",
            "unseen_loops": True,
        }
        for corpus in ("guitar", "drum", "drum-d4p")
    },
}
NETWORKS = [name for name, entry in EXPERIMENTS.items() if "model" not in entry]
TRANSFERS = {
    "mix-d4p-cnn-stft128": {
        "experiment": "drum-d4p-cnn-stft128",
        "source": "drum-d4p",
        "corpus": "mix-d4p",
        "representation": "stft128",
    },
    "mix-d4p-handcrafted": {
        "experiment": "drum-d4p-handcrafted",
        "source": "drum-d4p",
        "corpus": "mix-d4p",
        "representation": "handcrafted",
    },
}

CONSTANT = {"threshold_db": 10.0, "ratio": 4.8, "attack_ms": 25.0, "release_ms": 250.0}
RANGES = {"threshold_db": 40.0, "ratio": 20.0, "attack_ms": 99.0, "release_ms": 999.0}
SHARES = {
    "paper": 0.2,
    "unseen_loops": 0.8,
    "transfer": 0.9,
    "refit": 0.5,
    "network": 0.1,
    "network_unseen_loops": 0.6,
    "constant": 1.0,
    "closed_form": 0.001,
}


def made_up_params(**changes: Any) -> Params:
    """Return the project's params.yaml with a scale and experiments of fixed size.

    `changes` replace top-level keys.
    """
    content = load_params(PARAMS).model_dump()
    content["scale"] = "smoke"
    content["scales"]["smoke"] = SCALE
    content["experiments"] = {
        name: {"model": "cnn", **entry} for name, entry in EXPERIMENTS.items()
    }
    content["transfers"] = TRANSFERS
    return check_params(content | changes)


def made_up_errors(params: Params, name: str) -> dict:
    """Return errors that are `SHARES` of the constant predictor's."""
    if name in params.transfers:
        corpus = params.transfers[name].corpus
        grids = params.corpora[corpus].grids
        entries = ["transfer", "refit", "network"]
    else:
        corpus = params.experiments[name].corpus
        grids = params.grids_of(name)
        entries = ["paper", "network"]
        if params.experiments[name].unseen_loops:
            entries += ["unseen_loops", "network_unseen_loops"]
    if "handcrafted" in name:
        entries = [entry for entry in entries if "network" not in entry]
    data_sets: dict = {}
    for grid in grids:
        data_set = data_sets.setdefault(params.data_set(corpus, grid), {})
        for entry in [*entries, "constant", "closed_form"]:
            data_set[entry] = {
                parameter: {
                    "mae": (mae := SHARES[entry] * CONSTANT[parameter]),
                    "std": 0.1 * mae,
                    "percent": 100 * mae / RANGES[parameter],
                    "mae_identifiable": 0.9 * mae,
                    "n": 100,
                }
                for parameter in params.grids.named[grid].varied
            }
        data_set["closed_form"]["unsolved"] = 3
    return data_sets


def made_up_results(params: Params) -> Results:
    return Results({name: made_up_errors(params, name) for name in params.evaluated})


def made_up_history(params: Params, name: str) -> pd.DataFrame:
    networks = [(grid, grid) for grid in params.grids_of(name)]
    if params.experiments[name].unseen_loops:
        networks += [(grid, f"{grid}-fold{fold}") for grid, _ in networks for fold in range(2)]
    rows = [
        (grid, network, epoch, 0.1 * 0.7**epoch, 0.12 * (0.75 + 0.02 * i) ** epoch)
        for i, (grid, network) in enumerate(networks)
        for epoch in range(1, 13 + i % 3)
    ]
    return pd.DataFrame(rows, columns=["grid", "network", "epoch", "loss", "val_loss"])


def made_up_predictions(params: Params, name: str) -> pd.DataFrame:
    generator = np.random.default_rng(1)
    tables = []
    for data_set, entries in made_up_errors(params, name).items():
        for protocol in {"paper", "unseen_loops", "transfer", "refit"} & set(entries):
            for parameter in [known for known in PARAMETERS if known in entries[protocol]]:
                true = generator.uniform(0, 4 * CONSTANT[parameter], 400)
                noise = generator.normal(0, entries[protocol][parameter]["mae"], 400)
                tables.append(
                    pd.DataFrame(
                        {
                            "data_set": data_set,
                            "protocol": protocol,
                            "parameter": parameter,
                            "loop": np.arange(400) // 16,
                            "true": true,
                            "predicted": true + noise,
                        }
                    )
                )
    return pd.concat(tables, ignore_index=True)


def made_up_match() -> dict[str, object]:
    """Return what the evaluation of the match tool finds for a material."""
    names = ("threshold_db", "ratio", "attack_ms", "release_ms")
    ways = {"match": 1.5, "nothing": 6.0, "preset": 3.0, "reference's own": 0.5}
    return {
        "same_performance": {
            "16 bit": {name: {"median_error": 0.125, "solved": 0.95, "n": 8} for name in names}
        },
        "another_recording": {
            "settings": {name: {"mae": 2.5, "inside": 0.9, "n": 16} for name in names},
            "distances": dict.fromkeys(MATCH_DISTANCES, ways),
        },
    }


def build_project(folder: Path, params: Params) -> None:
    """Write params.yaml, and what the earlier stages leave behind for its experiments."""
    YAML(typ="safe", pure=True).dump(params.model_dump(), folder / "params.yaml")
    errors = folder / "metrics" / params.scale / "experiments"
    predictions = folder / "data" / "predictions"
    errors.mkdir(parents=True)
    predictions.mkdir(parents=True)
    for name in params.evaluated:
        (errors / f"{name}.json").write_text(json.dumps(made_up_errors(params, name)))
        made_up_predictions(params, name).to_csv(predictions / f"{name}.csv", index=False)
    match = folder / "metrics" / params.scale / "match.json"
    held_out = {name: dict.fromkeys(PARAMETERS, 3.5) for name in ("network", "forest")}
    materials = {name: made_up_match() for name in params.match.materials}
    match.write_text(json.dumps({"held_out": held_out, "materials": materials}))
    for name, experiment in params.experiments.items():
        (folder / "models" / name).mkdir(parents=True)
        if experiment.model != "none":
            history = folder / "models" / name / "history.csv"
            made_up_history(params, name).to_csv(history, index=False)
