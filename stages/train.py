"""Train the networks of an experiment: `python -m stages.train EXPERIMENT`.

Writes models/EXPERIMENT: for each grid the weights of its network and of the untrained twin, the
learning curves (history.csv), and networks.json, which describes both.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from siamese_drc.core.outputs import replaced
from siamese_drc.core.parallel import parallel_map
from siamese_drc.networks.backend import prepare_backend
from siamese_drc.networks.batches import (
    DataSet,
    Split,
    mean_and_deviation,
    memory_mapped,
    random_split,
)
from siamese_drc.networks.checkpoint import alone, fingerprint
from siamese_drc.networks.targets import TargetScale
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params

PROJECT = Path(__file__).parents[1]
CODE = [
    *sorted((PROJECT / "siamese_drc" / "networks").glob("*.py")),
    PROJECT / "requirements.txt",
    Path(__file__),
]
BEST, UNTRAINED, FACTS = "best.weights.h5", "untrained.weights.h5", "network.json"


@dataclass(frozen=True)
class Job:
    """One network to train, on the rows of one grid."""

    params: Params
    experiment: str
    grid: str

    @property
    def seed(self) -> int:
        """Seed of the network, from the seed in params.yaml and its name."""
        entropy = [self.params.training_of(self.experiment).seed, *self.grid.encode()]
        return int(np.random.SeedSequence(entropy).generate_state(1)[0] >> 1)

    @property
    def scale(self) -> TargetScale:
        """How the parameters of the grid become targets."""
        targets = self.params.trained[self.experiment].targets
        return TargetScale.of_grid(self.params.grids.named[self.grid], targets)

    @property
    def rows(self) -> pd.DataFrame:
        """Rows of the grid in the settings table."""
        return files.read_grid(self.params.trained[self.experiment].corpus, self.grid)

    @property
    def split(self) -> Split:
        """Rows for training and for validation: of a drawn corpus, from different loops."""
        rows, fraction = self.rows, self.params.training_of(self.experiment).validation_fraction
        drawn = self.params.corpora[self.params.trained[self.experiment].corpus].drawn
        unit = rows["loop"].to_numpy() if drawn else np.arange(len(rows))
        return random_split(unit, validation_fraction=fraction, seed=self.seed)


def main(params: Params, experiment: str) -> None:
    """Train a network per grid of one experiment, side by side, the longest trainings first."""
    grids, jobs = params.grids_of(experiment), []
    if params.model_of(experiment).kind != "none":
        jobs = [Job(params, experiment, grid) for grid in grids]
        jobs.sort(key=lambda job: len(job.rows), reverse=True)
    trained = parallel_map(train, jobs, description=f"train {experiment}", unit="network")
    of_grid = {job.grid: found for job, (_, found) in zip(jobs, trained, strict=True)}
    with replaced(files.MODELS / experiment) as folder:
        folder.mkdir()
        networks: dict[str, dict[str, Any]] = {}
        histories = []
        for grid in grids:
            networks[grid] = {"grid": grid}
            if grid in of_grid:
                found, twin = of_grid[grid], files.untrained_name(grid)
                (folder / f"{grid}.weights.h5").write_bytes(found[BEST])
                (folder / f"{twin}.weights.h5").write_bytes(found[UNTRAINED])
                networks[grid] = json.loads(found[FACTS])
                history = pd.DataFrame(networks[grid].pop("history"))
                history.insert(0, "grid", grid)
                history.insert(1, "epoch", range(1, len(history) + 1))
                histories.append(history)
                networks[twin] = networks[grid] | {"epochs": 0, "best_epoch": 0}
        (folder / "networks.json").write_text(json.dumps(networks, indent=1) + "\n")
        if histories:
            table = pd.concat(histories)
            table.to_csv(folder / "history.csv", index=False, float_format="%.6g")
    for state, _ in trained:
        with alone(state, label=experiment):
            shutil.rmtree(state)


def train(job: Job) -> tuple[Path, dict[str, bytes]]:
    """Train one network, unless its state says that it is trained.

    Return the folder of the training's state, and the content of its files `BEST`, `UNTRAINED` and
    `FACTS`: another process that trains the same network may remove the folder.
    """
    params, experiment = job.params, job.params.trained[job.experiment]
    model, epochs = params.model_of(job.experiment), params.max_epochs_of(job.experiment)
    train, precision = params.training_of(job.experiment), params.size.precision
    rows, dry = job.rows, files.dry_file(experiment.input)
    inputs = files.input_files(experiment.input, job.grid, rows)
    backend = os.environ.get("KERAS_BACKEND")
    recipe = (job.grid, job.seed, model.model_dump(), epochs, train, job.scale, precision, backend)
    state = files.training_states() / fingerprint(
        repr(recipe), [*CODE, files.settings_table(experiment.corpus), dry, *inputs]
    )
    with alone(state, label=f"{job.experiment} {job.grid}"):
        if not (state / FACTS).exists():
            split, dry_inputs = job.split, memory_mapped(dry)
            loop, position = rows["loop"].to_numpy(), rows["position"].to_numpy()
            mean, deviation = mean_and_deviation(dry_inputs[np.unique(loop[split.training])])
            data = DataSet(dry_inputs, inputs, loop, position, mean=mean, deviation=deviation)
            _train(job, data, split, state)
        return state, {name: (state / name).read_bytes() for name in (BEST, UNTRAINED, FACTS)}


def _train(job: Job, data: DataSet, split: Split, state: Path) -> None:
    """Train one network and write its weights, those of the untrained twin, and its facts."""
    prepare_backend(job.seed)
    import keras

    from siamese_drc.networks.siamese import build_siamese
    from siamese_drc.networks.training import TrainingOptions, train_network, untrained_weights

    params, scale, name = job.params, job.scale, job.experiment
    train = params.training_of(name).model_dump(exclude={"seed", "validation_fraction"})
    model = params.model_of(name).model_dump()
    build = partial(build_siamese, input_shape=data.shape, outputs=len(scale.names), **model)
    keras.utils.clear_session()  # the layers' names, which the files hold, count from 0
    network = build()
    network.set_weights(untrained_weights(build, data, split.training, seed=job.seed))
    network.save_weights(state / UNTRAINED)
    weights, curve = train_network(
        partial(build, precision=params.size.precision),
        data,
        scale.scale(job.rows[scale.names].to_numpy()),
        split,
        options=TrainingOptions(max_epochs=params.max_epochs_of(name), **train),
        seed=job.seed,
        target_per_db=scale.per_db,
        checkpoint=state / "checkpoint.npz",
        label=f"{name} {job.grid}",
    )
    network.set_weights(weights)
    network.save_weights(state / BEST)
    facts = {
        "grid": job.grid,
        "mean": data.mean,
        "deviation": data.deviation,
        "epochs": curve.epochs,
        "best_epoch": curve.best_epoch,
        "history": {"loss": curve.losses, "val_loss": curve.validation_losses},
    }
    with replaced(state / FACTS) as temporary:
        temporary.write_text(json.dumps(facts))


if __name__ == "__main__":
    run_stage(main, "trained")
