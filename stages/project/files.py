"""Where each file lies, from the project's root."""

from __future__ import annotations

import os
from pathlib import Path

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
MATCH_MODEL = Path("siamese_drc/pretrained/match.npz")  # in git and in the wheel
REPORTS = Path("reports")


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


def delayed_file(name: str, grid: str, loop: int) -> Path:
    """Array like that of `input_file`: the same clips, delayed."""
    return INPUTS / name / f"{grid}-delayed" / f"{loop:03d}.npy"


def dry_file(name: str) -> Path:
    """Array, float16, shape (loops, *input shape): the dry inputs."""
    return INPUTS / name / "dry.npy"


def network_name(grid: str, fold: int | None = None) -> str:
    """Name of one trained network: the grid, or the grid and the fold it has not seen."""
    return grid if fold is None else f"{grid}-fold{fold}"


def weights_file(experiment: str, network: str) -> Path:
    """Weights of one network; `networks.json` and `history.csv` lie beside it."""
    return MODELS / experiment / f"{network}.weights.h5"


def embedding_file(name: str, network: str) -> Path:
    """Array, float32, shape (rows, features), rows in the order of the settings table.

    `name` is an experiment or a transfer.
    """
    return EMBEDDINGS / name / f"{network}.npy"


def delayed_network_name(network: str) -> str:
    """Name under which a network's embeddings and outputs of delayed clips are kept."""
    return f"{network}-delayed"


def output_file(name: str, network: str) -> Path:
    """Array, float32, shape (rows, varied parameters): the network's own output in real units."""
    return EMBEDDINGS / name / f"{network}-output.npy"


def predictions_table(name: str) -> Path:
    """CSV with the out-of-sample prediction of every row of an experiment or a transfer."""
    return PREDICTIONS / f"{name}.csv"


def metrics_file(scale: str, name: str) -> Path:
    """JSON with the errors of an experiment or a transfer."""
    return METRICS / scale / "experiments" / f"{name}.json"


def training_states() -> Path:
    """Folder of the state of unfinished trainings: `$DRC_STATE`, else under `.dvc`."""
    return Path(os.environ.get("DRC_STATE", ".dvc/tmp/train"))
