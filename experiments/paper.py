"""One experiment at the paper's sizes, in a clone of the last commit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from experiments.clone import make_clone, provenance, rewrite_params, run_stage_once
from experiments.results import UNITS, land, markdown_table, read_json, update_page
from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.errors import InputError
from stages.project import files
from stages.project.params import Params, load_params

BUILD = Path("build/paper")
RESULTS = files.METRICS / "paper"
PAGE = Path("docs/reproduce.md")
ENTRIES = (
    *("paper", "unseen_loops", "paper_delayed", "unseen_loops_delayed", "transfer", "refit"),
    *("network", "constant", "closed_form"),
)
# The first words of the stages' names, of earlier commits too.
STAGES = (
    *("render", "compress", "closed-form", "inputs", "spectrogram", "handcraft"),
    *("train", "embed", "evaluate", "transfer"),
)


def run_at_paper_scale(name: str, grids: list[str]) -> None:
    """Run the stages of an experiment or a transfer at paper scale and land its results.

    A second call resumes where the first was stopped: finished stages are kept, a training goes on
    from its last epoch. A transfer continues in the clone of its experiment.

    Parameters
    ----------
    name : str
        An experiment or a transfer of params.yaml.
    grids : list of str
        Grids of its corpus.

    Raises
    ------
    InputError
        If there is no such experiment or grid, or a transfer's experiment has not been run.
    """
    params = load_params()
    entry = entry_of(params, name)
    known = params.corpora[entry.corpus].grids
    if not grids or not set(grids) <= set(known):
        raise InputError(f"{name}: name some grids of its corpus: {', '.join(known)}")
    source = params.transfers[name].experiment if name in params.transfers else None
    names = [source, name] if source else [name]
    clone = BUILD / "-".join([source or name, *grids])
    if source and not (clone / "build" / f"evaluate@{source}.json").exists():
        raise InputError(
            f"{name}: first run `python -m experiments paper {source} {' '.join(grids)}`"
        )

    def change(content: Any) -> None:
        restrict(content, params, names, grids)

    make_clone(Path.cwd(), clone, change)
    if name not in load_params(clone / "params.yaml").evaluated:
        original = (Path.cwd() / "params.yaml").read_text(encoding="utf-8")
        (clone / "params.yaml").write_text(original, encoding="utf-8")
        rewrite_params(clone / "params.yaml", change)
    costs = {
        stage: run_stage_once(clone, stage, output)
        for stage, output in stages_of(params, name).items()
    }
    print(_costs_table({name: costs}))
    networks = clone / files.MODELS / (source or name) / "networks.json"
    run = {
        "data_sets": [params.data_set(entry.corpus, grid) for grid in grids],
        "metrics": str(files.metrics_file("paper", name)),
        **provenance(clone),
        "epochs": {key: found.get("epochs", 0) for key, found in read_json(networks).items()},
        "stages": costs,
    }
    land(clone, name, RESULTS, RESULTS / "runs" / "-".join([name, *grids]), run)


def entry_of(params: Params, name: str) -> Any:
    """Return the experiment or the transfer of a name.

    Raises
    ------
    InputError
        If there is none.
    """
    for entries in (params.experiments, params.transfers):
        if name in entries:
            return entries[name]
    raise InputError(f"{name}: not in params.yaml; it has: {', '.join(params.evaluated)}")


def stages_of(params: Params, name: str) -> dict[str, Path]:
    """Return the stages that a run needs, in order, and the output of each.

    Of a transfer: those that follow the stages of its experiment.
    """
    entry = entry_of(params, name)
    material = params.corpora[entry.corpus].material
    stages = {
        f"render@{material}": files.LOOPS / material,
        f"compress@{entry.corpus}": files.COMPRESSED / entry.corpus,
        f"closed-form@{entry.corpus}": files.closed_form_table(entry.corpus),
        f"inputs@{entry.input}": files.INPUTS / entry.input,
    }
    if name in params.transfers:
        return stages | {f"transfer@{name}": files.predictions_table(name)}
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
        Experiments and transfers.
    grids : list of str
        Of their corpora.
    """
    entries = [entry_of(params, name) for name in names]
    corpora = {entry.corpus for entry in entries}
    kept = {
        "experiments": set(names),
        "transfers": set(names),
        "corpora": corpora,
        "inputs": {entry.input for entry in entries},
        "materials": {params.corpora[corpus].material for corpus in corpora},
    }
    for section, keys in kept.items():
        content[section] = {key: value for key, value in content[section].items() if key in keys}
    for value in (*content["experiments"].values(), *content["inputs"].values()):
        value.pop("only", None)
    for corpus in content["corpora"].values():
        corpus["grids"] = list(grids)
    content["scale"] = "paper"


def write_tables() -> None:
    """Write the tables of all runs at paper scale into their page."""
    update_page(PAGE, "paper scale", tables())


def tables(results: Path = RESULTS) -> str:
    """Return two tables: the errors of each run, and the cost of its stages."""
    runs = {
        folder.name: read_json(folder / "run.json")
        for folder in sorted((results / "runs").iterdir())
    }
    rows = []
    for name, run in runs.items():
        errors = read_json(results / "experiments" / f"{run['experiment']}.json")
        for data_set in run["data_sets"]:
            for parameter in [key for key in PARAMETERS if key in errors[data_set]["constant"]]:
                cells = [_mae(errors[data_set], entry, parameter) for entry in ENTRIES]
                rows.append([name, f"`{run['commit'][:7]}`", data_set, UNITS[parameter], *cells])
    header = ["run", "commit", "data set", "parameter", *(f"`{entry}`" for entry in ENTRIES)]
    costs = _costs_table({name: run["stages"] for name, run in runs.items()})
    return markdown_table(header, rows, texts=4) + "\n" + costs


def _mae(errors: dict[str, Any], entry: str, parameter: str) -> str:
    return f"{errors[entry][parameter]['mae']:.3g}" if entry in errors else ""


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
