"""Stage `unseen-loops`: networks and regressors of a training corpus, tested on another's loops.

Usage: python -m stages.unseen_loops EXPERIMENT

EXPERIMENT is an entry of `unseen_loops` in params.yaml, whose networks `python -m stages.train
EXPERIMENT-unseen-loops` has trained. Writes data/embeddings/EXPERIMENT-unseen-loops,
data/predictions/EXPERIMENT-unseen-loops.csv and metrics/<scale>/unseen_loops/EXPERIMENT.json.
"""

from __future__ import annotations

from functools import partial

from siamese_drc.core.outputs import replaced
from siamese_drc.evaluation import protocols
from siamese_drc.evaluation.errors import prediction_table
from siamese_drc.evaluation.protocols import DataSet, Fit
from stages.embed import embed
from stages.evaluate import (
    BASELINES,
    NO_NETWORK,
    constant_predictions,
    data_set,
    errors_of,
    network_output,
    predictions,
    write_results,
)
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params, unseen_loops_name

PROTOCOL = "unseen_loops"


def main(params: Params, experiment: str) -> None:
    """Embed both corpora, then fit on the one and test on the other."""
    entry, name = params.unseen_loops[experiment], unseen_loops_name(experiment)
    grids, folder = params.grids_of(name), files.EMBEDDINGS / name
    with replaced(folder) as temporary:
        temporary.mkdir()
        for corpus in (entry.corpus, entry.tested):
            embed(params, name, corpus, grids, temporary / corpus)
    trained = params.model_of(name).kind != "none"
    delayed = params.inputs[f"{entry.tested}-{entry.representation}"].delayed_ms is not None
    results, tables = {}, []
    for grid in grids:
        known, data = (data_set(params, corpus, grid) for corpus in (entry.corpus, entry.tested))

        def fits(
            learnt: str, tested: str, known: DataSet = known, data: DataSet = data
        ) -> list[Fit]:
            """Return the fit on one network's features of the training corpus, and its test."""
            features = known.read_rows(folder / entry.corpus / f"{learnt}.npy")
            others = data.read_rows(folder / entry.tested / f"{tested}.npy")
            return protocols.transfer(features, known.targets, others)

        predicted = partial(predictions, params, name, grid)
        of_grid = {PROTOCOL: fits(grid, grid)}
        if delayed:
            of_grid[f"{PROTOCOL}_delayed"] = fits(grid, files.delayed_network_name(grid))
        entries = predicted(of_grid, label=experiment)
        baselines = {
            baseline: predicted(
                {PROTOCOL: fits(of_network(grid), of_network(grid))},
                label=f"{baseline} {experiment}",
                forest=baseline == NO_NETWORK,
            )
            for baseline, of_network in BASELINES.items()
            if trained
        }
        entries["constant"] = constant_predictions(of_grid[PROTOCOL])
        if trained:
            entries["network_unseen_loops"] = [network_output(folder / entry.tested, grid, data)]
        results[data.name] = errors_of(params, data, entries, baselines)
        tables.append(prediction_table(data, PROTOCOL, entries[PROTOCOL]))
    write_results(
        results,
        tables,
        files.unseen_loops_file(params.scale, experiment),
        files.predictions_table(name),
    )


if __name__ == "__main__":
    run_stage(main, "unseen_loops")
