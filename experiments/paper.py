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

from experiments.clone import make_clone, provenance, run
from experiments.results import (
    UNITS,
    errors_by_value,
    first_error,
    land,
    landed_file,
    markdown_table,
    rounded,
    update_page,
    validation_curves,
)
from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.errors import InputError
from siamese_drc.report.published import read_published
from siamese_drc.report.results import PROTOCOLS, TRANSFER_PROTOCOLS, read_json
from stages.project import files
from stages.project.networks import UnseenLoops
from stages.project.params import Params, load_params, unseen_loops_name

BUILD = Path("build/paper")
RESULTS = files.METRICS / "paper"
PAGE = Path("docs/reproduce.md")
NETWORKS_PAGE = Path("docs/networks.md")
SIX = ["ds1", "ds2", "ds3", "ds4", "dm1", "dm2"]
THREE = ["ds3", "ds4", "dm2"]


def _one_by_one(grids: list[str], *names: str) -> list[tuple[str, list[str]]]:
    """Return a run for each grid, so that little is lost if one is stopped."""
    return [(name, [grid]) for name in names for grid in grids]


# Runs in the order of their worth.
PLAN = [
    *_one_by_one(SIX, "drum-cnn-stft128"),
    *_one_by_one(["d4p"], "drum-d4p-cnn-stft128", "mix-d4p-cnn-stft128"),
    *_one_by_one(["d4p"], "drum-d4p-handcrafted", "mix-d4p-handcrafted"),
    ("drum-handcrafted", SIX),
    ("guitar-handcrafted", SIX),
    *_one_by_one(SIX, "drum-cnn-stft128-unseen-loops"),
    *_one_by_one(["d4p"], "drum-d4p-cnn-stft128-unseen-loops"),
    *_one_by_one(SIX, "drum-cnn-mel512", "guitar-cnn-mel512"),
    *_one_by_one(THREE, "drum-cnn-stft512", "drum-cnn-stft256"),
    *_one_by_one(THREE, "drum-cnn-time1-stft128", "drum-cnn-time2-stft128"),
    *_one_by_one(["dm2"], "drum-cnn-stft128-seed2", "drum-cnn-stft128-seed3"),
    *_one_by_one(["dm2"], "drum-cnn-as-printed-stft128"),
    *_one_by_one(["ds3", "dm2"], "drum-sample-level-waveform"),
    *_one_by_one(["ds3"], "drum-multi-kernel-mel512"),
]
ENTRIES = (*PROTOCOLS, *TRANSFER_PROTOCOLS)
NETWORK = ("network", "network_unseen_loops")
# Columns of the table of errors: the first entry of the metrics that there is.
COLUMNS = {
    **{f"`{entry}`": (entry,) for entry in ENTRIES},
    "untrained": [f"untrained/{entry}" for entry in ENTRIES],
    "no network": [f"no_network/{entry}" for entry in ENTRIES],
    "network's own output": NETWORK,
    "constant": ("constant",),
    "closed form": ("closed_form",),
}


def run_plan() -> None:
    """Make the runs of `PLAN` that have not landed, and commit the results of each.

    It can be stopped at any moment: the next call continues. The clone of a run, with its inputs,
    is removed when the next run does not continue in it.
    """
    params = load_params()
    clones = [clone_of(params, *each) for each in PLAN]
    for (name, grids), clone, following in zip(PLAN, clones, [*clones[1:], None], strict=True):
        if not landed(params, name, grids):
            print(f"paper scale: {name} {' '.join(grids)}", file=sys.stderr, flush=True)
            run_at_paper_scale(name, grids)
            run(["git", "add", str(RESULTS)], Path.cwd())
            message = f"Paper scale: {name} on {', '.join(grids)}"
            run(["git", "commit", "--quiet", "-m", message, "--", str(RESULTS)], Path.cwd())
        if clone != following:
            shutil.rmtree(clone, ignore_errors=True)


def landed(params: Params, name: str, grids: list[str]) -> bool:
    """Return whether a run has landed, with the recipe that params.yaml has now."""
    record = run_folder(name, grids) / "run.json"
    return record.exists() and read_json(record).get("recipe") == recipe(params, name)


def recipe(params: Params, name: str) -> dict[str, Any]:
    """Return the model, training and corpus of a run: another recipe makes it a new run.

    The precision does not count: which one is faster depends on the processor.
    """
    params = Params.model_validate(params.model_dump() | {"scale": "paper"})
    name = _trained(params, name)
    entry, model = params.trained[name], params.model_of(name).model_dump(mode="json")
    if model["kind"] == "none":
        return {"model": model}
    return {
        "model": model,
        "train": params.training_of(name).model_dump(mode="json"),
        "epochs": params.max_epochs_of(name),
        "targets": entry.targets,
        "loops": params.size.loops[params.corpora[entry.corpus].material],
        "drawn_settings": params.size.drawn_settings.get(entry.corpus),
    }


def run_folder(name: str, grids: list[str]) -> Path:
    """Return where the record of a run lies."""
    return RESULTS / "runs" / "-".join([name, *grids])


def clone_of(params: Params, name: str, grids: list[str]) -> Path:
    """Return where a run is made; a transfer continues in the clone of its experiment."""
    return BUILD / "-".join([_trained(params, name), *grids])


