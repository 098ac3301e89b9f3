"""A project of small D4P corpora whose embeddings are written by the tests: answers are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from siamese_drc.compressor.grids import drawn_settings, loop_settings
from siamese_drc.compressor.settings import PARAMETERS
from stages.project import files
from stages.project.files import CLIP_COLUMNS
from stages.project.params import Params, load_params

COMMITTED = Path(__file__).parents[2] / "params.yaml"


def made_up_params() -> Params:
    """Write params.yaml, at smoke scale and with one change, into the current folder."""
    yaml = YAML()
    content = yaml.load(COMMITTED.read_text())
    content["scale"] = "smoke"
    content["inputs"]["drum-d4p-gain"]["changed"] = ["delayed"]
    with Path("params.yaml").open("w") as file:
        yaml.dump(content, file)
    return load_params()


def write_settings(params: Params, corpus: str) -> np.ndarray:
    """Write a corpus's settings and its closed-form estimates; return the true settings."""
    entry, tables = params.corpora[corpus], []
    choose = drawn_settings if entry.drawn else loop_settings
    size = params.settings_of(corpus, "d4p")
    for loop in range(params.size.loops[entry.material]):
        found = choose("d4p", params.grids.named["d4p"], loop, size=size, seed=1)
        rows = {"loop": loop, "group": str(loop), "position": range(len(found))}
        tables.append(pd.DataFrame(rows | {name: getattr(found, name) for name in PARAMETERS}))
    table = pd.concat(tables, ignore_index=True)
    path = files.settings_table(corpus)
    path.parent.mkdir(parents=True, exist_ok=True)
    table.assign(grid="d4p", max_gain_reduction_db=10.0, identifiable=table["position"] > 0)[
        CLIP_COLUMNS
    ].to_csv(path, index=False)
    solved = table[list(PARAMETERS)].assign(solved=table["position"] != 2)
    solved["attack_ms"] += 0.5
    files.CLOSED_FORM.mkdir(parents=True, exist_ok=True)
    solved.to_csv(files.closed_form_table(corpus), index=False)
    return table[list(PARAMETERS)].to_numpy()


def write_network(folder: Path, network: str, targets: np.ndarray, *, off: float) -> None:
    """Write embeddings that hold the targets, and outputs that miss them by `off`."""
    write_features(folder, network, np.tile(targets, 3))
    np.save(folder / f"{network}-output.npy", (targets + off).astype(np.float32))


def write_features(folder: Path, network: str, features: np.ndarray) -> None:
    """Write features of a network, or of none."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"{network}.npy", features.astype(np.float32))


def write_baselines(folder: Path, targets: np.ndarray) -> None:
    """Write features of the untrained twin and without a network, which tell nothing.

    Those of delayed clips too.
    """
    generator = np.random.default_rng(0)
    for name in (files.untrained_name("d4p"), files.no_network_name("d4p")):
        for version in (name, files.changed_name(name, "delayed")):
            write_features(folder, version, generator.normal(size=(len(targets), 6)))
