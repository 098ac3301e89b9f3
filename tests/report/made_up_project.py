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
from siamese_drc.report.results import Results, merged
from stages.project.params import Params, check_params, load_params

PARAMS = Path(__file__).parents[2] / "params.yaml"
GRIDS = ("ds1", "ds2", "ds3", "ds4", "dm1", "dm2", "d4p")
SCALE: dict[str, Any] = {
    "clip_seconds": 0.5,
    "loops": {"drum": 6, "guitar": 5, "mix": 4},
    "settings": {"ds1": 80, "ds2": 6, "ds3": 6, "ds4": 6, "dm1": 6, "dm2": 6, "d4p": None},
    "width": {"cnn": 1.0, "sample_level": 0.5, "multi_kernel": 0.25},
    "trees": 10,
    "splits": 3,
}
TIMES = ["ds3", "ds4", "dm2"]
# The report knows experiments by their names: their content need not be the project's.
EXPERIMENTS: dict[str, dict[str, Any]] = {
    "guitar-cnn-mel512": {"corpus": "guitar", "representation": "mel512"},
    "drum-cnn-mel512": {"corpus": "drum", "representation": "mel512"},
    "drum-cnn-stft512": {"corpus": "drum", "representation": "stft512", "only": TIMES},
    "drum-cnn-stft256": {"corpus": "drum", "representation": "stft256", "only": TIMES},
    "drum-cnn-stft128": {"corpus": "drum", "representation": "stft128"},
    "drum-d4p-cnn-stft128": {"corpus": "drum-d4p", "representation": "stft128"},
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
        }
        for corpus in ("guitar", "drum", "drum-d4p")
    },
}
NETWORKS = [name for name, entry in EXPERIMENTS.items() if "model" not in entry]
UNSEEN_LOOPS = [
    *("drum-cnn-stft128", "drum-d4p-cnn-stft128"),
    *("guitar-handcrafted", "drum-handcrafted", "drum-d4p-handcrafted"),
]
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
TWINS = {
    "untrained": {"paper": 0.3, "unseen_loops": 0.7, "transfer": 0.95, "refit": 0.6},
    "no_network": {"paper": 0.25, "unseen_loops": 0.75, "transfer": 0.85, "refit": 0.55},
}


def made_up_params(**changes: Any) -> Params:
    """Return the project's params.yaml with a scale and experiments of fixed size.

    `changes` replace top-level keys.
    """
    content = load_params(PARAMS).model_dump()
    content["scale"] = "smoke"
    smoke = content["scales"]["smoke"]
    content["scales"]["smoke"] = smoke | SCALE | {"loops": smoke["loops"] | SCALE["loops"]}
    for entry in content["inputs"].values():
        entry["only"] = None
    content["experiments"] = {
        name: {"model": "cnn", **entry} for name, entry in EXPERIMENTS.items()
    }
    content["transfers"], content["pretrained"] = TRANSFERS, {}
    content["unseen_loops"] = {}
    for name in [each for each in changes.get("experiments", EXPERIMENTS) if each in UNSEEN_LOOPS]:
        entry = content["experiments"][name]
        tested = entry["corpus"]
        training = "drum-d4p-training" if tested == "drum-d4p" else "drum-training"
        content["unseen_loops"][name] = entry | {"corpus": training, "tested": tested}
        content["corpora"][training]["grids"] = content["corpora"][tested]["grids"]
        content["inputs"][f"{training}-{entry['representation']}"] = {
            "material": content["corpora"][training]["material"],
            "corpus": training,
            "representation": entry["representation"],
        }
    return check_params(content | changes)


def made_up_errors(params: Params, name: str) -> dict:
    """Return errors that are `SHARES` of the constant predictor's: metrics/*/experiments."""
    if name in params.transfers:
        return _errors(params, name, params.transfers[name].corpus, "transfer", "refit", "network")
    return _errors(params, name, params.experiments[name].corpus, "paper", "network")


def made_up_unseen_errors(params: Params, name: str) -> dict:
    """Return such errors on other loops: metrics/*/unseen_loops."""
    corpus = params.experiments[name].corpus
    return _errors(params, name, corpus, "unseen_loops", "network_unseen_loops")


def _errors(params: Params, name: str, corpus: str, *entries: str) -> dict:
    transfer = name in params.transfers
    grids = params.corpora[corpus].grids if transfer else params.grids_of(name)
    trained = "handcrafted" not in name
    protocols = [entry for entry in entries if "network" not in entry]
    found: dict = {}
    for grid in grids:
        varied = params.grids.named[grid].varied
        data_set = found.setdefault(params.data_set(corpus, grid), {})
        for entry in [*(entries if trained else protocols), "constant", "closed_form"]:
            data_set[entry] = {name: made_up_error(SHARES[entry], name) for name in varied}
        data_set["closed_form"]["unsolved"] = 3
        if trained:
            for twin, shares in TWINS.items():
                data_set[twin] = {
                    protocol: {name: made_up_error(shares[protocol], name) for name in varied}
                    for protocol in protocols
                }
            data_set["learnt"] = {
                protocol: {name: made_up_comparison(protocol, name) for name in varied}
                for protocol in protocols
            }
    return found


