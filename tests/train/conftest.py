"""A small data set that a network can learn: the compressed input is the dry one, shifted."""

import numpy as np
import pandas as pd
import pytest

from stages.train.backend import prepare_backend
from stages.train.data_set import DataSet

prepare_backend(seed=0)  # before any test starts TensorFlow's threads


@pytest.fixture
def data_set(tmp_path):
    generator = np.random.default_rng(0)
    loops, settings, shape = 6, 10, (32, 32)
    dry = generator.normal(-40, 10, (loops, *shape)).astype(np.float16)
    attack = generator.uniform(1, 99, (loops, settings))
    rows, files = [], []
    for loop in range(loops):
        shift = attack[loop][:, None, None] / 10
        files.append(tmp_path / f"{loop:03d}.npy")
        np.save(files[-1], (dry[loop] - shift).astype(np.float16))
        rows += [
            {"loop": loop, "position": i, "attack_ms": attack[loop, i]} for i in range(settings)
        ]
    return DataSet(pd.DataFrame(rows), dry, files)
