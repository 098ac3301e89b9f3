"""How cost grows with loops, settings, clip length and experiments, and what a million loops take.

Each step is measured on one core at several sizes, in seconds of the processor, so that other
programs count little. The exponent is the slope of log cost over log size.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.measuring import rendered_loops
from experiments.results import markdown_table
from siamese_drc.compressor.grids import loop_settings
from siamese_drc.inputs.cache import write_inputs
from siamese_drc.inputs.spectrogram import represent
from siamese_drc.networks.backend import prepare_backend
from stages.compress import write_clips
from stages.project.params import Params, load_params
from tests.pipeline.working_copy import WorkingCopy


@dataclass(frozen=True)
class Size:
    """How much is made: loops, settings of D4P for each, and the length of a clip."""

    loops: int
    settings: int
    clip_seconds: float


@dataclass(frozen=True)
class Cost:
    """Seconds of a processor, and bytes on the disk."""

    seconds: float
    written: int = 0


AXES: dict[str, list[Size]] = {
    "loops": [Size(loops, 32, 1.0) for loops in (2, 4, 8)],
    "settings": [Size(2, settings, 1.0) for settings in (32, 128, 512)],
    "clip_seconds": [Size(2, 32, seconds) for seconds in (1.0, 2.0, 4.0)],
}
EXPERIMENTS = (8, 16, 32)
# Per loop, what a study of a million loops might choose.
STUDIES = {
    "some settings of D4P, 1 s": Size(2, 128, 1.0),
    "all settings of D4P, 4 s": Size(1, 625, 4.0),
}
MILLION, CORES, DAY_HOURS = 1_000_000, 64, 24
LONGEST_SECONDS, MOST_LOOPS = 4.0, 8
ROUNDS, LONG_ENOUGH_SECONDS = 3, 3.0
N_FFT = 128
TRIVIAL_STAGES = """\
stages:
  train:
    foreach: ${experiments}
    do: {cmd: "touch a-${item}", outs: ["a-${item}"]}
  embed:
    foreach: ${experiments}
    do: {cmd: "touch b-${item}", deps: ["a-${item}"], outs: ["b-${item}"]}
  evaluate:
    foreach: ${experiments}
    do: {cmd: "touch c-${item}", deps: ["b-${item}"], outs: ["c-${item}"]}
"""


def table() -> str:
    """Return the tables of growth and of a million loops."""
    sizes = list(dict.fromkeys([*chain.from_iterable(AXES.values()), *STUDIES.values()]))
    with tempfile.TemporaryDirectory() as folder:
        costs = {size: measured(size, Path(folder)) for size in sizes}
    dvc = {count: dvc_seconds(count) for count in EXPERIMENTS}
    return f"{growth_table(costs, dvc)}\n{million_table(costs)}"


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Return b of cost = a * size ** b, by least squares of the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def growth_table(costs: Mapping[Size, Mapping[str, Cost]], dvc: Mapping[int, float]) -> str:
    """Return a table with a row per step and axis: the sizes, their costs and the exponent."""

    def row(step: str, axis: str, sizes: Sequence[float], seconds: Sequence[float]) -> list[str]:
        shown = [", ".join(f"{each:.3g}" for each in values) for values in (sizes, seconds)]
        return [step, axis, *shown, f"{exponent(sizes, seconds):.2f}"]

    rows = []
    for step in next(iter(costs.values())):
        for axis, sizes in AXES.items():
            along = [getattr(size, axis) for size in sizes]
            seconds = [costs[size][step].seconds for size in sizes]
            rows.append(row(step, axis.replace("_", " "), along, seconds))
    rows.append(row("DVC itself", "experiments", list(dvc), list(dvc.values())))
    return markdown_table(["step", "grows with", "sizes", "seconds", "exponent"], rows, texts=4)


def million_table(costs: Mapping[Size, Mapping[str, Cost]]) -> str:
    """Return what a million loops take, if each takes as much as one of the study's size."""
    rows = []
    for study, size in STUDIES.items():
        for step, cost in costs[size].items():
            hours = MILLION * cost.seconds / size.loops / 3600
            machines = hours / (CORES * DAY_HOURS)
            terabytes = MILLION * cost.written / size.loops / 1e12
            rows.append([study, step, f"{hours:,.0f}", f"{machines:,.1f}", f"{terabytes:,.1f}"])
    machines_of = f"machines of {CORES} cores for a day"
    header = ["a million loops", "step", "core hours", machines_of, "TB"]
    return markdown_table(header, rows, texts=2)


