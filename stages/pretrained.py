"""A network of `unseen_loops` with a small forest: `python -m stages.pretrained NAME`.

Writes siamese_drc/pretrained/NAME.npz, which the package ships.
"""

from __future__ import annotations

import numpy as np

from siamese_drc.evaluation.errors import rounded
from siamese_drc.evaluation.forest import BinnedForestRegressor
from siamese_drc.evaluation.pretrained import Pretrained, save_pretrained
from siamese_drc.inputs.spectrogram import input_shape
from stages.embed import read_network
from stages.evaluate import data_set
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params, unseen_loops_name


def main(params: Params, name: str) -> None:
    """Fit the small forest and write it with the network, its errors and those of its twin."""
    chosen = params.pretrained[name]
    entry, of_network = params.unseen_loops[chosen.experiment], unseen_loops_name(chosen.experiment)
    folder, grid = files.EMBEDDINGS / of_network, chosen.grid
    known, tested = (data_set(params, corpus, grid) for corpus in (entry.corpus, entry.tested))
    errors, forests = {}, {}
    for network in (grid, files.untrained_name(grid)):
        forest = BinnedForestRegressor(
            chosen.trees,
            max_features=params.evaluate.max_features,
            max_leaf_nodes=chosen.max_leaf_nodes,
            random_state=(params.evaluate.seed, 0),
        )
        forest.fit(known.read_rows(folder / entry.corpus / f"{network}.npy"), known.targets)
        predicted = forest.predict(tested.read_rows(folder / entry.tested / f"{network}.npy"))
        means = np.abs(predicted.reshape(tested.targets.shape) - tested.targets).mean(axis=0)
        errors[network] = dict(zip(known.parameters, means.tolist(), strict=True))
        forests[network] = forest.forest_
    facts = files.read_networks(of_network)[grid]
    options = params.representations[entry.representation].options()
    shape = list(input_shape(params.clip_samples, **options))
    described = {
        "model": params.model_of(of_network).model_dump(),
        "input": options,
        "input_shape": shape,
        "sample_rate": params.sample_rate,
        "clip_samples": params.clip_samples,
        "mean": facts["mean"],
        "deviation": facts["deviation"],
        "parameters": known.parameters,
        "experiment": f"{chosen.experiment}, unseen_loops, {params.scale} scale, {grid}",
        "errors": errors[grid],
        "untrained": errors[files.untrained_name(grid)],
    }
    network = read_network(
        params, of_network, grid, input_shape=shape, outputs=len(known.parameters)
    )
    pretrained = Pretrained(rounded(described), network.get_weights(), forests[grid])
    save_pretrained(pretrained, files.PRETRAINED / f"{name}.npz")


if __name__ == "__main__":
    run_stage(main, "pretrained")
