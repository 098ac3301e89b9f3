"""Stage `evaluate`: forests on the embeddings of an experiment or transfer, beside the baselines.

Usage: python -m stages.evaluate EXPERIMENT_OR_TRANSFER
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.errors import InputError, run_stage
from stages.common.params import Params, load_params
from stages.compress.settings import read_settings
from stages.evaluate.baselines import constant, read_closed_form
from stages.evaluate.data_set import DataSet, Prediction, read_array
from stages.evaluate.forests import predict
from stages.evaluate.mean_errors import row_errors, split_errors
from stages.evaluate.predictions import prediction_table
from stages.evaluate.protocols import Fit, random_splits, transfer, unseen_loops
from stages.train.folds import outer_folds

Entries = dict[str, list[Prediction]]

FOREST_ENTRIES = ("paper", "unseen_loops", "transfer", "refit")
# Tested on random splits of the rows; every other entry predicts each of its rows once.
SPLIT_ENTRIES = ("paper", "refit", "constant")


def main(arguments: list[str]) -> None:
    """Write the errors and predictions of the experiment or transfer named on the command line."""
    params = load_params()
    names = [*params.experiments, *params.transfers]
    if len(arguments) != 1 or arguments[0] not in names:
        raise InputError(f"usage: python -m stages.evaluate NAME, one of: {', '.join(names)}")
    (name,) = arguments
    transferred = name in params.transfers
    corpus = (params.transfers if transferred else params.experiments)[name].corpus
    grids = params.corpora[corpus].grids if transferred else params.grids_of(name)
    settings = read_settings(corpus)
    closed_form = read_closed_form(files.closed_form_table(corpus), rows=len(settings))
    options = params.evaluate
    metrics: dict[str, Any] = {}
    tables = []
    for grid in grids:
        data = _data_set(params, corpus, grid)
        entries = (_transfer_entries if transferred else _experiment_entries)(
            params, name, grid, data
        )
        solved = closed_form[settings["grid"] == grid]
        entries["closed_form"] = [_all_rows(solved[data.parameters].to_numpy())]
        metrics[data.name] = {
            entry: split_errors(data, predictions)
            if entry in SPLIT_ENTRIES
            else row_errors(data, predictions, bootstrap=options.bootstrap, seed=options.seed)
            for entry, predictions in entries.items()
        }
        metrics[data.name]["closed_form"]["unsolved"] = int((~solved["solved"]).sum())
        tables += [
            prediction_table(data, entry, entries[entry])
            for entry in FOREST_ENTRIES
            if entry in entries
        ]
    with files.replaced(files.predictions_table(name)) as path:
        pd.concat(tables).to_csv(path, index=False, float_format="%.6g")
    with files.replaced(files.metrics_file(params.scale, name)) as path:
        path.write_text(json.dumps(_rounded(metrics), indent=1, sort_keys=True) + "\n")


def _experiment_entries(params: Params, name: str, grid: str, data: DataSet) -> Entries:
    """Judge an experiment's networks of one grid by `paper`, and by `unseen_loops` where asked."""
    embeddings, output = _read_network(name, files.network_name(grid), data)
    fits = _random_splits(params, embeddings, data)
    entries = {
        "paper": _predict(params, fits, f"paper {name} {grid}"),
        "network": [_all_rows(output)],
        "constant": constant(fits),
    }
    if params.experiments[name].unseen_loops:
        folds = outer_folds(data.groups, params.size.folds)[: params.size.folds_run]
        networks = [
            _read_network(name, files.network_name(grid, fold), data) for fold in range(len(folds))
        ]
        fits = unseen_loops([network[0] for network in networks], data.targets, data.loop, folds)
        entries["unseen_loops"] = _predict(params, fits, f"unseen_loops {name} {grid}")
        entries["network_unseen_loops"] = [
            Prediction(fit.test, output[fit.test])
            for fit, (_, output) in zip(fits, networks, strict=True)
        ]
    return entries


def _transfer_entries(params: Params, name: str, grid: str, data: DataSet) -> Entries:
    """Judge an experiment's network of one grid on another material, by `transfer` and `refit`."""
    network = files.network_name(grid)
    experiment = params.transfers[name].experiment
    source = _data_set(params, params.experiments[experiment].corpus, grid)
    source_embeddings, _ = _read_network(experiment, network, source)
    embeddings, output = _read_network(name, network, data)
    transferred = transfer(source_embeddings, source.targets, embeddings)
    fits = _random_splits(params, embeddings, data)
    return {
        "transfer": _predict(params, transferred, f"transfer {name} {grid}"),
        "refit": _predict(params, fits, f"refit {name} {grid}"),
        "network": [_all_rows(output)],
        "constant": constant(fits),
    }


def _data_set(params: Params, corpus: str, grid: str) -> DataSet:
    settings = read_settings(corpus)
    return DataSet.of_settings(
        params.data_set(corpus, grid),
        settings[settings["grid"] == grid],
        params.grids.named[grid].varied,
    )


def _read_network(name: str, network: str, data: DataSet) -> tuple[np.ndarray, np.ndarray]:
    """Return a network's embeddings of all rows of a data set, and its own output."""
    embeddings = read_array(files.embedding_file(name, network), rows=len(data))
    columns = len(data.parameters)
    return embeddings, read_array(files.output_file(name, network), rows=len(data), columns=columns)


def _random_splits(params: Params, embeddings: np.ndarray, data: DataSet) -> list[Fit]:
    return random_splits(
        embeddings,
        data.targets,
        splits=params.size.splits,
        test_fraction=params.evaluate.test_fraction,
        seed=params.evaluate.seed,
    )


def _predict(params: Params, fits: list[Fit], description: str) -> list[Prediction]:
    return predict(
        fits,
        trees=params.size.trees,
        max_features=params.evaluate.max_features,
        seed=params.evaluate.seed,
        description=description,
    )


def _all_rows(values: np.ndarray) -> Prediction:
    return Prediction(np.arange(len(values)), values)


def _rounded(metrics: Any) -> Any:
    """Round every float to six significant digits, and to 0 where it is but rounding noise."""
    if isinstance(metrics, dict):
        return {key: _rounded(value) for key, value in metrics.items()}
    return float(f"{round(metrics, 9):.6g}") if isinstance(metrics, float) else metrics


if __name__ == "__main__":
    run_stage(main)
