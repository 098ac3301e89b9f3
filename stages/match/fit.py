"""Stage `match`: the model behind the tool, fitted on all training loops.

Usage: python -m stages.match.fit
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stages.common import files
from stages.common.errors import InputError, run_stage
from stages.common.params import PARAMETERS, load_params
from stages.match.calibration import calibrated_factors
from stages.match.forest import fit_forest
from stages.match.model import MatchModel, write_model
from stages.match.pair_network import restored, scaled
from stages.match.pair_training import Examples, train_pairs
from stages.train.backend import prepare_backend

_PAIRS = 4  # drawn for every clip, on which the forest is fitted and the intervals are calibrated


def main(arguments: list[str]) -> None:
    """Write models/match.npz."""
    params = load_params()
    if arguments:
        raise InputError("usage: python -m stages.match.fit")
    options = params.match
    with np.load(files.MATCH_EXAMPLES) as arrays:
        training, held_out = (Examples.of_part(dict(arrays), part) for part in (0, 1))
    prepare_backend(options.seed)
    network = train_pairs(training, options, options.sizes[params.scale].epochs)
    embeddings, targets = _pairs(network, training, options.seed)
    forest, unlimited = (
        fit_forest(
            embeddings, targets, trees=options.trees, max_leaf_nodes=leaves, seed=options.seed
        )
        for leaves in (options.max_leaf_nodes, None)
    )
    embeddings, targets = _pairs(network, held_out, options.seed)
    factors = calibrated_factors(
        network.output(embeddings), forest.of_trees(embeddings), targets, options.coverage
    )
    model = MatchModel(
        network=network,
        forest=forest,
        factors=factors,
        coverage=options.coverage,
        strangest=0.0,
        held_out={
            "network": _errors(network.output(embeddings), targets),
            "forest": _errors(forest.of_trees(embeddings).mean(axis=0), targets),
            "forest_without_limit": _errors(unlimited.of_trees(embeddings).mean(axis=0), targets),
        },
        made_under={"sample_rate": params.sample_rate, "match": options.model_dump()},
    )
    strangest = float(model.strangeness(training.compressed).max())
    model = replace(model, strangest=strangest)
    with files.replaced(files.MATCH_MODEL) as path:
        write_model(model, path)


def _pairs(network, examples: Examples, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the embeddings of pairs, and their targets."""
    random = np.random.default_rng([seed, len(examples.source)])
    embeddings = [
        network.embedding(examples.dry[examples.partners(random)], examples.compressed)
        for _ in range(_PAIRS)
    ]
    return np.concatenate(embeddings), np.tile(scaled(examples.settings), (_PAIRS, 1))


def _errors(values: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """Return the mean absolute error of each parameter, in its unit."""
    errors = np.abs(restored(values) - restored(targets)).mean(axis=0)
    return dict(zip(PARAMETERS, errors.tolist(), strict=True))


if __name__ == "__main__":
    run_stage(main)
