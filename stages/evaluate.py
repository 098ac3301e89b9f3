"""Stage `evaluate`: errors of an experiment by the protocol `paper`, beside the baselines.

Usage: python -m stages.evaluate EXPERIMENT

Reads data/embeddings/EXPERIMENT; writes data/predictions/EXPERIMENT.csv and
metrics/<scale>/experiments/EXPERIMENT.json.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor

from siamese_drc.core.outputs import replaced
from siamese_drc.evaluation import protocols
from siamese_drc.evaluation.baselines import constant, read_closed_form, ridge
from siamese_drc.evaluation.errors import learnt, mean_errors, prediction_table, rounded
from siamese_drc.evaluation.forest import BinnedForestRegressor
from siamese_drc.evaluation.protocols import DataSet, Fit, Prediction
from siamese_drc.networks.targets import TargetScale
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params
from stages.project.settings_table import read_settings

Entries = dict[str, list[Prediction]]  # by the entry's name in the metrics
NO_NETWORK = "no_network"
BASELINES = {"untrained": files.untrained_name, NO_NETWORK: files.no_network_name}


def main(params: Params, name: str) -> None:
    """Write the errors and predictions of one experiment."""
    corpus, folder = params.experiments[name].corpus, files.EMBEDDINGS / name
    trained = params.model_of(name).kind != "none"
    delayed = params.inputs[params.experiments[name].input].delayed_ms is not None
    results, tables = {}, []
    for grid in params.grids_of(name):
        data = data_set(params, corpus, grid)

        def features(network: str, data: DataSet = data) -> np.ndarray:
            return data.read_rows(folder / f"{network}.npy")

        fits = {"paper": splits_of_rows(params, features(grid), data)}
        if delayed:
            late = features(files.delayed_network_name(grid))
            fits["paper_delayed"] = [replace(fit, test_features=late) for fit in fits["paper"]]
        baselines = {
            baseline: {"paper": splits_of_rows(params, features(of_grid(grid)), data)}
            for baseline, of_grid in BASELINES.items()
            if trained
        }
        entries = predictions(params, name, grid, fits, label=name)
        twins = {
            baseline: predictions(
                params,
                name,
                grid,
                of_baseline,
                label=f"{baseline} {name}",
                forest=baseline == NO_NETWORK,
            )
            for baseline, of_baseline in baselines.items()
        }
        entries["constant"] = constant_predictions(fits["paper"])
        if trained:
            entries["network"] = [network_output(folder, grid, data)]
        entries["closed_form"] = [closed_form(corpus, grid, data)]
        results[data.name] = errors_of(params, data, entries, twins)
        results[data.name]["closed_form"]["unsolved"] = unsolved(corpus, grid)
        tables.append(prediction_table(data, "paper", entries["paper"]))
    write_results(
        results, tables, files.metrics_file(params.scale, name), files.predictions_table(name)
    )


def data_set(params: Params, corpus: str, grid: str) -> DataSet:
    """Return the rows of a corpus under one of its grids."""
    settings = read_settings(corpus)
    rows, varied = settings[settings["grid"] == grid], params.grids.named[grid].varied
    return DataSet.of_settings(params.data_set(corpus, grid), rows, varied)


def network_output(folder: Path, network: str, data: DataSet) -> Prediction:
    """Read a network's own output for all rows."""
    path = folder / f"{network}-output.npy"
    return Prediction(np.arange(len(data)), data.read_rows(path, columns=len(data.parameters)))


def closed_form(corpus: str, grid: str, data: DataSet) -> Prediction:
    """Return the closed-form estimates of all rows."""
    return Prediction(np.arange(len(data)), _solved(corpus, grid)[data.parameters].to_numpy())


def unsolved(corpus: str, grid: str) -> int:
    """Return for how many rows the closed form has no answer."""
    return int((~_solved(corpus, grid)["solved"]).sum())


def _solved(corpus: str, grid: str) -> pd.DataFrame:
    settings = read_settings(corpus)
    table = read_closed_form(files.closed_form_table(corpus), rows=len(settings))
    return table[settings["grid"] == grid]


def splits_of_rows(params: Params, features: np.ndarray, data: DataSet) -> list[Fit]:
    """Return random splits of the rows, as many as the scale in force has."""
    fraction, seed = params.evaluate.test_fraction, params.evaluate.seed
    return protocols.random_splits(
        features, data.targets, splits=params.size.splits, test_fraction=fraction, seed=seed
    )


def constant_predictions(fits: Sequence[Fit]) -> list[Prediction]:
    """Return what the constant predictor says to some fits."""
    return protocols.predict(fits, lambda *_: constant(), description="constant")


def predictions(
    params: Params,
    experiment: str,
    grid: str,
    fits: Mapping[str, Sequence[Fit]],
    *,
    label: str,
    forest: bool = False,
) -> Entries:
    """Return the predictions for each entry's fits, in real units.

    The regressor is the experiment's, or a forest in any case: the one without a network.
    """
    options, chosen = params.evaluate, params.trained[experiment]
    scale = TargetScale.of_grid(params.grids.named[grid], chosen.targets)

    def regressor(number: int, fit: Fit) -> Any:
        found: Any = (
            ridge(options.penalty * len(fit.train))
            if chosen.regressor == "ridge" and not forest
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

    return {
        entry: protocols.predict(of_entry, regressor, description=f"{entry} {label} {grid}")
        for entry, of_entry in fits.items()
    }


def errors_of(
    params: Params, data: DataSet, entries: Entries, baselines: Mapping[str, Entries]
) -> dict[str, Any]:
    """Return the errors of one data set as the metrics hold them.

    Parameters
    ----------
    params : Params
    data : DataSet
    entries : mapping of str to list of Prediction
        Of the trained network's features, and of the predictors that need none.
    baselines : mapping of str to Entries
        `untrained` and `no_network`, each with the protocols on which it was tested.
    """
    options = {"bootstrap": params.evaluate.bootstrap, "seed": params.evaluate.seed}
    errors: dict[str, Any] = mean_errors(data, entries, **options)
    for name, of_baseline in baselines.items():
        errors[name] = mean_errors(data, of_baseline, **options)
    if "untrained" in baselines:
        errors["learnt"] = {
            protocol: learnt(data, entries[protocol], twin, entries["constant"], **options)
            for protocol, twin in baselines["untrained"].items()
        }
    return errors


def write_results(
    results: Mapping[str, Any], tables: Sequence[pd.DataFrame], metrics: Path, predicted: Path
) -> None:
    """Write the errors and the predictions of all data sets of one experiment."""
    with replaced(predicted) as path:
        pd.concat(tables).to_csv(path, index=False, float_format="%.6g")
    with replaced(metrics) as path:
        path.write_text(json.dumps(rounded(results), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    run_stage(main, "experiments")
