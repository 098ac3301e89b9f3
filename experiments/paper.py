"""Results at the paper's sizes: one run at a time, each in a clone of the last commit.

`python -m experiments paper` makes all runs of `PLAN`, in its order, and commits the results of
each; `python -m experiments paper NAME GRID...` makes one of them.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from experiments.clone import make_clone, provenance, rewrite_params, run, run_stage_once
from experiments.results import (
    UNITS,
    errors_by_value,
    land,
    landed_file,
    markdown_table,
    read_json,
    update_page,
    validation_curves,
)
from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.errors import InputError
from siamese_drc.report.published import read_published
from stages.project import files
from stages.project.networks import UnseenLoops
from stages.project.params import Params, load_params, unseen_loops_name

BUILD = Path("build/paper")
RESULTS = files.METRICS / "paper"
PAGE = Path("docs/reproduce.md")
NETWORKS_PAGE = Path("docs/networks.md")
SIX = ("ds1", "ds2", "ds3", "ds4", "dm1", "dm2")
THREE = ("ds3", "ds4", "dm2")
# Runs in the order of their worth; `each` grid is a run of its own, so that little is lost.
PLAN: tuple[tuple[str, tuple[str, ...]], ...] = (
    *(("drum-cnn-stft128", (grid,)) for grid in SIX),
    ("drum-d4p-cnn-stft128", ("d4p",)),
    ("mix-d4p-cnn-stft128", ("d4p",)),
    ("drum-d4p-handcrafted", ("d4p",)),
    ("mix-d4p-handcrafted", ("d4p",)),
    ("drum-handcrafted", SIX),
    ("guitar-handcrafted", SIX),
    *(("drum-cnn-stft128-unseen-loops", (grid,)) for grid in SIX),
    ("drum-d4p-cnn-stft128-unseen-loops", ("d4p",)),
    *(("drum-cnn-mel512", (grid,)) for grid in SIX),
    *(("guitar-cnn-mel512", (grid,)) for grid in SIX),
    *(
        (name, (grid,))
        for name in (
            "drum-cnn-stft512",
            "drum-cnn-stft256",
            "drum-cnn-time1-stft128",
            "drum-cnn-time2-stft128",
        )
        for grid in THREE
    ),
    ("drum-cnn-stft128-seed2", ("dm2",)),
    ("drum-cnn-stft128-seed3", ("dm2",)),
    ("drum-cnn-as-printed-stft128", ("dm2",)),
    ("drum-sample-level-waveform", ("ds3",)),
    ("drum-sample-level-waveform", ("dm2",)),
    ("drum-multi-kernel-mel512", ("ds3",)),
)
ENTRIES = ("paper", "unseen_loops", "transfer", "refit")
BASELINES = ("untrained", "no_network")
# The first words of the stages' names, of earlier commits too.
STAGES = (
    *("render", "compress", "closed-form", "inputs", "spectrogram", "handcraft"),
    *("train", "embed", "evaluate", "unseen-loops", "transfer"),
)


def run_plan() -> None:
    """Make the runs of `PLAN` that have not landed, and commit the results of each.

    It can be stopped at any moment: the next call continues. The clone of a run, with its inputs,
    is removed when the next run does not continue in it.
    """
    params = load_params()
    for position, (name, grids) in enumerate(PLAN):
        if not landed(params, name, list(grids)):
            print(f"paper scale: {name} {' '.join(grids)}", file=sys.stderr, flush=True)
            run_at_paper_scale(name, list(grids))
            run(["git", "add", str(RESULTS)], Path.cwd())
            message = f"Paper scale: {name} on {', '.join(grids)}"
            run(["git", "commit", "--quiet", "-m", message, "--", str(RESULTS)], Path.cwd())
        later = PLAN[position + 1 : position + 2]
        clone = clone_of(params, name, list(grids))
        if clone.exists() and not any(clone_of(params, *each) == clone for each in _runs(later)):
            shutil.rmtree(clone)


def _runs(entries: tuple[tuple[str, tuple[str, ...]], ...]) -> Iterator[tuple[str, list[str]]]:
    return ((name, list(grids)) for name, grids in entries)


def landed(params: Params, name: str, grids: list[str]) -> bool:
    """Return whether a run has landed, with the model and training that params.yaml has now.

    In either precision: which one is faster depends on the processor.
    """
    folder = RESULTS / "runs" / "-".join([name, *grids])
    if not (folder / "run.json").exists():
        return False
    try:
        then = load_params(folder / "params.yaml")
        return _made_of(then, name) == _made_of(params, name)
    except (InputError, KeyError):  # of an earlier form of params.yaml
        return False


def _made_of(params: Params, name: str) -> Any:
    params = Params.model_validate(params.model_dump() | {"scale": "paper"})
    name = params.transfers[name].experiment if name in params.transfers else name
    entry, model = params.trained[name], params.model_of(name)
    if model.kind == "none":
        return model
    size = params.size
    recipe = (params.training_of(name), params.max_epochs_of(name), entry.targets)
    loops = size.loops[params.corpora[entry.corpus].material]
    return model, recipe, loops, size.drawn_settings.get(entry.corpus)


def clone_of(params: Params, name: str, grids: list[str]) -> Path:
    """Return where a run is made; a transfer continues in the clone of its experiment."""
    source = params.transfers[name].experiment if name in params.transfers else name
    return BUILD / "-".join([source, *grids])


def run_at_paper_scale(name: str, grids: list[str]) -> None:
    """Run the stages of one entry of params.yaml at paper scale and land its results.

    A second call resumes where the first was stopped: finished stages are kept, a training goes on
    from its last epoch. A transfer continues in the clone of its experiment.

    Parameters
    ----------
    name : str
        An experiment, a transfer, or <experiment>-unseen-loops.
    grids : list of str
        Grids of its corpus.

    Raises
    ------
    InputError
        If there is no such entry or grid, or a transfer's experiment has not been run.
    """
    params = load_params()
    entry = entry_of(params, name)
    tested = entry.tested if isinstance(entry, UnseenLoops) else entry.corpus
    known = params.corpora[tested].grids
    if not grids or not set(grids) <= set(known):
        raise InputError(f"{name}: name some grids of its corpus: {', '.join(known)}")
    source = params.transfers[name].experiment if name in params.transfers else None
    names = [source, name] if source else [name]
    clone = clone_of(params, name, grids)
    if source and not (clone / "build" / f"evaluate@{source}.json").exists():
        raise InputError(
            f"{name}: first run `python -m experiments paper {source} {' '.join(grids)}`"
        )

    def change(content: Any) -> None:
        restrict(content, params, names, grids)

    make_clone(Path.cwd(), clone, change)
    of_clone = load_params(clone / "params.yaml")
    if name not in [*of_clone.trained, *of_clone.transfers]:
        original = (Path.cwd() / "params.yaml").read_text(encoding="utf-8")
        (clone / "params.yaml").write_text(original, encoding="utf-8")
        rewrite_params(clone / "params.yaml", change)
    costs = {
        stage: run_stage_once(clone, stage, output)
        for stage, output in stages_of(params, name).items()
    }
    print(_costs_table({name: costs}))
    models = clone / files.MODELS / (source or name)
    networks = read_json(models / "networks.json")
    history = models / "history.csv"
    experiment = _experiment(params, name)
    metrics = files.metrics_file("paper", name)
    if isinstance(entry, UnseenLoops):
        metrics = files.unseen_loops_file("paper", experiment)
    made = {
        "data_sets": [params.data_set(tested, grid) for grid in grids],
        "metrics": str(metrics),
        **provenance(clone),
        "epochs": {key: found.get("epochs", 0) for key, found in networks.items()},
        "validation": validation_curves(history) if history.exists() else {},
        "by_value": errors_by_value(clone / files.predictions_table(name)),
        "stages": costs,
    }
    land(clone, experiment, RESULTS, RESULTS / "runs" / "-".join([name, *grids]), made)


def entry_of(params: Params, name: str) -> Any:
    """Return the experiment, the entry of `unseen_loops`, or the transfer of a name.

    Raises
    ------
    InputError
        If there is none.
    """
    known = params.trained | params.transfers
    if name not in known:
        raise InputError(f"{name}: not in params.yaml; it has: {', '.join(known)}")
    return known[name]


def _experiment(params: Params, name: str) -> str:
    by_name = {unseen_loops_name(each): each for each in params.unseen_loops}
    return by_name.get(name, name)


def stages_of(params: Params, name: str) -> dict[str, Path]:
    """Return the stages that a run needs, in order, and the output of each.

    Of a transfer: those that follow the stages of its experiment.
    """
    entry = entry_of(params, name)
    corpora = [entry.corpus, entry.tested] if isinstance(entry, UnseenLoops) else [entry.corpus]
    stages: dict[str, Path] = {}
    for corpus in corpora:
        material, source = params.corpora[corpus].material, f"{corpus}-{entry.representation}"
        stages |= {
            f"render@{material}": files.LOOPS / material,
            f"compress@{corpus}": files.COMPRESSED / corpus,
            f"closed-form@{corpus}": files.closed_form_table(corpus),
            f"inputs@{source}": files.INPUTS / source,
        }
    if name in params.transfers:
        return stages | {f"transfer@{name}": files.predictions_table(name)}
    if isinstance(entry, UnseenLoops):
        experiment = _experiment(params, name)
        return {key: out for key, out in stages.items() if not key.startswith("closed-form")} | {
            f"train-unseen-loops@{experiment}": files.MODELS / name,
            f"unseen-loops@{experiment}": files.predictions_table(name),
        }
    return stages | {
        f"train@{name}": files.MODELS / name,
        f"embed@{name}": files.EMBEDDINGS / name,
        f"evaluate@{name}": files.predictions_table(name),
    }


def restrict(content: Any, params: Params, names: list[str], grids: list[str]) -> None:
    """Change the content of params.yaml: paper scale, and only what some runs need.

    Parameters
    ----------
    content : mapping
        Of params.yaml; changed in place.
    params : Params
        The same, before the change.
    names : list of str
        Experiments, transfers, and entries of `unseen_loops` by the names of their networks.
    grids : list of str
        Of their corpora.
    """
    entries = [entry_of(params, name) for name in names]
    unseen = [entry for entry in entries if isinstance(entry, UnseenLoops)]
    corpora = {entry.corpus for entry in entries} | {entry.tested for entry in unseen}
    inputs = {entry.input for entry in entries}
    inputs |= {f"{entry.tested}-{entry.representation}" for entry in unseen}
    kept = {
        "experiments": set(names),
        "unseen_loops": {
            _experiment(params, name) for name in names if name not in params.experiments
        },
        "transfers": set(names),
        "pretrained": set(),
        "corpora": corpora,
        "closed_form": corpora,
        "inputs": inputs,
        "materials": {params.corpora[corpus].material for corpus in corpora},
    }
    for section, keys in kept.items():
        content[section] = {key: value for key, value in content[section].items() if key in keys}
    for section in ("experiments", "unseen_loops", "inputs"):
        for value in content[section].values():
            value.pop("only", None)
    for corpus in content["corpora"].values():
        corpus["grids"] = list(grids)
    content["scale"] = "paper"


def write_tables() -> None:
    """Write the tables of all runs at paper scale into their pages."""
    update_page(PAGE, "paper scale", tables())
    update_page(NETWORKS_PAGE, "paper scale", where_errors_are())


def where_errors_are(results: Path = RESULTS) -> str:
    """Return a table of each trained error beside what says why it is not smaller."""
    published = {cell.place: cell.value for cell in reversed(read_published())}
    rows = []
    for folder in sorted((results / "runs").iterdir()):
        found = read_json(folder / "run.json")
        if not found.get("by_value") or not found["validation"]:
            continue  # no network, or of an earlier form
        errors = read_json(landed_file(results, found))
        for data_set, protocols in found["by_value"].items():
            protocol, thirds = next(iter(protocols.items()))
            of, curve = errors[data_set], found["validation"][data_set.rpartition("-")[2]]
            network = of.get("network") or of.get("network_unseen_loops", {})
            for parameter, values in thirds.items():
                last = curve[-max(1, len(curve) // 4)] / curve[-1]
                cells = [
                    _number(of[protocol][parameter]["mae"]),
                    _number(of["untrained"][protocol][parameter]["mae"])
                    if "untrained" in of
                    else "",
                    _number(network[parameter]["mae"]) if network else "",
                    " / ".join(_number(value) for value in values),
                    f"{min(curve):.4f}",
                    f"{last:.2f}",
                ]
                given = published.get((found["experiment"], data_set, parameter), "")
                rows.append([data_set, f"`{protocol}`", UNITS[parameter], given, *cells])
    header = ["data set", "protocol", "parameter", "published", "forest", "untrained"]
    header += ["network itself", "forest, by third of the true values", "validation loss"]
    return markdown_table([*header, "fall in the last quarter"], rows, texts=3)


def _number(value: float) -> str:
    return f"{value:.3g}"


def tables(results: Path = RESULTS) -> str:
    """Return two tables: the errors of each run, and the cost of its stages."""
    runs = {
        folder.name: read_json(folder / "run.json")
        for folder in sorted((results / "runs").iterdir())
    }
    rows = []
    for name, found in runs.items():
        errors = read_json(landed_file(results, found))
        for data_set in found["data_sets"]:
            for parameter in [key for key in PARAMETERS if key in errors[data_set]["constant"]]:
                cells = _cells(errors[data_set], parameter)
                rows.append([name, f"`{found['commit'][:7]}`", data_set, UNITS[parameter], *cells])
    header = ["run", "commit", "data set", "parameter", *(f"`{entry}`" for entry in ENTRIES)]
    header += ["untrained", "no network", "network's own output", "constant", "closed form"]
    costs = _costs_table({name: found["stages"] for name, found in runs.items()})
    return markdown_table(header, rows, texts=4) + "\n" + costs


def _cells(errors: dict[str, Any], parameter: str) -> list[str]:
    """Return the errors of one parameter; of baselines: of the first protocol that they have."""

    def mae(entry: dict[str, Any] | None) -> str:
        return f"{entry[parameter]['mae']:.3g}" if entry else ""

    baselines = [next(iter(errors.get(name, {}).values()), None) for name in BASELINES]
    network = errors.get("network") or errors.get("network_unseen_loops")
    others = [*baselines, network, errors["constant"], errors.get("closed_form")]
    return [mae(entry) for entry in [*(errors.get(entry) for entry in ENTRIES), *others]]


def _costs_table(runs: dict[str, dict[str, dict[str, float]]]) -> str:
    """Return a table with minutes / GB of memory / GB on disk of each run's stages."""
    by_kind = {
        name: {
            kind: cost
            for stage, cost in stages.items()
            for kind in STAGES
            if stage.startswith(kind)
        }
        for name, stages in runs.items()
    }
    kinds = [kind for kind in STAGES if any(kind in costs for costs in by_kind.values())]
    rows = [
        [name, *(_cost(costs.get(kind, {})) for kind in kinds)] for name, costs in by_kind.items()
    ]
    return markdown_table(["run", *kinds], rows)


def _cost(cost: dict[str, float]) -> str:
    return " / ".join(str(cost[key]) for key in ("minutes", "memory_gb", "disk_gb") if key in cost)