def run_at_paper_scale(name: str, grids: list[str]) -> None:
    """Run one entry of params.yaml, with all that it needs, at paper scale and land its results.

    A second call resumes where the first was stopped: finished stages are kept, a training goes on
    from its last epoch. A clone that was made with another recipe is made anew. InputError if there
    is no such entry or grid of its corpus, or its recipe in params.yaml is not that of the last
    commit.
    """
    params = load_params()
    entry = entry_of(params, name)
    tested = _corpora(entry)[-1]
    known = params.corpora[tested].grids
    if not grids or not set(grids) <= set(known):
        raise InputError(f"{name}: name some grids of its corpus: {', '.join(known)}")
    trained, clone = _trained(params, name), clone_of(params, name, grids)
    wanted, names = recipe(params, name), [*dict.fromkeys([trained, name])]
    if clone.exists() and recipe(load_params(clone / "params.yaml"), trained) != wanted:
        shutil.rmtree(clone)
    make_clone(Path.cwd(), clone, lambda content: restrict(content, params, names, grids))
    if recipe(load_params(clone / "params.yaml"), name) != wanted:
        raise InputError(
            f"params.yaml: commit the changes of {name} first; a run is made from the last commit"
        )
    run([sys.executable, "-m", "dvc", "repro", target_of(params, name)], clone)
    models = clone / files.MODELS / trained
    networks = read_json(models / "networks.json")
    history = models / "history.csv"
    made = {
        "data_sets": [params.data_set(tested, grid) for grid in grids],
        "metrics": str(load_params(clone / "params.yaml").metrics[name]),
        "recipe": wanted,
        **provenance(clone),
        "epochs": {key: found.get("epochs", 0) for key, found in networks.items()},
        "validation": validation_curves(history) if history.exists() else {},
        "by_value": errors_by_value(clone / files.predictions_table(name)),
    }
    land(clone, _experiment(params, name), RESULTS, run_folder(name, grids), made)


def entry_of(params: Params, name: str) -> Any:
    """Return the experiment, the entry of `unseen_loops`, or the transfer of a name."""
    known = params.trained | params.transfers
    if name not in known:
        raise InputError(f"{name}: not in params.yaml; it has: {', '.join(known)}")
    return known[name]


def _trained(params: Params, name: str) -> str:
    """Return what a run trains: for a transfer, the experiment whose networks it uses."""
    return params.transfers[name].experiment if name in params.transfers else name


def _experiment(params: Params, name: str) -> str:
    """Return the name in params.yaml: without -unseen-loops."""
    by_name = {unseen_loops_name(each): each for each in params.unseen_loops}
    return by_name.get(name, name)


def _corpora(entry: Any) -> list[str]:
    """Return the corpora that an entry needs, the one of its test last."""
    return [entry.corpus, entry.tested] if isinstance(entry, UnseenLoops) else [entry.corpus]


def target_of(params: Params, name: str) -> str:
    """Return the stage of dvc.yaml that makes the metrics of an entry."""
    if isinstance(entry_of(params, name), UnseenLoops):
        return f"unseen-loops@{_experiment(params, name)}"
    return f"{'transfer' if name in params.transfers else 'evaluate'}@{name}"


def restrict(content: Any, params: Params, names: list[str], grids: list[str]) -> None:
    """Change the content of params.yaml in place: paper scale, and only what some runs need.

    `params` is the same before the change. Entries of `unseen_loops` are named as their networks.
    """
    entries = [entry_of(params, name) for name in names]
    corpora = {corpus for entry in entries for corpus in _corpora(entry)}
    kept = {
        "experiments": set(names),
        "unseen_loops": {_experiment(params, name) for name in {*names} - {*params.experiments}},
        "transfers": set(names),
        "pretrained": set(),
        "corpora": corpora,
        "closed_form": corpora,
        "inputs": {
            f"{corpus}-{entry.representation}" for entry in entries for corpus in _corpora(entry)
        },
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
    update_page(PAGE, "paper scale", errors_table())
    update_page(NETWORKS_PAGE, "paper scale", where_errors_are())


def where_errors_are(results: Path = RESULTS) -> str:
    """Return a table of each trained error beside what says why it is not smaller."""
    published = {cell.place: cell.value for cell in reversed(read_published())}
    rows = []
    for _, found, errors in _runs(results):
        if not found.get("validation"):
            continue  # no network
        for data_set, protocols in found["by_value"].items():
            protocol, thirds = next(iter(protocols.items()))
            of, curve = errors[data_set], found["validation"][data_set.rpartition("-")[2]]
            for parameter, values in thirds.items():
                last = curve[-1 - len(curve) // 4] / curve[-1]
                cells = [
                    first_error(of, parameter, [protocol]),
                    first_error(of, parameter, [f"untrained/{protocol}"]),
                    first_error(of, parameter, NETWORK),
                    " / ".join(map(rounded, values)),
                    f"{min(curve):.4f}",
                    f"{last:.2f}",
                ]
                given = published.get((found["experiment"], data_set, parameter), "")
                of_run = [found["experiment"], data_set, f"`{protocol}`", UNITS[parameter]]
                rows.append([*of_run, given, *cells])
    header = ["experiment", "data set", "protocol", "parameter", "published", "forest", "untrained"]
    header += ["network itself", "forest, by third of the true values", "validation loss"]
    return markdown_table([*header, "fall in the last quarter"], rows, texts=4)


def errors_table(results: Path = RESULTS) -> str:
    """Return the table of the errors of each run."""
    rows = []
    for name, found, errors in _runs(results):
        for data_set in found["data_sets"]:
            of, commit = errors[data_set], f"`{found['commit'][:7]}`"
            for parameter in [key for key in PARAMETERS if key in of["constant"]]:
                cells = [first_error(of, parameter, entries) for entries in COLUMNS.values()]
                rows.append([name, commit, data_set, UNITS[parameter], *cells])
    header = ["run", "commit", "data set", "parameter", *COLUMNS]
    return markdown_table(header, rows, texts=4)


def _runs(results: Path) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield the name, the record and the metrics of each run that has landed."""
    for folder in sorted((results / "runs").iterdir()):
        found = read_json(folder / "run.json")
        yield folder.name, found, read_json(landed_file(results, found))
