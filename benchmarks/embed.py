"""The embeddings of one loop's rows on one thread, beside Keras' own `predict` on both inputs."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import matrix_rate
from benchmarks.measuring import interleaved_medians
from benchmarks.table import Row
from benchmarks.training import LOOPS, OUTPUTS, case_of
from siamese_drc.networks.backend import prepare_backend
from stages.project.params import load_params

REPRESENTATIONS = ("mel512", "stft128")
ROWS = 24 * LOOPS
ROUNDS = 7


def measure() -> list[Row]:
    """Time Model 1 on random inputs at laptop scale."""
    prepare_backend(seed=0)
    gflop_per_s = matrix_rate(threads=1)
    return [embedding(name, gflop_per_s) for name in REPRESENTATIONS]


def embedding(representation: str, gflop_per_s: float) -> Row:
    """Time one representation, milliseconds a row."""
    from benchmarks.plain_keras import branch_gflop, plain_branch
    from siamese_drc.networks.batches import DataSet
    from siamese_drc.networks.siamese import build_siamese, embed_rows

    with tempfile.TemporaryDirectory() as name:
        case = case_of(load_params(), "laptop", "cnn", representation, Path(name), ROWS)
        dry = np.load(case.dry_file)
        compressed = np.concatenate([np.load(path) for path in case.files])
        data = DataSet(dry, case.files, case.loop, np.arange(ROWS) % (ROWS // LOOPS))
        network = build_siamese(input_shape=case.shape, outputs=OUTPUTS, **case.model)
        plain = plain_branch(case.model, case.shape)
        times = interleaved_medians(
            {
                "ours": partial(embed_rows, network, data, np.arange(ROWS)),
                "Keras": partial(predict_both, plain, dry[case.loop], compressed),
            },
            rounds=ROUNDS,
        )
    passes = 1 + LOOPS / ROWS  # a dry input passes the branch once for all of its rows
    return Row(
        f"{representation}, {' x '.join(map(str, case.shape))}",
        1000 * times["ours"] / ROWS,
        {"Keras predict": 1000 * times["Keras"] / ROWS},
        "ms a row",
        floor=1000 * passes * branch_gflop(plain) / gflop_per_s,
        floor_is="arithmetic",
    )


def predict_both(branch: Any, dry: np.ndarray, compressed: np.ndarray) -> np.ndarray:
    """Embed each row's dry and compressed input, arrays in memory."""
    dry, compressed = (each[..., None].astype(np.float32) for each in (dry, compressed))
    return branch.predict(dry, verbose=0) - branch.predict(compressed, verbose=0)
