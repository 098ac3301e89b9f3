"""Stage `train`: the networks of one experiment, one per grid and, where asked, per fold.

Usage: python -m stages.train EXPERIMENT
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.errors import InputError, run_stage
from stages.common.parallel import parallel_map
from stages.common.params import Params, load_params
from stages.compress.settings import read_settings
from stages.train.backend import prepare_backend
from stages.train.disk import require_training_space
from stages.train.folds import outer_folds


@dataclass(frozen=True)
class Job:
    """One network to train: all rows of a grid, or all but the loops of an outer fold."""

    params: Params
    experiment: str
    grid: str
    fold: int | None

    @property
    def network(self) -> str:
        """The network's name among the experiment's files."""
        return files.network_name(self.grid, self.fold)

    @property
    def seed(self) -> int:
        """A seed of the network's own, from the seed in params.yaml and its name."""
        of_experiment = self.params.experiments[self.experiment].seed
        seed = self.params.train.seed if of_experiment is None else of_experiment
        entropy = [seed, *self.network.encode()]
        return int(np.random.SeedSequence(entropy).generate_state(1)[0] >> 1)


def main(arguments: list[str]) -> None:
    """Train all networks of the experiment named on the command line."""
    params = load_params()
    if len(arguments) != 1 or arguments[0] not in params.experiments:
        names = ", ".join(params.experiments)
        raise InputError(f"usage: python -m stages.train EXPERIMENT, one of: {names}")
    name = arguments[0]
    require_training_space(params, name)
    folds = range(params.size.folds_run) if params.experiments[name].unseen_loops else ()
    jobs = [
        Job(params, name, grid, fold) for grid in params.grids_of(name) for fold in (None, *folds)
    ]
    jobs_by_work = sorted(jobs, key=_work, reverse=True)  # no core waits for a long one at the end
    finished = parallel_map(_train, jobs_by_work, description=f"train {name}", unit="network")
    state_of = {job.network: state for job, state in zip(jobs_by_work, finished, strict=True)}
    with files.replaced(files.MODELS / name) as folder:
        folder.mkdir()
        curves, networks = [], {}
        for job in jobs:
            state = state_of[job.network]
            network = json.loads((state / "network.json").read_text())
            shutil.copyfile(state / "best.weights.h5", folder / f"{job.network}.weights.h5")
            curve = pd.DataFrame(network.pop("curve"))
            curve.insert(0, "epoch", range(1, len(curve) + 1))
            curve.insert(0, "network", job.network)
            curve.insert(0, "grid", job.grid)
            curves.append(curve)
            networks[job.network] = network
        pd.concat(curves).to_csv(folder / "history.csv", index=False, float_format="%.6g")
        (folder / "networks.json").write_text(json.dumps(networks, indent=1) + "\n")
    for state in finished:
        shutil.rmtree(state)


def _work(job: Job) -> float:
    """Return how many rows a training sees at the most."""
    params, corpus = job.params, job.params.experiments[job.experiment].corpus
    rows = int((read_settings(corpus)["grid"] == job.grid).sum())
    seen = 1.0 if job.fold is None else 1.0 - 1.0 / params.size.folds
    return rows * seen * params.max_epochs_of(job.experiment, job.grid)


def _train(job: Job) -> Path:
    """Train one network, or find it trained; return the folder of its state."""
    prepare_backend(job.seed)
    from stages.train.checkpoint import state_folder
    from stages.train.data_set import DataSet
    from stages.train.fit import Schedule, train_network
    from stages.train.networks.siamese import build_siamese
    from stages.train.splits import all_rows_split, training_loops_split
    from stages.train.targets import TargetScale

    params, experiment = job.params, job.params.experiments[job.experiment]
    settings = read_settings(experiment.corpus)
    rows = settings[settings["grid"] == job.grid]
    groups = rows.groupby("loop")["group"].first().tolist()
    inputs = [
        files.spectrogram_file(experiment.input, job.grid, loop) for loop in range(len(groups))
    ]
    size, options = params.size, params.training_of(job.experiment)
    model = params.model_of(job.experiment)
    # What a network follows from: its own options, not the other experiments'.
    code = sorted(Path(__file__).parent.rglob("*.py"))
    max_epochs = params.max_epochs_of(job.experiment, job.grid)
    # A cosine is planned to its end, where it is at its best: stopping early would cut that off.
    patience = max_epochs if options.schedule == "cosine" else size.patience
    schedule = Schedule(max_epochs, patience)
    grid = params.grids.named[job.grid]
    description = repr(
        (
            job.network,
            job.seed,
            experiment,
            model,
            options,
            grid,
            schedule,
            size.folds,
            size.dropout[job.grid],
        )
    )
    state = state_folder(
        description,
        [*code, files.settings_table(experiment.corpus), files.dry_file(experiment.input), *inputs],
    )
    if (state / "network.json").exists():
        return state
    state.mkdir(parents=True, exist_ok=True)

    data = DataSet(rows, np.load(files.dry_file(experiment.input), mmap_mode="r"), inputs)
    scale = TargetScale.of_grid(grid, experiment.targets)
    test_loops: list[int] = []
    if job.fold is None:
        split = all_rows_split(
            len(rows), validation_fraction=options.validation_fraction, seed=job.seed
        )
    else:
        test_loops = outer_folds(groups, size.folds)[job.fold]
        split = training_loops_split(
            data.loop,
            test_loops,
            validation_fraction=options.validation_fraction,
            seed=job.seed,
        )
    mean, deviation = data.normalisation(np.unique(data.loop[split.training]))
    network, curve = train_network(
        lambda: build_siamese(model, data.shape, len(scale.names), dropout=size.dropout[job.grid]),
        data,
        scale.scale(data.targets(scale.names)),
        split,
        mean=mean,
        deviation=deviation,
        options=options,
        schedule=schedule,
        seed=job.seed,
        checkpoint=state / "checkpoint.npz",
        label=f"{job.experiment} {job.network}",
    )
    with files.replaced(state / "best.weights.h5") as temporary:
        named = temporary.with_name("saving.weights.h5")  # Keras insists on the ending
        network.save_weights(named)
        named.replace(temporary)
    found = {
        "grid": job.grid,
        "mean": mean,
        "deviation": deviation,
        "test_loops": test_loops,
        "epochs": curve.epochs,
        "best_epoch": curve.best_epoch,
        "curve": {"loss": curve.losses, "val_loss": curve.validation_losses},
    }
    with files.replaced(state / "network.json") as temporary:
        temporary.write_text(json.dumps(found))
    return state


if __name__ == "__main__":
    run_stage(main)
