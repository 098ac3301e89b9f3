"""Where each thing lies, from the project's root, and how it is written: whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOOPS = Path("data/loops")
COMPRESSED = Path("data/compressed")
SPECTROGRAMS = Path("data/spectrograms")
CLOSED_FORM = Path("data/closed_form")
HANDCRAFTED = Path("data/handcrafted")
MODELS = Path("models")
EMBEDDINGS = Path("data/embeddings")
PREDICTIONS = Path("data/predictions")
METRICS = Path("metrics")
MATCH_EXAMPLES = Path("data/match/examples.npz")
MATCH_MODEL = Path("stages/match/model.npz")  # in git, beside the code that reads it
REPORTS = Path("reports")


def loop_file(material: str, loop: int) -> Path:
    """24-bit mono WAV of one dry loop."""
    return LOOPS / material / f"{loop:03d}.wav"


def loops_table(material: str) -> Path:
    """CSV with a row per dry loop: what it is and how it was made."""
    return LOOPS / material / "loops.csv"


def compressed_file(corpus: str, grid: str, loop: int) -> Path:
    """24-bit FLAC of one loop under all its settings of one grid, back to back."""
    return COMPRESSED / corpus / grid / f"{loop:03d}.flac"


def settings_table(corpus: str) -> Path:
    """CSV with a row per compressed clip: grid, loop, position, the four parameters."""
    return COMPRESSED / corpus / "settings.csv"


def spectrogram_file(name: str, grid: str, loop: int) -> Path:
    """Array, float16, shape (settings, *input shape): one loop's compressed inputs."""
    return SPECTROGRAMS / name / grid / f"{loop:03d}.npy"


def delayed_file(name: str, grid: str, loop: int) -> Path:
    """Array like that of `spectrogram_file`: the same clips, delayed."""
    return SPECTROGRAMS / name / f"{grid}-delayed" / f"{loop:03d}.npy"


def dry_file(name: str) -> Path:
    """Array, float16, shape (loops, *input shape): the dry inputs."""
    return SPECTROGRAMS / name / "dry.npy"


def closed_form_table(corpus: str) -> Path:
    """CSV with the closed-form estimate of every row of the corpus's settings table."""
    return CLOSED_FORM / f"{corpus}.csv"


def handcrafted_table(corpus: str) -> Path:
    """Parquet with the handcrafted features of every row of the corpus's settings table."""
    return HANDCRAFTED / f"{corpus}.parquet"


def network_name(grid: str, fold: int | None = None) -> str:
    """Name of one trained network: the grid, or the grid and the fold it has not seen."""
    return grid if fold is None else f"{grid}-fold{fold}"


def weights_file(experiment: str, network: str) -> Path:
    """Weights of one network; `networks.json` and `history.csv` lie beside it."""
    return MODELS / experiment / f"{network}.weights.h5"


def embedding_file(name: str, network: str) -> Path:
    """Array, float32, shape (rows, embedding), rows in the order of settings.csv.

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
    """CSV with the out-of-sample prediction of every row, for the plots.

    `name` is an experiment, a transfer or an entry of one of the handcrafted sections.
    """
    return PREDICTIONS / f"{name}.csv"


def metrics_file(scale: str, name: str) -> Path:
    """JSON with the errors of what `predictions_table` has the predictions of."""
    return METRICS / scale / "experiments" / f"{name}.json"


def training_states() -> Path:
    """Folder of the trainings' states, outside the outputs: `$DRC_STATE`, else under `.dvc`."""
    return Path(os.environ.get("DRC_STATE", ".dvc/tmp/train"))


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Yield a temporary name (a file or a folder to create); move it to `path` on success.

    The old content of `path` stays until the new one is whole, and a failure leaves no trace.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    _remove(temporary)
    try:
        yield temporary
        if temporary.is_dir():
            _remove(path)
        temporary.replace(path)
    finally:
        _remove(temporary)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