def measured(size: Size, folder: Path) -> dict[str, Cost]:
    """Return the cost of each step at some size, the median of several runs."""
    prepare_backend(seed=0)
    params = load_params()
    samples = round(size.clip_seconds * params.sample_rate)
    dry = [loop[:samples] for loop in _loops()[: size.loops]]
    costs = {}
    for name, step, ending in (("compress", compress, "flac"), ("inputs", inputs, "npy")):
        run = partial(step, params, size, dry, folder)
        run()  # compiles and fills the caches
        written = sum((folder / f"{loop}.{ending}").stat().st_size for loop in range(size.loops))
        costs[name] = Cost(_seconds(run), written)
    return costs | {"train, an epoch": Cost(_seconds(training(params, size, dry, folder)))}


@lru_cache(maxsize=1)
def _loops() -> list[np.ndarray]:
    return rendered_loops("drum", MOST_LOOPS, seconds=LONGEST_SECONDS)


def _seconds(step: Callable[[], object]) -> float:
    seconds: list[float] = []
    while len(seconds) < ROUNDS and sum(seconds) < LONG_ENOUGH_SECONDS:
        started = time.process_time()
        step()
        seconds.append(time.process_time() - started)
    return median(seconds)


def compress(params: Params, size: Size, dry: list[np.ndarray], folder: Path) -> None:
    """Write each loop under its settings, as stage compress does."""
    grid = params.grids.named["d4p"]
    for number, loop in enumerate(dry):
        settings = loop_settings("d4p", grid, number, size=size.settings, seed=1)
        path = folder / f"{number}.flac"
        write_clips(path, loop, settings, params.sample_rate, params.compressor)


def inputs(params: Params, size: Size, dry: list[np.ndarray], folder: Path) -> None:
    """Write the spectrograms of what `compress` wrote, as stage inputs does."""
    for number, loop in enumerate(dry):
        write_inputs(
            folder / f"{number}.flac",
            folder / f"{number}.npy",
            partial(represent, n_fft=N_FFT, sample_rate=params.sample_rate),
            clips=size.settings,
            clip_samples=len(loop),
            sample_rate=params.sample_rate,
        )


def training(
    params: Params, size: Size, dry: list[np.ndarray], folder: Path
) -> Callable[[], object]:
    """Return an epoch of Model 1 on what `inputs` wrote, ready to run."""
    from siamese_drc.networks.batches import DataSet
    from siamese_drc.networks.siamese import build_siamese
    from siamese_drc.networks.training import TrainingOptions, compile_network, train_epoch

    rows = size.loops * size.settings
    loop, position = np.divmod(np.arange(rows), size.settings)
    files = [folder / f"{number}.npy" for number in range(size.loops)]
    of_dry = represent(np.stack(dry), n_fft=N_FFT, sample_rate=params.sample_rate)
    data = DataSet(of_dry, files, loop, position, mean=-60.0, deviation=20.0)
    model = params.models["cnn"].model_dump()
    network = build_siamese(input_shape=data.shape, outputs=4, **model)
    options = TrainingOptions(max_epochs=1)
    compile_network(network, options)
    targets = np.random.default_rng(0).uniform(size=(rows, 4)).astype(np.float32)
    epoch = partial(train_epoch, network, data, targets, options=options, seed=0, epoch=0)
    epoch(rows=np.arange(min(rows, 2 * options.batch_size)))  # traces the graph
    return partial(epoch, rows=np.arange(rows))


def dvc_seconds(experiments: int) -> float:
    """Return the seconds of `dvc repro` for so many experiments of three trivial stages."""
    with tempfile.TemporaryDirectory() as name:
        copy = WorkingCopy(Path(name))
        copy.run("git", "init", "--quiet")
        copy.run("dvc", "init", "--quiet")
        names = ", ".join(f"e{number}" for number in range(experiments))
        (copy.folder / "params.yaml").write_text(f"experiments: [{names}]\n")
        (copy.folder / "dvc.yaml").write_text(TRIVIAL_STAGES)
        started = time.perf_counter()
        copy.run("dvc", "repro")
        return time.perf_counter() - started
