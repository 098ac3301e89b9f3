"""Stage `evaluate`: errors of an experiment by each protocol, beside the baselines.

Usage: python -m stages.evaluate EXPERIMENT

Reads data/embeddings/EXPERIMENT; writes data/predictions/EXPERIMENT.csv and
metrics/<scale>/experiments/EXPERIMENT.json.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor

from siamese_drc.core.outputs import replaced
from siamese_drc.evaluation import protocols
from siamese_drc.evaluation.baselines import constant, read_closed_form, ridge
from siamese_drc.evaluation.errors import mean_errors, prediction_table, rounded
from siamese_drc.evaluation.forest import BinnedForestRegressor
from siamese_drc.evaluation.protocols import DataSet, Fit, Prediction
from siamese_drc.networks.splits import outer_folds
from siamese_drc.networks.targets import TargetScale
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params
from stages.project.settings_table import read_settings

Entries = dict[str, list[Prediction]]  # by the entry's name in the metrics
PLOTTED = ("paper", "unseen_loops", "transfer", "refit")


def main(params: Params, name: str) -> None:
    """Write the errors and predictions of one experiment."""
    corpus = params.experiments[name].corpus
    found = {}
    for grid in params.grids_of(name):
        data = data_set(params, corpus, grid)
        found[grid] = data, _entries(params, name, grid, data)
    write_results(params, name, corpus, found)


def _entries(params: Params, name: str, grid: str, data: DataSet) -> Entries:
    """Return the predictions of one grid's rows by each protocol, and the networks' own."""
    experiment, size = params.experiments[name], params.size
    trained = params.models[experiment.model].kind != "none"
    folds = outer_folds(data.groups, size.folds)[: size.folds_run] * experiment.unseen_loops
    networks = [files.network_name(grid, i if trained else None) for i in range(len(folds))]

    @cache
    def features(network: str) -> np.ndarray:
        return data.read_rows(files.embedding_file(name, network))

    fits = {"paper": splits_of_rows(params, features(grid), data)}
    if folds:
        fits["unseen_loops"] = protocols.unseen_loops(
            [features(network) for network in networks], data.targets, data.loop, folds
        )
    if params.inputs[experiment.input].delayed_ms is not None:
        for entry, tested in (("paper", [grid] * size.splits), ("unseen_loops", networks)):
            if entry in fits:
                fits[f"{entry}_delayed"] = [
                    replace(fit, test_features=features(files.delayed_network_name(network)))
                    for fit, network in zip(fits[entry], tested, strict=True)
                ]
    entries = predictions(params, name, grid, fits, label=name)
    if trained:
        entries["network"] = [network_output(name, grid, data)]
    if trained and folds:
        outputs = [network_output(name, network, data).values for network in networks]
        entries["network_unseen_loops"] = [
            Prediction(fit.test, output[fit.test])
            for fit, output in zip(fits["unseen_loops"], outputs, strict=True)
        ]
    return entries


def data_set(params: Params, corpus: str, grid: str) -> DataSet:
    """Return the rows of a corpus under one of its grids."""
    settings = read_settings(corpus)
    rows, varied = settings[settings["grid"] == grid], params.grids.named[grid].varied
    return DataSet.of_settings(params.data_set(corpus, grid), rows, varied)


def network_output(name: str, network: str, data: DataSet) -> Prediction:
    """Read the network's own output for all rows of an experiment or transfer."""
    path = files.output_file(name, network)
    return Prediction(np.arange(len(data)), data.read_rows(path, columns=len(data.parameters)))


def splits_of_rows(params: Params, features: np.ndarray, data: DataSet) -> list[Fit]:
    """Return random splits of the rows, as many as the scale in force has."""
    fraction, seed = params.evaluate.test_fraction, params.evaluate.seed
    return protocols.random_splits(
        features, data.targets, splits=params.size.splits, test_fraction=fraction, seed=seed
    )


def predictions(
    params: Params, experiment: str, grid: str, fits: Mapping[str, Sequence[Fit]], *, label: str
) -> Entries:
    """Return the predictions of the experiment's regressor for each entry's fits, in real units.

    The constant predictor is tested on the rows of the first entry.
    """
    options, chosen = params.evaluate, params.experiments[experiment]
    scale = TargetScale.of_grid(params.grids.named[grid], chosen.targets)

    def regressor(number: int, fit: Fit) -> Any:
        found: Any = (
            ridge(options.penalty * len(fit.train))
            if chosen.regressor == "ridge"
            else BinnedForestRegressor(
                params.size.trees,
                max_features=options.max_features,
                random_state=(options.seed, number),
            )
        )
        if chosen.targets == "linear":
            return found
        return TransformedTargetRegressor(
            found, func=scale.scale, inverse_func=scale.restore, check_inverse=False
        )

    entries = {
        entry: protocols.predict(of_entry, regressor, description=f"{entry} {label} {grid}")
        for entry, of_entry in fits.items()
    }
    first = next(iter(fits.values()))
    entries["constant"] = protocols.predict(
        first, lambda *_: constant(), description=f"constant {label} {grid}"
    )
    return entries


def write_results(
    params: Params, name: str, corpus: str, found: Mapping[str, tuple[DataSet, Entries]]
) -> None:
    """Write the predictions and errors of each grid, with those of the closed form."""
    settings = read_settings(corpus)
    closed_form = read_closed_form(files.closed_form_table(corpus), rows=len(settings))
    options, metrics, tables = params.evaluate, {}, []
    for grid, (data, entries) in found.items():
        solved = closed_form[settings["grid"] == grid]
        values = solved[data.parameters].to_numpy()
        judged = entries | {"closed_form": [Prediction(np.arange(len(data)), values)]}
        errors = mean_errors(data, judged, bootstrap=options.bootstrap, seed=options.seed)
        errors["closed_form"]["unsolved"] = int((~solved["solved"]).sum())
        metrics[data.name] = errors
        tables += [
            prediction_table(data, entry, entries[entry]) for entry in PLOTTED if entry in entries
        ]
    with replaced(files.predictions_table(name)) as path:
        pd.concat(tables).to_csv(path, index=False, float_format="%.6g")
    with replaced(files.metrics_file(params.scale, name)) as path:
        path.write_text(json.dumps(rounded(metrics), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    run_stage(main, "experiments")
