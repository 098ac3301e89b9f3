"""Trainings of the three models, per example, beside plain Keras: `fit` on arrays in memory.

Both use the whole machine: Keras its threads, ours a training on each core, as stage train does.
Plain Keras computes in float32.
"""

from __future__ import annotations

import sys
import tempfile
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, Literal

import numpy as np

from benchmarks.machine import matrix_rate
from benchmarks.table import Row
from siamese_drc.core.errors import InputError
from siamese_drc.core.parallel import jobs
from siamese_drc.inputs.spectrogram import input_shape
from stages.project.grids import ScaleName
from stages.project.networks import Train, narrowed
from stages.project.params import Params, load_params

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


Precision = Literal["float32", "mixed_bfloat16"]


@dataclass(frozen=True)
class Case:
    """One training on random inputs.

    Parameters
    ----------
    model : dict
        Arguments of `build_siamese`.
    shape : tuple of int
        Of one input.
    train : Train
    folder : Path
        Where the inputs lie.
    examples : int
    precision : {"float32", "mixed_bfloat16"}
    """

    model: dict[str, Any]
    shape: tuple[int, ...]
    train: Train
    folder: Path
    examples: int
    precision: Precision = "float32"

    @property
    def files(self) -> list[Path]:
        """The compressed inputs, a file per loop."""
        return [self.folder / f"{loop}.npy" for loop in range(LOOPS)]

    @property
    def dry_file(self) -> Path:
        """The dry inputs."""
        return self.folder / "dry.npy"

    @property
    def loop(self) -> np.ndarray:
        """The loop of every example."""
        return np.arange(self.examples) // (self.examples // LOOPS)

    @property
    def targets(self) -> np.ndarray:
        """Random targets in [0, 1]."""
        return np.random.default_rng(1).uniform(size=(self.examples, OUTPUTS)).astype(np.float32)

    def write(self) -> None:
        """Write random inputs, float16, as stage inputs does."""
        generator = np.random.default_rng(0)
        for path in self.files:
            values = generator.normal(size=(self.examples // LOOPS, *self.shape))
            np.save(path, values.astype(np.float16))
        np.save(self.dry_file, generator.normal(size=(LOOPS, *self.shape)).astype(np.float16))


def case_of(
    params: Params, scale: ScaleName, model: str, representation: str, folder: Path, examples: int
) -> Case:
    """Return the training of a model at a scale of params.yaml, its inputs written."""
    size = params.scales[scale]
    samples = round(size.clip_seconds * params.sample_rate)
    options = narrowed(params.models[model], size.width).model_dump()
    shape = input_shape(samples, **params.representations[representation].options())
    case = Case(options, shape, params.train, folder, examples)
    case.write()
    return case


def measure() -> list[Row]:
    """Time every case."""
    gflop_per_s = matrix_rate(threads=jobs())
    # Processes of their own: threads stay as a process first set them.
    with processes(jobs()) as ours, processes(1) as plain:
        return [
            row for case in CASES for row in training(*case, gflop_per_s, ours=ours, plain=plain)
        ]


def processes(count: int) -> Executor:
    """Return new processes."""
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"))


def training(
    scale: ScaleName,
    model: str,
    representation: str,
    gflop_per_s: float,
    *,
    ours: Executor,
    plain: Executor,
) -> list[Row]:
    """Time one case, milliseconds an example; ours and Keras' runs take turns.

    Model 1 is timed in float32 and mixed bfloat16, the others in float32 and that of the scale.
    """
    from benchmarks.plain_keras import branch_gflop, plain_branch

    params = load_params()
    of_scale = params.scales[scale].precision
    precisions: set[Precision] = {"float32", of_scale}
    if params.models[model].kind == "cnn":
        precisions.add("mixed_bfloat16")
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder, examples = Path(name), EXAMPLES[scale]
        case = case_of(params, scale, model, representation, folder, examples)
        cases = {precision: replace(case, precision=precision) for precision in sorted(precisions)}
        for _ in range(ROUNDS):
            seconds = plain.submit(plain_epoch, case).result()
            times.setdefault("plain Keras", []).append(1000 * seconds / examples)
            for of_precision, each in cases.items():
                try:
                    seconds = max(ours.map(our_epoch, [each] * jobs()))
                except InputError as error:  # the processor lacks bfloat16
                    print(f"training: {error}", file=sys.stderr)
                    continue
                times.setdefault(of_precision, []).append(1000 * seconds / examples / jobs())
    images = 1 + case.train.loops_per_batch / case.train.batch_size
    gflop = FORWARD_AND_BACKWARD * images * branch_gflop(plain_branch(case.model, case.shape))
    keras = median(times.pop("plain Keras"))
    rows = []
    for precision, found in times.items():
        ratio, goals = keras / median(found), {}
        if case.model["kind"] == "cnn" and precision == "float32":
            goals["train_vs_keras"] = ratio
        if case.model["kind"] == "cnn" and precision == of_scale:
            goals["train_vs_keras_at_params_precision"] = ratio
        row = Row(
            f"{scale}, {model}, {representation}, {' x '.join(map(str, case.shape))}, {precision}",
            median(found),
            {"plain Keras": keras},
            "ms an example",
            goals=goals,
        )
        if precision == "float32":
            row = replace(row, floor=1000 * gflop / gflop_per_s, floor_is="arithmetic")
        rows.append(row)
    return rows


def our_epoch(case: Case) -> float:
    """Return the seconds of an epoch as stage train runs it, in one process, after a first one."""
    from siamese_drc.networks.backend import prepare_backend

    prepare_backend(seed=0)
    import keras

    from siamese_drc.networks.batches import DataSet
    from siamese_drc.networks.siamese import build_siamese
    from siamese_drc.networks.training import TrainingOptions, compile_network, train_epoch

    keras.utils.clear_session()
    position = np.arange(case.examples) % (case.examples // LOOPS)
    data = DataSet(np.load(case.dry_file), case.files, case.loop, position)
    network = build_siamese(
        input_shape=case.shape, outputs=OUTPUTS, precision=case.precision, **case.model
    )
    options = TrainingOptions(
        max_epochs=2,
        **case.train.model_dump(exclude={"seed", "validation_fraction"}),
    )
    compile_network(network, options, steps=2 * case.examples)
    rows = np.arange(case.examples)
    seconds = 0.0
    for epoch in range(2):
        started = time.perf_counter()
        train_epoch(network, data, case.targets, rows, options=options, seed=0, epoch=epoch)
        seconds = time.perf_counter() - started
    return seconds


def plain_epoch(case: Case) -> float:
    """Return the seconds of Keras' `fit` over the same examples, after a first epoch."""
    import keras

    from benchmarks.plain_keras import plain_siamese

    keras.utils.clear_session()
    network = plain_siamese(case.model, case.shape, OUTPUTS)
    optimizer = keras.optimizers.get(case.train.optimizer)
    optimizer.learning_rate = case.train.learning_rate
    network.compile(optimizer, "mse", jit_compile=False)
    dry = np.load(case.dry_file)[case.loop].astype(np.float32)
    compressed = np.concatenate([np.load(path) for path in case.files]).astype(np.float32)
    inputs = [each[..., None] for each in (dry, compressed)]
    seconds = 0.0
    for _ in range(2):
        started = time.perf_counter()
        network.fit(inputs, case.targets, batch_size=case.train.batch_size, verbose=0)
        seconds = time.perf_counter() - started
    return seconds
