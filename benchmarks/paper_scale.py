"""What training each experiment takes at the paper's sizes.

Some steps of every network of the paper are timed at full width, as stage train runs them: a
training on each core, the examples in files. Multiplied by the rows and epochs of `scale: paper`,
that is what an experiment takes if no training stops early.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from math import prod
from pathlib import Path

from ruamel.yaml import YAML

from benchmarks.measuring import peak_megabytes
from benchmarks.training import LOOPS, Case, case_of, our_epoch, processes
from experiments.results import markdown_table
from siamese_drc.core.parallel import jobs
from siamese_drc.inputs.spectrogram import input_shape
from stages.project.params import Params, check_params

EXAMPLES = 4 * LOOPS
Network = tuple[str, str]  # model, representation


@dataclass(frozen=True)
class Cost:
    """Of one network: milliseconds of the machine per example, and the memory of a process."""

    milliseconds: float
    megabytes: float


def table() -> str:
    """Measure every network; return the table."""
    params = paper_params()
    costs: dict[Network, Cost] = {}
    for network in experiments(params).values():
        if network not in costs:
            costs[network] = measured(params, network)
            print(f"{' '.join(network)}: {costs[network]}", file=sys.stderr)
    return costs_table(params, costs)


def paper_params() -> Params:
    """Return the parameters as they are at the paper's sizes."""
    content = YAML(typ="safe", pure=True).load(Path("params.yaml").read_text(encoding="utf-8"))
    return check_params(content | {"scale": "paper"})


def experiments(params: Params) -> dict[str, Network]:
    """Return the network of each training with one of the paper's models, by its name."""
    return {
        name: (entry.model, entry.representation)
        for name, entry in params.trained.items()
        if params.models[entry.model].kind not in ("dense", "none")
    }


def measured(params: Params, network: Network) -> Cost:
    """Time a network, and measure the memory of a process that trains it."""
    with tempfile.TemporaryDirectory() as folder:
        case = case_of(params, "paper", *network, Path(folder), EXAMPLES)
        with processes(jobs()) as pool:
            found = list(pool.map(_epoch, [case] * jobs()))
    seconds, megabytes = (max(each) for each in zip(*found, strict=True))
    return Cost(1000 * seconds / EXAMPLES / jobs(), megabytes)


def _epoch(case: Case) -> tuple[float, float]:
    seconds: list[float] = []
    megabytes = peak_megabytes(lambda: seconds.append(our_epoch(case)))
    return seconds[0], megabytes


def costs_table(params: Params, costs: dict[Network, Cost]) -> str:
    """Return the table, a row per experiment.

    Parameters
    ----------
    params : Params
        At the paper's sizes.
    costs : dict
        Of every network.
    """
    rows, together = [], 0.0
    for name, network in experiments(params).items():
        cost, examples = costs[network], examples_seen(params, name)
        hours = examples * cost.milliseconds / 3.6e6
        together += hours
        shown = (
            f"{len(params.grids_of(name))}",
            f"{examples / 1e6:.3f}",
            f"{cost.milliseconds:.1f}",
            f"{hours:.1f}",
            f"{cost.megabytes:.0f}",
            f"{input_bytes(params, name) / 1e9:.1f}",
        )
        rows.append([name, *shown])
    rows.append(["together", "", "", "", f"{together:.0f}", "", ""])
    header = ["experiment", "networks", "examples, 10^6", "ms an example", "hours"]
    return markdown_table([*header, "MB a process", "GB of inputs"], rows)


def examples_seen(params: Params, name: str) -> int:
    """Return how many examples the networks of an experiment see at most, in all epochs."""
    return _rows(params, name) * params.max_epochs_of(name)


def input_bytes(params: Params, name: str) -> int:
    """Return the bytes of an experiment's inputs, float16, on disk."""
    representation = params.representations[params.trained[name].representation]
    values = prod(input_shape(params.clip_samples, **representation.options()))
    return 2 * values * _rows(params, name)


def _rows(params: Params, name: str) -> int:
    """Return the rows of all grids of an experiment."""
    corpus = params.trained[name].corpus
    settings = sum(params.settings_of(corpus, grid) for grid in params.grids_of(name))
    return params.size.loops[params.corpora[corpus].material] * settings
