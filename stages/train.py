"""Train the networks of an experiment: `python -m stages.train <experiment>`."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from siamese_drc.core.outputs import replaced
from siamese_drc.core.parallel import parallel_map
from siamese_drc.networks.backend import prepare_backend
from siamese_drc.networks.batches import DataSet, mean_and_deviation, memory_mapped
from siamese_drc.networks.checkpoint import fingerprint
from siamese_drc.networks.splits import Split, all_rows_split, outer_folds, training_loops_split
from siamese_drc.networks.targets import TargetScale
from stages.project import files
from stages.project.command import run_stage
from stages.project.params import Params
from stages.project.settings_table import read_settings

LIBRARY = Path(__file__).parents[1] / "siamese_drc" / "networks"


@dataclass(frozen=True)
class Job:
    """One network to train: on all loops of a grid, or on all except those of an outer fold."""

    params: Params
    experiment: str
    grid: str
    fold: int | None

    @property
    def network(self) -> str:
        """Name of the network among the experiment's files."""
        return files.network_name(self.grid, self.fold)

    @property
    def seed(self) -> int:
        """Seed of the network, from the seed in params.yaml and its name."""
        of_experiment = self.params.experiments[self.experiment].seed
        seed = self.params.train.seed if of_experiment is None else of_experiment
        entropy = [seed, *self.network.encode()]
        return int(np.random.SeedSequence(entropy).generate_state(1)[0] >> 1)

    @property
    def rows(self) -> pd.DataFrame:
        """Rows of the grid in the settings table."""
        settings = read_settings(self.params.experiments[self.experiment].corpus)
        return settings[settings["grid"] == self.grid]

    @property
    def work(self) -> float:
        """Number of rows in all epochs, at most."""
        share = 1.0 if self.fold is None else 1.0 - 1.0 / self.params.size.folds
        return share * len(self.rows) * self.params.max_epochs_of(self.experiment, self.grid)


def main(params: Params, experiment: str) -> None:
    """Write models/<experiment>: networks.json, history.csv and the weights of each network."""
    folds = range(params.size.folds_run) if params.experiments[experiment].unseen_loops else ()
    grids = params.grids_of(experiment)
    if params.model_of(experiment).kind == "none":
        with replaced(files.MODELS / experiment) as folder:
            folder.mkdir()
            write_networks(folder, {grid: {"grid": grid, "test_loops": []} for grid in grids})
        return
    jobs = [Job(params, experiment, grid, fold) for grid in grids for fold in (None, *folds)]
    longest_first = sorted(jobs, key=lambda job: job.work, reverse=True)
    states = parallel_map(train, longest_first, description=f"train {experiment}", unit="network")
    state_of = {job.network: state for job, state in zip(longest_first, states, strict=True)}
    with replaced(files.MODELS / experiment) as folder:
        folder.mkdir()
        networks, histories = {}, []
        for job in jobs:
            state = state_of[job.network]
            shutil.copyfile(state / "best.weights.h5", folder / f"{job.network}.weights.h5")
            networks[job.network] = json.loads((state / "network.json").read_text())
            history = pd.DataFrame(networks[job.network].pop("history"))
            history.insert(0, "grid", job.grid)
            history.insert(1, "network", job.network)
            history.insert(2, "epoch", range(1, len(history) + 1))
            histories.append(history)
        pd.concat(histories).to_csv(folder / "history.csv", index=False, float_format="%.6g")
        write_networks(folder, networks)
    for state in states:
        shutil.rmtree(state)


def write_networks(folder: Path, networks: dict[str, dict]) -> None:
    """Write networks.json, an entry per network."""
    (folder / "networks.json").write_text(json.dumps(networks, indent=1) + "\n")


def train(job: Job) -> Path:
    """Train one network, unless its state says that it is trained; return the state's folder."""
    prepare_backend(job.seed)
    from siamese_drc.networks.siamese import build_siamese
    from siamese_drc.networks.training import TrainingOptions, train_network

    params, rows = job.params, job.rows
    experiment, train = params.experiments[job.experiment], params.training_of(job.experiment)
    model = params.model_of(job.experiment).model_dump()
    scale = TargetScale.of_grid(params.grids.named[job.grid], experiment.targets)
    options = TrainingOptions(
        max_epochs=params.max_epochs_of(job.experiment, job.grid),
        patience=params.size.patience,
        **train.model_dump(exclude={"seed", "validation_fraction", "precision"}),
    )
    dropout = {"dropout": params.size.dropout[job.grid]} if model["kind"] == "cnn" else {}
    split, test_loops = rows_of(job)
    dry = files.dry_file(experiment.input)
    inputs = [
        files.input_file(experiment.input, job.grid, loop) for loop in range(rows["loop"].nunique())
    ]
    state = files.training_states() / fingerprint(
        repr((job.network, job.seed, model, dropout, options, train, scale, test_loops)),
        [*sorted(LIBRARY.glob("*.py")), files.settings_table(experiment.corpus), dry, *inputs],
    )
    if (state / "network.json").exists():
        return state
    state.mkdir(parents=True, exist_ok=True)

    loop, position = (rows[name].to_numpy() for name in ("loop", "position"))
    mean, deviation = mean_and_deviation(memory_mapped(dry)[np.unique(loop[split.training])])
    data = DataSet(memory_mapped(dry), inputs, loop, position, mean=mean, deviation=deviation)
    build = partial(build_siamese, input_shape=data.shape, outputs=len(scale.names), **model)
    weights, curve = train_network(
        partial(build, precision=train.precision, **dropout),
        data,
        scale.scale(rows[scale.names].to_numpy()),
        split,
        options=options,
        seed=job.seed,
        checkpoint=state / "checkpoint.npz",
        label=f"{job.experiment} {job.network}",
    )
    network = build()
    network.set_weights(weights)
    network.save_weights(state / "best.weights.h5")
    facts = {
        "grid": job.grid,
        "mean": mean,
        "deviation": deviation,
        "test_loops": test_loops,
        "epochs": curve.epochs,
        "best_epoch": curve.best_epoch,
        "history": {"loss": curve.losses, "val_loss": curve.validation_losses},
    }
    with replaced(state / "network.json") as temporary:
        temporary.write_text(json.dumps(facts))
    return state


def rows_of(job: Job) -> tuple[Split, list[int]]:
    """Return the rows for training and validation, and the loops that neither has."""
    options, size, rows = job.params.training_of(job.experiment), job.params.size, job.rows
    fraction = options.validation_fraction
    if job.fold is None:
        return all_rows_split(len(rows), validation_fraction=fraction, seed=job.seed), []
    test_loops = outer_folds(rows.groupby("loop")["group"].first().tolist(), size.folds)[job.fold]
    loop = rows["loop"].to_numpy()
    split = training_loops_split(loop, test_loops, validation_fraction=fraction, seed=job.seed)
    return split, test_loops


if __name__ == "__main__":
    run_stage(main, "experiments")
