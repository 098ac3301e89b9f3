"""What sharing dry inputs within a batch does to the error: `python -m benchmarks.shared_dry`.

Trains Model 1 on drum-dm2 (stft128) at the scale in params.yaml, all rows but those for validation,
from six seeds: batches of rows from as few loops as params.yaml has it, and of as many loops as
rows, as plain Keras draws them. Needs `dvc repro spectrogram@drum-stft128`. Prints the lowest
validation loss of each and their means.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stages.common import files
from stages.common.parallel import parallel_map
from stages.common.params import Params, load_params
from stages.compress.settings import read_settings
from stages.train.backend import prepare_backend

EXPERIMENT, GRID = "drum-cnn-stft128", "dm2"
SEEDS = (1, 2, 3, 4, 5, 6)


@dataclass(frozen=True)
class Run:
    """One training."""

    params: Params
    loops_per_batch: int
    seed: int


def main() -> None:
    """Print the table."""
    params = load_params()
    ways = (params.train.loops_per_batch, params.train.batch_size)
    runs = [Run(params, loops, seed) for loops in ways for seed in SEEDS]
    losses = parallel_map(validation_loss, runs, description="train", unit="network")
    print("| loops a batch | " + " | ".join(f"seed {seed}" for seed in SEEDS) + " | mean |")
    print("|---|" + "---:|" * (len(SEEDS) + 1))
    for place, loops in enumerate(ways):
        found = losses[place * len(SEEDS) : (place + 1) * len(SEEDS)]
        cells = [f"{loss:.4f}" for loss in [*found, np.mean(found)]]
        print(f"| {loops} | {' | '.join(cells)} |")


def validation_loss(run: Run) -> float:
    """Train one network; return the lowest validation loss."""
    prepare_backend(run.seed)
    from stages.train.data_set import DataSet
    from stages.train.fit import Schedule, train_network
    from stages.train.networks.siamese import build_siamese
    from stages.train.splits import all_rows_split
    from stages.train.targets import TargetScale

    params, experiment = run.params, run.params.experiments[EXPERIMENT]
    settings = read_settings(experiment.corpus)
    rows = settings[settings["grid"] == GRID]
    inputs = [
        files.spectrogram_file(experiment.input, GRID, loop)
        for loop in range(rows["loop"].nunique())
    ]
    data = DataSet(rows, np.load(files.dry_file(experiment.input)), inputs)
    scale = TargetScale.of_grid(params.grids.named[GRID])
    split = all_rows_split(
        len(rows), validation_fraction=params.train.validation_fraction, seed=run.seed
    )
    mean, deviation = data.normalisation(np.unique(data.loop))
    dropout = params.size.dropout[GRID]
    with tempfile.TemporaryDirectory() as folder:
        _, curve = train_network(
            lambda: build_siamese(
                params.models[experiment.model], data.shape, len(scale.names), dropout=dropout
            ),
            data,
            scale.scale(data.targets(scale.names)),
            split,
            mean=mean,
            deviation=deviation,
            options=params.train.model_copy(update={"loops_per_batch": run.loops_per_batch}),
            schedule=Schedule(params.size.max_epochs[GRID], params.size.patience),
            seed=run.seed,
            checkpoint=Path(folder) / "checkpoint.npz",
            label=f"{run.loops_per_batch} loops a batch, seed {run.seed}",
        )
    return min(curve.validation_losses)


if __name__ == "__main__":
    main()
