"""An experiment's networks and regressor applied to another corpus (Table XIII).

`python -m stages.transfer TRANSFER` writes data/embeddings/TRANSFER, data/predictions/TRANSFER.csv
and metrics/<scale>/experiments/TRANSFER.json.
"""

from __future__ import annotations

from siamese_drc.core.outputs import replaced
from siamese_drc.evaluation import protocols
from siamese_drc.evaluation.protocols import DataSet
from stages.embed import embed
from stages.evaluate import Fits, data_set, evaluate, random_splits
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params


def main(params: Params, name: str) -> None:
    """Embed the other corpus, then write the errors and predictions on it."""
    transfer, folder = params.transfers[name], files.EMBEDDINGS / name
    corpus, experiment = transfer.corpus, transfer.experiment
    grids = params.corpora[corpus].grids
    with replaced(folder) as temporary:
        embed(params, experiment, corpus, grids, temporary)

    def fits(grid: str, data: DataSet, features: str) -> Fits:
        source = data_set(params, transfer.source, grid)
        known = source.read_rows(files.EMBEDDINGS / experiment / f"{features}.npy")
        others = folder / f"{features}.npy"
        return {
            "refit": random_splits(params, data, others),
            "transfer": protocols.transfer(known, source.targets, data.read_rows(others)),
        }

    evaluate(params, experiment, corpus, grids, folder, fits, transfer=name)


if __name__ == "__main__":
    run_stage(main, "transfers")
