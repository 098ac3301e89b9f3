"""Features of every row of an experiment, and its networks' own outputs.

`python -m stages.embed EXPERIMENT` writes data/embeddings/EXPERIMENT, for each grid: the embeddings
of the trained network and of its untrained twin, and the features without a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import call
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from siamese_drc.core.errors import reading
from siamese_drc.core.outputs import replaced
from siamese_drc.core.parallel import parallel_map
from siamese_drc.inputs.statistics import difference_statistics
from siamese_drc.networks.backend import prepare_backend
from siamese_drc.networks.batches import DataSet, memory_mapped
from siamese_drc.networks.targets import TargetScale
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params
from stages.project.sections import Input


@dataclass(frozen=True)
class Job:
    """All rows of one grid of a corpus, to be embedded by one network, or without one."""

    params: Params
    experiment: str
    source: Input  # the corpus in the experiment's representation
    folder: Path
    name: str
    network: dict[str, Any]

    @property
    def rows(self) -> pd.DataFrame:
        """Rows of the grid in the settings table."""
        return files.read_grid(self.source.corpus, self.network["grid"])

    @property
    def inputs(self) -> dict[str, list[Path]]:
        """The files, one per loop, by the name of what is made of them; of changed clips too."""
        grid, rows = self.network["grid"], self.rows
        versions = {self.name: grid}
        for change in self.source.changed:
            versions[files.changed_name(self.name, change)] = files.changed_name(grid, change)
        source = self.source.input
        return {name: files.input_files(source, of, rows) for name, of in versions.items()}


def main(params: Params, experiment: str) -> None:
    """Embed the experiment's own corpus."""
    corpus = params.experiments[experiment].corpus
    with replaced(files.EMBEDDINGS / experiment) as folder:
        embed(params, experiment, corpus, params.grids_of(experiment), folder)


def embed(params: Params, experiment: str, corpus: str, grids: Sequence[str], folder: Path) -> None:
    """Write into a new folder the features of a corpus by all networks of an experiment.

    For model `none`: the input itself, as vectors. Otherwise features without a network, too: a
    gain profile is such a vector, and other inputs are summarised.
    """
    folder.mkdir()
    none = params.model_of(experiment).kind == "none"
    source = params.inputs[f"{corpus}-{params.trained[experiment].representation}"]
    vectors = params.representations[source.representation].gain is not None
    work: list[partial[None]] = []
    for name, network in files.read_networks(experiment).items():
        if network["grid"] in grids:
            job = Job(params, experiment, source, folder, name, network)
            work.append(partial(copy_inputs if none else embed_by_network, job))
            if name == network["grid"] and not none:
                job = replace(job, name=files.no_network_name(name))
                work.append(partial(copy_inputs if vectors else summarise_inputs, job))
    parallel_map(call, work, description=f"embed {experiment}", unit="network")


def copy_inputs(job: Job) -> None:
    """Write the input of every row as its features, a vector."""
    for name, inputs in job.inputs.items():
        loops = [memory_mapped(path) for path in inputs]
        rows = np.concatenate([loop.reshape(len(loop), -1) for loop in loops])
        np.save(job.folder / f"{name}.npy", rows.astype(np.float32))


def summarise_inputs(job: Job) -> None:
    """Write simple statistics of every row's input: a baseline without a network."""
    dry = memory_mapped(files.dry_file(job.source.input))
    for name, inputs in job.inputs.items():
        clips = [memory_mapped(path) for path in inputs]
        rows = [difference_statistics(*pair) for pair in zip(dry, clips, strict=False)]
        np.save(job.folder / f"{name}.npy", np.concatenate(rows))


def embed_by_network(job: Job) -> None:
    """Write the embeddings and the output of one network."""
    params, rows = job.params, job.rows
    dry = memory_mapped(files.dry_file(job.source.input))
    targets = params.trained[job.experiment].targets
    scale = TargetScale.of_grid(params.grids.named[job.network["grid"]], targets)
    network = read_network(
        params, job.experiment, job.name, input_shape=dry.shape[1:], outputs=len(scale.names)
    )
    from siamese_drc.networks.siamese import embed_rows, regress

    loop, position = rows["loop"].to_numpy(), rows["position"].to_numpy()
    standardised = {key: job.network[key] for key in ("mean", "deviation")}
    for name, inputs in job.inputs.items():
        data = DataSet(dry, inputs, loop, position, **standardised)
        embeddings = embed_rows(network, data, np.arange(len(rows)))
        outputs = scale.restore(regress(network, embeddings))
        np.save(job.folder / f"{name}.npy", embeddings)
        np.save(job.folder / f"{name}-output.npy", outputs)


def read_network(
    params: Params, experiment: str, name: str, *, input_shape: Sequence[int], outputs: int
) -> Any:
    """Return a network of an experiment, a Keras model, with its weights."""
    prepare_backend(seed=0)
    from siamese_drc.networks.siamese import build_siamese

    model = params.model_of(experiment).model_dump()
    network = build_siamese(input_shape=input_shape, outputs=outputs, **model)
    weights = files.weights_file(experiment, name)
    with reading(weights):
        network.load_weights(weights)
    return network


if __name__ == "__main__":
    run_stage(main, "experiments")
