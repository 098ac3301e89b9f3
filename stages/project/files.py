"""Where each file lies, from the project's root, and how the tables of a corpus are read."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.errors import InputError, reading

LOOPS = Path("data/loops")
COMPRESSED = Path("data/compressed")
SETTINGS = Path("data/settings")
CLOSED_FORM = Path("data/closed_form")
INPUTS = Path("data/inputs")
MODELS = Path("models")
EMBEDDINGS = Path("data/embeddings")
PREDICTIONS = Path("data/predictions")
METRICS = Path("metrics")
MATCH_EXAMPLES = Path("data/match/examples.npz")
RECORDED = Path("data/recorded_dynamics.npz")  # in git
PRETRAINED = Path("siamese_drc/pretrained")
MATCH_MODEL = Path("siamese_drc/pretrained/match.npz")  # in git and in the wheel
REPORTS = Path("reports")

_PLACE = ("grid", "loop", "group", "position")
CLIP_COLUMNS = [*_PLACE, *PARAMETERS, "max_gain_reduction_db", "identifiable"]


def loop_file(material: str, loop: int) -> Path:
    """24-bit mono WAV of one dry loop."""
    return LOOPS / material / f"{loop:03d}.wav"


def loops_table(material: str) -> Path:
    """CSV with a row per dry loop: what it is and how it was made."""
    return LOOPS / material / "loops.csv"


def compressed_file(corpus: str, grid: str, loop: int) -> Path:
    """24-bit FLAC of one loop under all its settings of one grid, one clip after the other."""
    return COMPRESSED / corpus / grid / f"{loop:03d}.flac"


def settings_table(corpus: str) -> Path:
    """CSV with a row per compressed clip: grid, loop, position, the four parameters.

    An output of its own: DVC fails on a dependency that is part of another stage's folder when it
    restores a stage from its run cache and the folder of the last commit is not in the cache.
    """
    return SETTINGS / f"{corpus}.csv"


def closed_form_table(corpus: str) -> Path:
    """CSV with the closed-form estimate of every row of the corpus's settings table."""
    return CLOSED_FORM / f"{corpus}.csv"


def input_file(name: str, grid: str, loop: int) -> Path:
    """Array, float16 (handcrafted: float32), shape (settings, *input shape): one loop's clips."""
    return INPUTS / name / grid / f"{loop:03d}.npy"


def input_files(name: str, grid: str, rows: pd.DataFrame) -> list[Path]:
    """Files of an input under a grid, one for each loop of the grid's rows in the table."""
    return [input_file(name, grid, loop) for loop in range(rows["loop"].nunique())]


def dry_file(name: str) -> Path:
    """Array, float16, shape (loops, *input shape): the dry inputs."""
    return INPUTS / name / "dry.npy"


def changed_name(name: str, change: str) -> str:
    """Name of a grid's changed clips in an input, or of a network's embeddings of them."""
    return f"{name}-{change}"


def untrained_name(grid: str) -> str:
    """Name of the untrained twin of a grid's network."""
    return f"{grid}-untrained"


def no_network_name(grid: str) -> str:
    """Name of a grid's features without a network, beside the embeddings."""
    return f"{grid}-no-network"


def weights_file(experiment: str, network: str) -> Path:
    """Weights of one network; `networks.json` and `history.csv` lie beside it."""
    return MODELS / experiment / f"{network}.weights.h5"


def read_networks(experiment: str) -> dict[str, dict[str, Any]]:
    """Return what networks.json says of each network of an experiment, by its name."""
    path = MODELS / experiment / "networks.json"
    with reading(path):
        return json.loads(path.read_text())


def predictions_table(name: str) -> Path:
    """CSV with the out-of-sample prediction of every row of an experiment or a transfer."""
    return PREDICTIONS / f"{name}.csv"


def read_table(path: Path) -> pd.DataFrame:
    """Return a table that a stage wrote; InputError: it is missing, damaged or cut."""
    with reading(path):
        table = pd.read_csv(path, dtype={"group": str})
    if not path.read_bytes().endswith(b"\n"):
        raise InputError(f"{path}: is damaged: its end is missing")
    return table


