"""Trainings of the three models, per example, beside plain Keras: `fit` on arrays in memory.

Both use the whole machine: Keras its threads, ours a training on each core, as stage train does.
Usage: python -m benchmarks.training
"""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from benchmarks.machine import matrix_rate
from benchmarks.table import Row, markdown
from stages.common.parallel import jobs
from stages.common.params import Model, Params, ScaleName, load_params

CASES: list[tuple[ScaleName, str, str]] = [
    ("laptop", "cnn", "mel512"),
    ("laptop", "cnn", "stft128"),
    ("paper", "cnn", "mel512"),
    ("paper", "cnn", "stft128"),
    ("laptop", "sample-level", "waveform"),
    ("laptop", "multi-kernel", "mel512"),
    ("laptop", "multi-kernel-tuned", "stft128"),
]
LOOPS, OUTPUTS = 8, 4
EXAMPLES = {"laptop": 128, "paper": 64}
ROUNDS = 3
FORWARD_AND_BACKWARD = 3  # passes' worth of arithmetic: the backward one has two gradients


@dataclass(frozen=True)
class Case:
    """One training on random inputs: its sizes, and where its inputs lie."""

    params: Params
    model: Model
    shape: tuple[int, ...]
    folder: Path
    examples: int

    @property
    def files(self) -> list[Path]:
        """The compressed inputs, a file per loop."""
        return [self.folder / f"{loop}.npy" for loop in range(LOOPS)]

    @property
    def dry_file(self) -> Path:
        """The dry inputs."""
        return self.folder / "dry.npy"

    def write(self) -> None:
        """Write random inputs, float16, as stage spectrogram does."""
        generator = np.random.default_rng(0)
        for path in self.files:
            values = generator.normal(size=(self.examples // LOOPS, *self.shape))
            np.save(path, values.astype(np.float16))
        np.save(self.dry_file, generator.normal(size=(LOOPS, *self.shape)).astype(np.float16))

    def rows(self) -> pd.DataFrame:
        """Loop and place of every row."""
        each = self.examples // LOOPS
        loop, position = np.divmod(np.arange(self.examples), each)
        return pd.DataFrame({"loop": loop, "position": position})

    def targets(self) -> np.ndarray:
        """Random targets in [0, 1]."""
        return np.random.default_rng(1).uniform(size=(self.examples, OUTPUTS)).astype(np.float32)


def measure() -> list[Row]:
    """Time every case."""
    gflop_per_s = matrix_rate(threads=jobs())
    # Processes of their own: threads stay as a process first set them.
    context = get_context("spawn")
    with (
        ProcessPoolExecutor(jobs(), mp_context=context) as ours,
        ProcessPoolExecutor(1, mp_context=context) as plain,
    ):
        return [training(*case, gflop_per_s, ours, plain) for case in CASES]


def training(
    scale: ScaleName,
    name: str,
    representation: str,
    gflop_per_s: float,
    our_pool: ProcessPoolExecutor,
    plain_pool: ProcessPoolExecutor,
) -> Row:
    """Time one case, milliseconds an example; ours and Keras' runs take turns."""
    from benchmarks.plain_keras import branch_gflop, plain_branch
    from stages.spectrogram.representations import input_shape

    params = load_params()
    samples = round(params.scales[scale].clip_seconds * params.sample_rate)
    shape = input_shape(params.representations[representation], samples)
    model = params.models[name].narrowed(params.scales[scale].width)
    ours, plain = [], []
    with tempfile.TemporaryDirectory() as folder:
        case = Case(params, model, shape, Path(folder), EXAMPLES[scale])
        case.write()
        for _ in range(ROUNDS):
            seconds = max(our_pool.map(our_epoch, [case] * jobs()))
            ours.append(1000 * seconds / case.examples / jobs())
            plain.append(1000 * plain_pool.submit(plain_epoch, case).result() / case.examples)
    options = params.train
    images = 1 + options.loops_per_batch / options.batch_size
    branch = plain_branch(model, shape, dropout=0.0)
    floor = 1000 * FORWARD_AND_BACKWARD * images * branch_gflop(branch) / gflop_per_s
    return Row(
        f"{scale}, {name}, {representation}, {' x '.join(map(str, shape))}",
        median(ours),
        {"plain Keras": median(plain)},
        "ms an example",
        floor=floor,
        floor_is="arithmetic without zeros skipped",
        goals={"train_vs_keras": median(plain) / median(ours)},
    )


def our_epoch(case: Case) -> float:
    """Return the seconds of an epoch as stage train runs it, in one process, after a first one."""
    from stages.train.backend import prepare_backend

    prepare_backend(seed=0)
    import keras

    from stages.train.data_set import DataSet
    from stages.train.fit import compile_network, train_epoch
    from stages.train.networks.siamese import build_siamese

    keras.utils.clear_session()
    data = DataSet(case.rows(), np.load(case.dry_file), case.files)
    network = build_siamese(case.model, case.shape, OUTPUTS, dropout=_dropout(case.params))
    compile_network(network, case.params.train)
    seconds = 0.0
    for epoch in range(2):
        started = time.perf_counter()
        train_epoch(
            network,
            data,
            case.targets(),
            np.arange(case.examples),
            mean=0.0,
            deviation=1.0,
            options=case.params.train,
            seed=0,
            epoch=epoch,
        )
        seconds = time.perf_counter() - started
    return seconds


def plain_epoch(case: Case) -> float:
    """Return the seconds of Keras' `fit` over the same examples, after a first epoch."""
    import keras

    from benchmarks.plain_keras import plain_siamese

    keras.utils.clear_session()
    network = plain_siamese(case.model, case.shape, OUTPUTS, dropout=_dropout(case.params))
    options = case.params.train
    network.compile(keras.optimizers.Adadelta(options.learning_rate), "mse", jit_compile=False)
    rows = case.rows()
    dry = np.load(case.dry_file)[rows["loop"]].astype(np.float32)
    compressed = np.concatenate([np.load(path) for path in case.files]).astype(np.float32)
    inputs = [each[..., None] for each in (dry, compressed)]
    seconds = 0.0
    for _ in range(2):
        started = time.perf_counter()
        network.fit(inputs, case.targets(), batch_size=options.batch_size, verbose=0)
        seconds = time.perf_counter() - started
    return seconds


def _dropout(params: Params) -> float:
    return params.scales["paper"].dropout["dm2"]  # Table I's


if __name__ == "__main__":
    print(markdown(measure()))
