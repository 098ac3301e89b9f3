"""The embeddings of one loop's rows on one thread, beside Keras' own `predict` on both inputs.

Usage: python -m benchmarks.embed
"""

from __future__ import annotations

import os
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.interleaved import interleaved_medians
from benchmarks.machine import matrix_rate
from benchmarks.table import Row, markdown
from stages.common.params import Params, load_params
from stages.train.backend import prepare_backend

REPRESENTATIONS = ("mel512", "stft128")
ROWS, LOOPS = 48, 2
ROUNDS = 7


def measure() -> list[Row]:
    """Time Model 1 on random inputs at laptop scale."""
    os.environ["LOKY_MAX_CPU_COUNT"] = "1"  # the kernels would take a second core
    prepare_backend(seed=0)
    params = load_params()
    gflop_per_s = matrix_rate(threads=1)
    with tempfile.TemporaryDirectory() as folder:
        return [embedding(params, name, Path(folder), gflop_per_s) for name in REPRESENTATIONS]


def embedding(params: Params, name: str, folder: Path, gflop_per_s: float) -> Row:
    """Time one representation, milliseconds a row."""
    from benchmarks.plain_keras import branch_gflop, plain_branch
    from stages.spectrogram.representations import input_shape
    from stages.train.data_set import DataSet
    from stages.train.inference import embed_rows
    from stages.train.networks.siamese import build_siamese

    samples = round(params.scales["laptop"].clip_seconds * params.sample_rate)
    shape = input_shape(params.representations[name], samples)
    generator = np.random.default_rng(0)
    dry = generator.normal(size=(LOOPS, *shape)).astype(np.float16)
    paths = [folder / f"{name}-{loop}.npy" for loop in range(LOOPS)]
    for path in paths:
        np.save(path, generator.normal(size=(ROWS // LOOPS, *shape)).astype(np.float16))
    position = np.arange(ROWS) % (ROWS // LOOPS)
    loop = np.repeat(np.arange(LOOPS), ROWS // LOOPS)
    data = DataSet(pd.DataFrame({"loop": loop, "position": position}), dry, paths)
    network = build_siamese(params.models["cnn"], shape, outputs=4)
    network.branch.compile(jit_compile=False)
    rows = np.arange(ROWS)
    plain = plain_branch(params.models["cnn"], shape, dropout=0.0)
    times = interleaved_medians(
        {
            "ours": partial(embed_rows, network, data, rows, mean=0.0, deviation=1.0),
            "Keras": partial(predict_both, plain, dry[loop], np.concatenate(_load(paths))),
        },
        rounds=ROUNDS,
    )
    # A dry input passes the branch once for all of its rows
    passes = 1 + LOOPS / ROWS
    return Row(
        f"{name}, {shape[0]} x {shape[1]}",
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


def _load(paths: list[Path]) -> list[np.ndarray]:
    return [np.load(path) for path in paths]


if __name__ == "__main__":
    print(markdown(measure()))
