"""Networks and regressors of a training corpus, tested on the loops of another.

`python -m stages.unseen_loops EXPERIMENT`, an entry of `unseen_loops`, writes
data/embeddings/EXPERIMENT-unseen-loops, data/predictions/EXPERIMENT-unseen-loops.csv and
metrics/<scale>/unseen_loops/EXPERIMENT.json. `python -m stages.train EXPERIMENT-unseen-loops` has
trained its networks.
"""

from __future__ import annotations

from siamese_drc.core.outputs import replaced
from siamese_drc.evaluation import protocols
from siamese_drc.evaluation.protocols import DataSet
from stages.embed import embed
from stages.evaluate import Fits, data_set, evaluate
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params, unseen_loops_name


def main(params: Params, experiment: str) -> None:
    """Embed both corpora, then fit on the one and test on the other."""
    entry, name = params.unseen_loops[experiment], unseen_loops_name(experiment)
    grids, folder = params.grids_of(name), files.EMBEDDINGS / name
    with replaced(folder) as temporary:
        temporary.mkdir()
        for corpus in (entry.corpus, entry.tested):
            embed(params, name, corpus, grids, temporary / corpus)

    def fits(grid: str, data: DataSet, features: str) -> Fits:
        known = data_set(params, entry.corpus, grid)
        learnt = known.read_rows(folder / entry.corpus / f"{features}.npy")
        others = data.read_rows(folder / entry.tested / f"{features}.npy")
        return {"unseen_loops": protocols.transfer(learnt, known.targets, others)}

    evaluate(params, name, entry.tested, grids, folder / entry.tested, fits)


if __name__ == "__main__":
    run_stage(main, "unseen_loops")
