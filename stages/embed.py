"""Embed the corpus of an experiment by its networks: `python -m stages.embed <experiment>`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from siamese_drc.core.outputs import replaced
from siamese_drc.core.parallel import parallel_map
from siamese_drc.networks.backend import prepare_backend
from siamese_drc.networks.batches import DataSet, memory_mapped
from siamese_drc.networks.targets import TargetScale
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params
from stages.project.settings_table import read_settings


@dataclass(frozen=True)
class Job:
    """One network, applied to all rows of its grid in one corpus."""

    params: Params
    experiment: str
    corpus: str
    name: str
    network: str
    found: dict[str, Any]
    folder: Path

    @property
    def source(self) -> str:
        """Name of the network input: the corpus in the experiment's representation."""
        return f"{self.corpus}-{self.params.experiments[self.experiment].representation}"

    @property
    def rows(self) -> pd.DataFrame:
        """Rows of the grid in the settings table."""
        settings = read_settings(self.corpus)
        return settings[settings["grid"] == self.found["grid"]]

    @property
    def inputs(self) -> dict[str, list[Path]]:
        """The files, one per loop, by the name of what is made of them; delayed ones too."""
        grid, loops = self.found["grid"], range(self.rows["loop"].nunique())
        inputs = {self.network: [files.input_file(self.source, grid, loop) for loop in loops]}
        if self.params.inputs[self.source].delayed_ms is not None:
            name = files.delayed_network_name(self.network)
            inputs[name] = [files.delayed_file(self.source, grid, loop) for loop in loops]
        return inputs


def embed(params: Params, name: str) -> None:
    """Write data/embeddings/<name>, of an experiment or a transfer.

    For each network: the embeddings of all rows of its grid and its own output in real units, and
    both of the delayed clips where the input has them. For model `none`: the input itself.
    """
    entry = params.transfers.get(name) or params.experiments[name]
    experiment = params.transfers[name].experiment if name in params.transfers else name
    networks = json.loads((files.MODELS / experiment / "networks.json").read_text())
    if name in params.transfers:  # no network has seen loops of this corpus: no need of the folds
        networks = {grid: networks[grid] for grid in params.corpora[entry.corpus].grids}
    with replaced(files.EMBEDDINGS / name) as folder:
        folder.mkdir()
        jobs = [
            Job(params, experiment, entry.corpus, name, network, found, folder)
            for network, found in networks.items()
        ]
        none = params.model_of(experiment).kind == "none"
        work = copy_inputs if none else embed_by_network
        parallel_map(work, jobs, description=f"embed {name}", unit="network")


def copy_inputs(job: Job) -> None:
    """Write the input of every row as its features, a vector."""
    for name, inputs in job.inputs.items():
        loops = [memory_mapped(path) for path in inputs]
        rows = np.concatenate([loop.reshape(len(loop), -1) for loop in loops])
        np.save(job.folder / f"{name}.npy", rows.astype(np.float32))


def embed_by_network(job: Job) -> None:
    """Write the embeddings and the output of one network."""
    prepare_backend(seed=0)
    from siamese_drc.networks.siamese import build_siamese, embed_rows, regress

    params, rows = job.params, job.rows
    dry = memory_mapped(files.dry_file(job.source))
    targets = params.experiments[job.experiment].targets
    scale = TargetScale.of_grid(params.grids.named[job.found["grid"]], targets)
    network = build_siamese(
        input_shape=dry.shape[1:],
        outputs=len(scale.names),
        **params.model_of(job.experiment).model_dump(),
    )
    network.load_weights(files.weights_file(job.experiment, job.network))
    for name, inputs in job.inputs.items():
        data = DataSet(
            dry,
            inputs,
            rows["loop"].to_numpy(),
            rows["position"].to_numpy(),
            mean=job.found["mean"],
            deviation=job.found["deviation"],
        )
        embeddings = embed_rows(network, data, np.arange(len(rows)))
        outputs = scale.restore(regress(network, embeddings))
        np.save(job.folder / files.embedding_file(job.name, name).name, embeddings)
        np.save(job.folder / files.output_file(job.name, name).name, outputs)


if __name__ == "__main__":
    run_stage(embed, "experiments")
