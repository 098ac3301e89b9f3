"""Stage `evaluate`: regressors on embeddings or on handcrafted features, beside the baselines.

Usage: python -m stages.evaluate NAME, an experiment, a transfer, or one with handcrafted features
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.errors import InputError, run_stage
from stages.common.params import Params, load_params
from stages.compress.settings import read_settings
from stages.evaluate.baselines import constant, read_closed_form
from stages.evaluate.data_set import DataSet, Fit, Prediction
from stages.evaluate.forests import predict
from stages.evaluate.mean_errors import row_errors, split_errors
from stages.evaluate.predictions import prediction_table
from stages.evaluate.protocols import random_splits, transfer, unseen_loops
from stages.evaluate.ridge import predict_by_ridge
from stages.evaluate.studies import Study, find_study
from stages.train.folds import outer_folds
from stages.train.targets import TargetScale

Entries = dict[str, list[Prediction]]

FOREST_ENTRIES = ("paper", "unseen_loops", "transfer", "refit")
# Tested on random splits of the rows; every other entry predicts each of its rows once.
SPLIT_ENTRIES = ("paper", "paper_delayed", "refit", "constant")


def main(arguments: list[str]) -> None:
    """Write the errors and predictions of the entry of params.yaml named on the command line."""
    params = load_params()
    if len(arguments) != 1 or arguments[0] not in params.evaluated:
        raise InputError(
            f"usage: python -m stages.evaluate NAME, one of: {', '.join(params.evaluated)}"
        )
    (name,) = arguments
    study = find_study(params, name)
    settings = read_settings(study.corpus)
    closed_form = read_closed_form(files.closed_form_table(study.corpus), rows=len(settings))
    options = params.evaluate
    metrics: dict[str, Any] = {}
    tables = []
    for grid in study.grids:
        data = _data_set(params, study.corpus, grid)
        entries = _entries(params, study, grid, data)
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


def _entries(params: Params, study: Study, grid: str, data: DataSet) -> Entries:
    """Judge a study's features of one grid, and its networks, by the protocols it asks for."""
    options, size = params.evaluate, params.size
    features = study.features(grid, data)
    splits = random_splits(
        features,
        data.targets,
        splits=size.splits,
        test_fraction=options.test_fraction,
        seed=options.seed,
    )
    fits = {"refit" if study.source else "paper": splits}
    if study.source:
        source = _data_set(params, study.source.corpus, grid)
        fits["transfer"] = transfer(study.source.features(grid, source), source.targets, features)
    if study.unseen_loops:
        folds = outer_folds(data.groups, size.folds)[: size.folds_run]
        blind = [study.features(grid, data, fold) for fold in range(len(folds))]
        fits["unseen_loops"] = unseen_loops(blind, data.targets, data.loop, folds)
    if study.delayed:
        late = study.features(grid, data, delayed=True)
        fits["paper_delayed"] = [replace(fit, test_features=late) for fit in splits]
        if study.unseen_loops:
            fits["unseen_loops_delayed"] = [
                replace(fit, test_features=study.features(grid, data, fold, delayed=True))
                for fold, fit in enumerate(fits["unseen_loops"])
            ]
    scale = TargetScale.of_grid(params.grids.named[grid], study.targets)
    entries = {
        entry: _regress(params, study, of_entry, scale, description=f"{entry} {study.name} {grid}")
        for entry, of_entry in fits.items()
    }
    entries["constant"] = constant(splits)
    if not study.handcrafted:
        entries["network"] = [_all_rows(study.output(grid, data))]
        if study.unseen_loops:
            entries["network_unseen_loops"] = [
                Prediction(fit.test, study.output(grid, data, fold)[fit.test])
                for fold, fit in enumerate(fits["unseen_loops"])
            ]
    return entries


def _regress(
    params: Params, study: Study, fits: Sequence[Fit], scale: TargetScale, *, description: str
) -> list[Prediction]:
    """Let the study's regressor predict the test rows of each fit, in real units."""
    options = params.evaluate
    if study.targets != "linear":
        fits = [replace(fit, targets=scale.scale(fit.targets)) for fit in fits]
    if study.regressor == "ridge":
        predictions = predict_by_ridge(fits, penalty=options.penalty, description=description)
    else:
        predictions = predict(
            fits,
            trees=params.size.trees,
            max_features=options.max_features,
            seed=options.seed,
            description=description,
        )
    if study.targets != "linear":
        predictions = [Prediction(part.rows, scale.restore(part.values)) for part in predictions]
    return predictions


def _data_set(params: Params, corpus: str, grid: str) -> DataSet:
    settings = read_settings(corpus)
    return DataSet.of_settings(
        params.data_set(corpus, grid),
        settings[settings["grid"] == grid],
        params.grids.named[grid].varied,
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
