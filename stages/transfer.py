"""Stage `transfer`: an experiment's networks and regressor applied to another corpus (Table XIII).

Usage: python -m stages.transfer TRANSFER

Writes data/embeddings/TRANSFER, data/predictions/TRANSFER.csv and
metrics/<scale>/experiments/TRANSFER.json.
"""

from __future__ import annotations

from functools import partial

import pandas as pd

from siamese_drc.core.outputs import replaced
from siamese_drc.evaluation import protocols
from siamese_drc.evaluation.errors import prediction_table
from siamese_drc.evaluation.protocols import DataSet, Fit
from stages.embed import embed
from stages.evaluate import (
    BASELINES,
    NO_NETWORK,
    closed_form,
    constant_predictions,
    data_set,
    errors_of,
    network_output,
    predictions,
    splits_of_rows,
    unsolved,
    write_results,
)
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params


def main(params: Params, name: str) -> None:
    """Embed the other corpus, then write the errors and predictions on it."""
    transfer, folder = params.transfers[name], files.EMBEDDINGS / name
    experiment, grids = transfer.experiment, params.corpora[transfer.corpus].grids
    with replaced(folder) as temporary:
        embed(params, experiment, transfer.corpus, grids, temporary)
    trained = params.model_of(experiment).kind != "none"
    results, tables = {}, []
    for grid in grids:
        data = data_set(params, transfer.corpus, grid)
        source = data_set(params, transfer.source, grid)

        def fits(network: str, data: DataSet = data, source: DataSet = source) -> dict:
            """Return the fits of both protocols on one network's features."""
            features = data.read_rows(folder / f"{network}.npy")
            known = source.read_rows(files.EMBEDDINGS / experiment / f"{network}.npy")
            return {
                "refit": splits_of_rows(params, features, data),
                "transfer": protocols.transfer(known, source.targets, features),
            }

        predicted = partial(predictions, params, experiment, grid)
        of_grid: dict[str, list[Fit]] = fits(grid)
        entries = predicted(of_grid, label=name)
        baselines = {
            baseline: predicted(
                fits(of_network(grid)),
                label=f"{baseline} {name}",
                forest=baseline == NO_NETWORK,
            )
            for baseline, of_network in BASELINES.items()
            if trained
        }
        tables += [prediction_table(data, protocol, entries[protocol]) for protocol in of_grid]
        entries["constant"] = constant_predictions(of_grid["refit"])
        if trained:
            entries["network"] = [network_output(folder, grid, data)]
        entries["closed_form"] = [closed_form(transfer.corpus, grid, data)]
        results[data.name] = errors_of(params, data, entries, baselines)
        results[data.name]["closed_form"]["unsolved"] = unsolved(transfer.corpus, grid)
    write_results(
        results,
        [pd.concat(tables)],
        files.metrics_file(params.scale, name),
        files.predictions_table(name),
    )


if __name__ == "__main__":
    run_stage(main, "transfers")
