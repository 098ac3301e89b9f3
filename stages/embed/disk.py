"""What the stage writes."""

from stages.common.params import Params

_HEADERS = 2 * 128  # of the two .npy files of a network


def bytes_needed(params: Params, name: str) -> int:
    """Return the bytes of an experiment's or transfer's embeddings and outputs, float32."""
    if name in params.transfers:
        transfer = params.transfers[name]
        experiment, corpus = params.experiments[transfer.experiment], transfer.corpus
        source = transfer.input
        networks = {grid: 1 for grid in params.corpora[corpus].grids}
    else:
        experiment = params.experiments[name]
        corpus, source = experiment.corpus, experiment.input
        networks = {grid: params.networks_of(name) for grid in params.grids_of(name)}
    embedding = params.models[experiment.model].embedding
    versions = 1 if params.inputs[source].delayed_ms is None else 2
    total = 0
    for grid, count in networks.items():
        rows = params.loops_of(corpus, grid) * params.settings_of(grid)
        values = embedding + len(params.grids.named[grid].varied)
        total += versions * count * (_HEADERS + 4 * rows * values)
    return total
