"""What has to be there before an entry of params.yaml can be judged: other entries, and stages."""

from __future__ import annotations

from pathlib import Path

from stages.common import files
from stages.common.errors import InputError
from stages.common.params import Params


def corpus_of(params: Params, name: str) -> str:
    """Return the corpus on which one of `params.evaluated` is judged."""
    for entries in (
        params.experiments,
        params.transfers,
        params.handcrafted,
        params.handcrafted_transfers,
    ):
        if name in entries:
            return entries[name].corpus
    raise InputError(f"there is no {name} in params.yaml; it has: {', '.join(params.evaluated)}")


def source_of(params: Params, name: str) -> str | None:
    """Return the entry whose run a transfer goes on from; None for all that is no transfer.

    Raises
    ------
    InputError
        If the corpus from which handcrafted features are carried over has no entry of its own.
    """
    if name in params.transfers:
        return params.transfers[name].experiment
    if name in params.handcrafted_transfers:
        corpus = params.handcrafted_transfers[name].source
        for source, entry in params.handcrafted.items():
            if entry.corpus == corpus:
                return source
        raise InputError(f"{name}: no entry of `handcrafted` has its source {corpus}")
    return None


def stages_of(params: Params, name: str) -> dict[str, Path]:
    """Return the stages that a run takes, in order, and what each of them writes.

    Of a transfer: those that come after the stages of its source.
    """
    corpus = corpus_of(params, name)
    material = params.corpora[corpus].material
    stages = {
        f"render@{material}": files.LOOPS / material,
        f"compress@{corpus}": files.COMPRESSED / corpus,
        f"closed-form@{corpus}": files.closed_form_table(corpus),
    }
    if name in params.experiments:
        stages[f"spectrogram@{params.experiments[name].input}"] = (
            files.SPECTROGRAMS / params.experiments[name].input
        )
        stages[f"train@{name}"] = files.MODELS / name
        stages[f"embed@{name}"] = files.EMBEDDINGS / name
        evaluate = "evaluate"
    elif name in params.transfers:
        stages[f"spectrogram@{params.transfers[name].input}"] = (
            files.SPECTROGRAMS / params.transfers[name].input
        )
        stages[f"embed-transfer@{name}"] = files.EMBEDDINGS / name
        evaluate = "evaluate-transfer"
    else:
        stages[f"handcraft@{corpus}"] = files.handcrafted_table(corpus)
        carried = name in params.handcrafted_transfers
        evaluate = "evaluate-handcrafted-transfer" if carried else "evaluate-handcrafted"
    return stages | {f"{evaluate}@{name}": files.PREDICTIONS / f"{name}.csv"}
