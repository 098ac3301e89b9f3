"""What training each experiment takes at the paper's sizes: `python -m benchmarks.paper_scale`.

Times some steps of every network of the paper at full width, as stage train runs them: a training
on each core, the examples in files. Multiplied by the rows and epochs of `scale: paper`, that is
what an experiment takes if no training stops early. Writes benchmarks/paper_scale.md.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from ruamel.yaml import YAML

from benchmarks.bytes import shape_of
from benchmarks.memory import peak_megabytes
from benchmarks.training import LOOPS, Case, our_epoch
from stages.common.parallel import jobs
from stages.common.params import Params, check_params
from stages.spectrogram.disk import bytes_needed as input_bytes
from stages.train.disk import bytes_needed as training_bytes

RESULT = Path(__file__).with_suffix(".md")
EXAMPLES = 4 * LOOPS
Network = tuple[str, str]  # model, representation


@dataclass(frozen=True)
class Cost:
    """Of one network: milliseconds of the machine per example, and the memory of a process."""

    milliseconds: float
    megabytes: float


def paper_params() -> Params:
    """Return the parameters as they are at the paper's sizes."""
    content = YAML(typ="safe", pure=True).load(Path("params.yaml").read_text())
    return check_params(content | {"scale": "paper"})


def experiments(params: Params) -> dict[str, Network]:
    """Return the paper's experiments, with the network of each; not the one that is ours."""
    return {
        name: (entry.model, entry.representation)
        for name, entry in params.experiments.items()
        if params.models[entry.model].kind != "dense"
    }


def measured(params: Params, name: str) -> Cost:
    """Time the network of an experiment, and see what memory it takes."""
    shape = shape_of(params, name)
    with tempfile.TemporaryDirectory() as folder:
        case = Case(params, params.model_of(name), shape, Path(folder), EXAMPLES)
        case.write()
        with ProcessPoolExecutor(jobs(), mp_context=get_context("spawn")) as pool:
            found = list(pool.map(_epoch, [case] * jobs()))
    seconds, megabytes = (max(each) for each in zip(*found, strict=True))
    return Cost(1000 * seconds / EXAMPLES / jobs(), megabytes)


def _epoch(case: Case) -> tuple[float, float]:
    seconds: list[float] = []
    megabytes = peak_megabytes(lambda: seconds.append(our_epoch(case)))
    return seconds[0], megabytes


def examples_seen(params: Params, name: str) -> float:
    """Return how many examples the networks of an experiment see at the most, in all epochs."""
    of_folds = (params.networks_of(name) - 1) * (1 - 1 / params.size.folds)
    corpus = params.experiments[name].corpus
    return sum(
        params.loops_of(corpus, grid)
        * params.settings_of(grid)
        * params.max_epochs_of(name, grid)
        * (1 + of_folds)
        for grid in params.grids_of(name)
    )


def table(params: Params, costs: dict[Network, Cost]) -> list[str]:
    """Make the table, a line per experiment.

    Parameters
    ----------
    params : Params
        At the paper's sizes.
    costs : dict
        Of every network.
    """
    lines = [
        "| experiment | networks | examples, 10^6 | ms an example | hours | MB a process"
        " | GB of inputs | GB of states |",
        "|---|" + "---:|" * 7,
    ]
    together = 0.0
    for name, network in experiments(params).items():
        cost, examples = costs[network], examples_seen(params, name)
        hours = examples * cost.milliseconds / 3.6e6
        together += hours
        networks = params.networks_of(name) * len(params.grids_of(name))
        inputs = input_bytes(params, params.experiments[name].input) / 1e9
        states, _ = training_bytes(params, name, shape_of(params, name))
        lines.append(
            f"| {name} | {networks} | {examples / 1e6:.3f} | {cost.milliseconds:.1f} |"
            f" {hours:.1f} | {cost.megabytes:.0f} | {inputs:.1f} | {states / 1e9:.2f} |"
        )
    return [*lines, f"| together |  |  |  | {together:.0f} |  |  |  |"]


def main() -> None:
    """Measure every network, print and write the table."""
    params = paper_params()
    costs: dict[Network, Cost] = {}
    for name, network in experiments(params).items():
        if network not in costs:
            costs[network] = measured(params, name)
            print(f"{' '.join(network)}: {costs[network]}", flush=True)
    lines = [
        "# Training at the paper's sizes, on this machine",
        "",
        f"Written by `python -m benchmarks.paper_scale` on {jobs()} cores without a GPU. Hours are"
        " those of the whole machine, if no training stops early.",
        "",
        *table(params, costs),
    ]
    RESULT.write_text("\n".join(lines) + "\n")
    print(RESULT.read_text(), end="")


if __name__ == "__main__":
    main()