def read_settings(corpus: str) -> pd.DataFrame:
    """Read the table of a corpus's compressed clips, ordered by grid, loop and position.

    `group` names what the loop was made from: loops of one group are not independent. `position`
    is the place of the clip in its loop's file, counted in clips. `max_gain_reduction_db` does not
    count the make-up gain. InputError: the table is missing or damaged, or rows of it are gone.
    """
    path = settings_table(corpus)
    table = read_table(path)
    columns = list(table.columns)
    if columns != CLIP_COLUMNS:
        raise InputError(f"{path}: its columns are {columns}, must be {CLIP_COLUMNS}")
    clips = table.groupby(["grid", "loop"], sort=False)
    sizes = clips.size().reset_index(name="clips")
    of_grids = sizes.groupby("grid", sort=False)
    whole = (
        table["identifiable"].dtype == bool  # else the last row was cut
        and (table["position"] == clips.cumcount()).all()
        and (sizes["loop"] == of_grids.cumcount()).all()
        and of_grids.size().nunique() == 1
        and (of_grids["clips"].nunique() == 1).all()
    )
    audio = list((COMPRESSED / corpus).glob("*/*.flac"))  # written together with the table
    if not whole or len(sizes) < len(audio):
        raise InputError(f"{path}: is damaged: rows are missing")
    return table


def read_grid(corpus: str, grid: str) -> pd.DataFrame:
    """Return the rows of one grid in a corpus's table."""
    settings = read_settings(corpus)
    return settings[settings["grid"] == grid]


def read_loops(material: str) -> pd.DataFrame:
    """Read the table of a material's loops; raise InputError where `render` has not made it."""
    path = loops_table(material)
    table = read_table(path)
    with reading(path):
        loops, audio = table["loop"].tolist(), [int(p.stem) for p in path.parent.glob("*.wav")]
    if set(audio) - set(loops):  # a missing audio file is noticed by who reads it
        raise InputError(f"{path}: is damaged: {len(loops)} rows for {len(audio)} loops")
    return table


def read_closed_form(corpus: str, grid: str) -> pd.DataFrame:
    """Return the closed-form estimates of the rows of one grid, and whether each is `solved`.

    InputError: a table is missing or damaged, or the two tables differ in length.
    """
    path, settings = closed_form_table(corpus), read_settings(corpus)
    table = read_table(path)
    if len(table) != len(settings):
        raise InputError(f"{path}: has {len(table)} rows, must have {len(settings)}")
    if table.isna().any(axis=None) or table["solved"].dtype != bool:
        raise InputError(f"{path}: lacks a value, must have one in every cell")
    return table[settings["grid"] == grid]


def training_states() -> Path:
    """Folder of the state of unfinished trainings: `$DRC_STATE`, else under `.dvc`."""
    folder = Path(os.environ.get("DRC_STATE") or ".dvc/tmp/train").absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise InputError(
            f"DRC_STATE={folder}: must be a folder that can be written ({error.strerror})"
        ) from error
    return folder


# The stages of dvc.yaml that write under data/ and models/.
_WRITTEN_BY = {
    LOOPS: "render",
    COMPRESSED: "compress",
    SETTINGS: "compress",
    CLOSED_FORM: "closed-form",
    INPUTS: "inputs",
    MODELS: "train or train-unseen-loops",
    EMBEDDINGS: "embed, unseen-loops or transfer",
    PREDICTIONS: "evaluate, unseen-loops or transfer",
    MATCH_EXAMPLES.parent: "match-examples",
}


def how_to_make(message: str) -> str:
    """Return what makes the file that an error's message names, as the message's end.

    Examples
    --------
    >>> how_to_make("data/inputs/drum-stft128/ds1/000.npy: missing")
    '; `dvc repro` makes it anew (stage inputs)'
    """
    if str(RECORDED) in message:
        return f"; `git checkout {RECORDED}` restores it"
    for folder, stage in _WRITTEN_BY.items():
        if f"{folder}/" in message:
            return f"; `dvc repro` makes it anew (stage {stage})"
    return ""
