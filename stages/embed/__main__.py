"""Stage `embed`: embeddings and outputs of an experiment's networks, or of a transfer.

Usage: python -m stages.embed EXPERIMENT_OR_TRANSFER
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stages.common import files
from stages.common.disk import require_space
from stages.common.errors import InputError, run_stage
from stages.common.parallel import parallel_map
from stages.common.params import Params, load_params
from stages.compress.settings import read_settings
from stages.embed.disk import bytes_needed
from stages.train.backend import prepare_backend


@dataclass(frozen=True)
class Job:
    """One network applied to all rows of its grid in one corpus."""

    params: Params
    experiment: str
    corpus: str
    name: str
    network: str
    found: dict[str, Any]
    folder: Path


def main(arguments: list[str]) -> None:
    """Embed the corpus of the experiment or transfer named on the command line."""
    params = load_params()
    names = [*params.experiments, *params.transfers]
    if len(arguments) != 1 or arguments[0] not in names:
        raise InputError(f"usage: python -m stages.embed NAME, one of: {', '.join(names)}")
    name = arguments[0]
    if name in params.experiments:
        experiment, corpus = name, params.experiments[name].corpus
    else:
        experiment, corpus = params.transfers[name].experiment, params.transfers[name].corpus
    networks = json.loads((files.MODELS / experiment / "networks.json").read_text())
    if name in params.transfers:  # another material: no loop of it was seen by any network
        networks = {grid: networks[grid] for grid in params.corpora[corpus].grids}
    require_space(files.EMBEDDINGS / name, bytes_needed(params, name))
    with files.replaced(files.EMBEDDINGS / name) as folder:
        folder.mkdir()
        jobs = [
            Job(params, experiment, corpus, name, network, found, folder)
            for network, found in networks.items()
        ]
        parallel_map(_embed, jobs, description=f"embed {name}", unit="network")


def _embed(job: Job) -> None:
    prepare_backend(seed=0)
    from stages.train.data_set import DataSet
    from stages.train.inference import embed_rows, regress
    from stages.train.networks.siamese import build_siamese
    from stages.train.targets import TargetScale

    params, experiment = job.params, job.params.experiments[job.experiment]
    grid = job.found["grid"]
    settings = read_settings(job.corpus)
    rows = settings[settings["grid"] == grid]
    source = f"{job.corpus}-{experiment.representation}"
    dry = np.load(files.dry_file(source), mmap_mode="r")
    scale = TargetScale.of_grid(params.grids.named[grid], experiment.targets)
    network = build_siamese(params.model_of(job.experiment), dry.shape[1:], len(scale.names))
    network.load_weights(files.weights_file(job.experiment, job.network))
    network.branch.compile(jit_compile=False)
    versions = {job.network: files.spectrogram_file}
    if params.inputs[source].delayed_ms is not None:
        versions[files.delayed_network_name(job.network)] = files.delayed_file
    for name, place in versions.items():
        inputs = [place(source, grid, loop) for loop in range(rows["loop"].nunique())]
        embeddings = embed_rows(
            network,
            DataSet(rows, dry, inputs),
            np.arange(len(rows)),
            mean=job.found["mean"],
            deviation=job.found["deviation"],
        )
        outputs = scale.restore(regress(network, embeddings))
        np.save(job.folder / files.embedding_file(job.name, name).name, embeddings)
        np.save(job.folder / files.output_file(job.name, name).name, outputs)


if __name__ == "__main__":
    run_stage(main)
