"""Time of one training step per example, for every network input, at each scale.

`python -m benchmarks.training_step [scale ...]` prints a table: Model 1, batches of 8 rows of
`train.loops_per_batch` loops, on one thread. Medians of `STEPS` steps on random inputs.
"""

from __future__ import annotations

import sys
import time
from typing import get_args

import numpy as np

from stages.common.params import ScaleName, load_params
from stages.train.backend import prepare_backend

STEPS = 9
WARM_UP = 3
OUTPUTS = 4


def step_ms(scale: ScaleName, representation: str) -> tuple[tuple[int, ...], float]:
    """Return the input's shape, and the milliseconds of a training step per example."""
    prepare_backend(seed=0)
    import keras

    from stages.spectrogram.representations import input_shape
    from stages.train.networks.siamese import build_siamese

    params = load_params()
    samples = round(params.scales[scale].clip_seconds * params.sample_rate)
    shape = input_shape(params.representations[representation], samples)
    options = params.train
    loops, rows = options.loops_per_batch, options.batch_size
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(loops + rows, *shape, 1)).astype(np.float32)
    loop = np.repeat(np.arange(loops, dtype=np.int32), rows // loops)
    targets = generator.uniform(size=(rows, OUTPUTS)).astype(np.float32)
    network = build_siamese(params.models["cnn"], shape, OUTPUTS)
    network.compile(keras.optimizers.Adadelta(1.0), "mse", jit_compile=False)
    seconds = []
    for _ in range(WARM_UP + STEPS):
        started = time.perf_counter()
        network.train_on_batch((inputs, loop), targets)
        seconds.append(time.perf_counter() - started)
    return shape, 1000 * float(np.median(seconds[WARM_UP:])) / rows


def main(scales: list[ScaleName]) -> dict[str, float]:
    """Print the table and return its figures, in ms per example, by scale and representation."""
    params = load_params()
    figures = {}
    print("| scale | input | shape | ms per example |\n|---|---|---|---:|")
    for scale in scales:
        for name, representation in params.representations.items():
            if representation.n_fft is None:
                continue  # Model 1 takes no waveform
            shape, figure = step_ms(scale, name)
            figures[f"{scale}-{name}"] = figure
            print(f"| {scale} | {name} | {shape} | {figure:.1f} |")
    return figures


if __name__ == "__main__":
    main([name for name in get_args(ScaleName) if name in (sys.argv[1:] or ["laptop", "paper"])])
