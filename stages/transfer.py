"""Stage `transfer`: an experiment's networks and regressor applied to another corpus (Table XIII).

Usage: python -m stages.transfer TRANSFER

Writes data/embeddings/TRANSFER, data/predictions/TRANSFER.csv and
metrics/<scale>/experiments/TRANSFER.json.
"""

from __future__ import annotations

from siamese_drc.evaluation import protocols
from stages.embed import embed
from stages.evaluate import data_set, network_output, predictions, splits_of_rows, write_results
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params


def main(params: Params, name: str) -> None:
    """Embed the other corpus, then write the errors and predictions on it."""
    embed(params, name)
    transfer = params.transfers[name]
    trained = params.models[params.experiments[transfer.experiment].model].kind != "none"
    found = {}
    for grid in params.corpora[transfer.corpus].grids:
        data = data_set(params, transfer.corpus, grid)
        source = data_set(params, transfer.source, grid)
        features = data.read_rows(files.embedding_file(name, grid))
        known = source.read_rows(files.embedding_file(transfer.experiment, grid))
        fits = {
            "refit": splits_of_rows(params, features, data),
            "transfer": protocols.transfer(known, source.targets, features),
        }
        entries = predictions(params, transfer.experiment, grid, fits, label=name)
        if trained:
            entries["network"] = [network_output(name, grid, data)]
        found[grid] = data, entries
    write_results(params, name, transfer.corpus, found)


if __name__ == "__main__":
    run_stage(main, "transfers")
