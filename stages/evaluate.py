"""Errors of an experiment by the protocol `paper`, beside the baselines.

`python -m stages.evaluate EXPERIMENT` writes data/predictions/EXPERIMENT.csv and
metrics/<scale>/experiments/EXPERIMENT.json.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from siamese_drc.core.outputs import replaced
from siamese_drc.evaluation import protocols
from siamese_drc.evaluation.errors import compared_errors, prediction_table, rounded
from siamese_drc.evaluation.forest import BinnedForestRegressor
from siamese_drc.evaluation.protocols import DataSet, Fit, Prediction
from siamese_drc.networks.targets import TargetScale
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params

Fits = dict[str, list[Fit]]  # by protocol


def main(params: Params, name: str) -> None:
    """Write the errors and predictions of one experiment."""
    corpus, folder = params.experiments[name].corpus, files.EMBEDDINGS / name

    def fits(grid: str, data: DataSet, features: str) -> Fits:
        return {"paper": random_splits(params, data, folder / f"{features}.npy")}

    evaluate(params, name, corpus, params.grids_of(name), folder, fits)


def evaluate(
    params: Params,
    experiment: str,
    corpus: str,
    grids: Sequence[str],
    folder: Path,
    fits: Callable[[str, DataSet, str], Fits],
    transfer: str | None = None,
) -> None:
    """Write the errors of an experiment, or of its transfer, on a corpus, and the predictions.

    `experiment` is a key of `params.trained`; `folder` has the features and outputs of the corpus's
    rows. `fits` returns the fits of each protocol, given a grid, its rows in the corpus and the
    name of features: those of a network, or of none.
    """
    unseen = experiment not in params.experiments
    source = f"{corpus}-{params.trained[experiment].representation}"
    results: dict[str, Any] = {}
    tables = []
    for grid in grids:
        data = data_set(params, corpus, grid)
        predicted = partial(predictions, params, experiment, grid)
        on_changed = partial(also_changed, params.inputs[source].changed, data, folder)
        rows, of_grid = np.arange(len(data)), fits(grid, data, grid)
        entries, baselines = predicted(of_grid), {}
        tables += [prediction_table(data, *entry) for entry in entries.items()]
        first, *_ = of_grid.values()
        entries["constant"] = protocols.predict(  # of least mean absolute error: the median
            first, lambda *_: DummyRegressor(strategy="median"), description="constant"
        )
        entries |= predicted(on_changed(grid, of_grid))
        if params.model_of(experiment).kind != "none":
            output = data.read_rows(folder / f"{grid}-output.npy", columns=len(data.parameters))
            entries["network_unseen_loops" if unseen else "network"] = [Prediction(rows, output)]
            for kind, name, forest in (
                ("untrained", files.untrained_name(grid), False),
                ("no_network", files.no_network_name(grid), True),
            ):
                of_name = fits(grid, data, name)
                baselines[kind] = predicted(of_name | on_changed(name, of_name), forest=forest)
        if not unseen:
            solved = files.read_closed_form(corpus, grid)
            entries["closed_form"] = [Prediction(rows, solved[data.parameters].to_numpy())]
        errors = compared_errors(
            data, entries, baselines, bootstrap=params.evaluate.bootstrap, seed=params.evaluate.seed
        )
        if not unseen:
            errors["closed_form"]["unsolved"] = int((~solved["solved"]).sum())
        results[data.name] = errors
    name = transfer or experiment
    with replaced(files.predictions_table(name)) as path:
        pd.concat(tables).to_csv(path, index=False, float_format="%.6g")
    with replaced(params.metrics[name]) as path:
        path.write_text(json.dumps(rounded(results), indent=1, sort_keys=True) + "\n")


def also_changed(
    changes: Sequence[str], data: DataSet, folder: Path, features: str, fits: Fits
) -> Fits:
    """Return the same fits, tested on the features of the clips after each change."""
    found: Fits = {}
    for change in changes:
        other = data.read_rows(folder / f"{files.changed_name(features, change)}.npy")
        for protocol, each in fits.items():
            found[f"{protocol}_{change}"] = [replace(fit, test_features=other) for fit in each]
    return found


def data_set(params: Params, corpus: str, grid: str) -> DataSet:
    """Return the rows of a corpus under one of its grids."""
    name, varied = params.data_set(corpus, grid), params.grids.named[grid].varied
    return DataSet.of_settings(name, files.read_grid(corpus, grid), varied)


def random_splits(params: Params, data: DataSet, features: Path) -> list[Fit]:
    """Return random splits of the rows, as many as the scale in force has."""
    return protocols.random_splits(
        data.read_rows(features),
        data.targets,
        splits=params.size.splits,
        **params.evaluate.model_dump(include={"test_fraction", "seed"}),
    )


def predictions(
    params: Params, experiment: str, grid: str, fits: Fits, *, forest: bool = False
) -> dict[str, list[Prediction]]:
    """Return by protocol what the experiment's regressor, or a forest, says, in real units."""
    options, chosen = params.evaluate, params.trained[experiment]
    scale = TargetScale.of_grid(params.grids.named[grid], chosen.targets)

    def regressor(number: int, fit: Fit) -> Any:
        found: Any = ridge(options.penalty * len(fit.train))
        if chosen.regressor == "forest" or forest:
            found = BinnedForestRegressor(
                params.size.trees,
                max_features=options.max_features,
                random_state=(options.seed, number),
            )
        if chosen.targets == "linear":
            return found
        return TransformedTargetRegressor(
            found, func=scale.scale, inverse_func=scale.restore, check_inverse=False
        )

    return {
        protocol: protocols.predict(each, regressor, description=f"{protocol} {experiment} {grid}")
        for protocol, each in fits.items()
    }


def ridge(penalty: float) -> Pipeline:
    """Return a ridge regression, in float64, on features that are standardised.

    `penalty` is the factor of the sum of the squared weights, beside the sum of the squared errors.
    A network's own output is a linear function of its embedding, so that information about a
    parameter may lie along any direction of it, which a tree needs many splits to follow.
    """
    return make_pipeline(
        FunctionTransformer(partial(np.asarray, dtype=np.float64)),
        StandardScaler(),
        Ridge(penalty, solver="cholesky"),
    )


if __name__ == "__main__":
    run_stage(main, "experiments")