def made_up_error(share: float, parameter: str) -> dict[str, float]:
    """Return an error that is this share of the constant predictor's."""
    mae = share * CONSTANT[parameter]
    return {
        "mae": mae,
        "std": 0.01 * mae,
        "percent": 100 * mae / RANGES[parameter],
        "mae_identifiable": 0.9 * mae,
        "n": 100,
    }


def made_up_comparison(protocol: str, parameter: str) -> dict[str, Any]:
    """Return intervals of 2 % of the constant predictor's error around the difference."""
    others = {"below_untrained": TWINS["untrained"][protocol], "below_constant": 1.0}
    unit = CONSTANT[parameter]
    intervals = {
        name: [unit * (SHARES[protocol] - share + side) for side in (-0.02, 0.02)]
        for name, share in others.items()
    }
    return {**intervals, "learnt": all(high < 0 for _, high in intervals.values())}


def made_up_results(params: Params) -> Results:
    found = {name: made_up_errors(params, name) for name in params.evaluated}
    for name in params.unseen_loops:
        found[name] = merged(found[name], made_up_unseen_errors(params, name))
    return Results(found)


def made_up_history(params: Params, name: str) -> pd.DataFrame:
    rows = [
        (grid, epoch, 0.1 * 0.7**epoch, 0.12 * (0.75 + 0.02 * i) ** epoch)
        for i, grid in enumerate(params.grids_of(name))
        for epoch in range(1, 13 + i % 3)
    ]
    return pd.DataFrame(rows, columns=["grid", "epoch", "loss", "val_loss"])


def made_up_predictions(errors: dict) -> pd.DataFrame:
    generator = np.random.default_rng(1)
    tables = []
    for data_set, entries in errors.items():
        for protocol in [known for known in TWINS["untrained"] if known in entries]:
            for parameter in [known for known in PARAMETERS if known in entries[protocol]]:
                true = generator.uniform(0, 4 * CONSTANT[parameter], 400)
                noise = generator.normal(0, entries[protocol][parameter]["mae"], 400)
                columns = {"data_set": data_set, "protocol": protocol, "parameter": parameter}
                values = {"loop": np.arange(400) // 16, "true": true, "predicted": true + noise}
                tables.append(pd.DataFrame(columns | values))
    return pd.concat(tables, ignore_index=True)


def made_up_match() -> dict[str, object]:
    """Return what the evaluation of the match tool finds for a material."""
    names = ("threshold_db", "ratio", "attack_ms", "release_ms")
    ways = {"match": 1.5, "nothing": 6.0, "preset": 3.0, "reference's own": 0.5}
    return {
        "another_recording": {
            "settings": {name: {"mae": 2.5, "inside": 0.9, "n": 16} for name in names},
            "distances": dict.fromkeys(MATCH_DISTANCES, ways),
        },
    }


def build_project(folder: Path, params: Params) -> None:
    """Write params.yaml, and what the earlier stages leave behind for its experiments."""
    YAML(typ="safe", pure=True).dump(params.model_dump(), folder / "params.yaml")
    errors = folder / "metrics" / params.scale / "experiments"
    unseen = folder / "metrics" / params.scale / "unseen_loops"
    predictions = folder / "data" / "predictions"
    for place in (errors, unseen, predictions):
        place.mkdir(parents=True)
    for name in params.unseen_loops:
        found = made_up_unseen_errors(params, name)
        (unseen / f"{name}.json").write_text(json.dumps(found))
        table = predictions / f"{name}-unseen-loops.csv"
        made_up_predictions(found).to_csv(table, index=False)
    for name in params.evaluated:
        found = made_up_errors(params, name)
        (errors / f"{name}.json").write_text(json.dumps(found))
        made_up_predictions(found).to_csv(predictions / f"{name}.csv", index=False)
    match = folder / "metrics" / params.scale / "match.json"
    held_out = {name: dict.fromkeys(PARAMETERS, 3.5) for name in ("network", "forest")}
    materials = {name: made_up_match() for name in params.match.materials}
    match.write_text(json.dumps({"held_out": held_out, "materials": materials}))
    for name, experiment in params.trained.items():
        (folder / "models" / name).mkdir(parents=True)
        if experiment.model != "none":
            history = folder / "models" / name / "history.csv"
            made_up_history(params, name).to_csv(history, index=False)
