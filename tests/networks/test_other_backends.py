"""A small training passes on JAX too: networks and training use Keras only."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

PROGRAM = """
import sys
from dataclasses import replace
from pathlib import Path
import keras
import numpy as np
from siamese_drc.networks.siamese import build_siamese
from tests.networks.conftest import make_data_set
from tests.networks.test_siamese import MODELS
from tests.networks.test_training import DROPPING, PAPER, errors, fit
assert keras.backend.backend() == "jax"
shifted = make_data_set(Path(sys.argv[1]))
network, curve, split = fit(shifted, model=DROPPING, options=replace(PAPER, max_epochs=2))
found = np.square(errors(network, shifted, split.validation)).mean()
assert np.isclose(found, min(curve.validation_losses), rtol=1e-4), (found, curve)
assert curve.losses[-1] < curve.losses[0], curve
for model, shape in MODELS:
    shape = np.atleast_1d(shape).tolist()
    network = build_siamese(input_shape=shape, outputs=2, **model)
    assert network((np.ones((3, *shape, 1)), np.zeros(2, int)), training=True).shape == (2, 2)
"""


@pytest.mark.skipif(find_spec("jax") is None, reason="jax is not installed")
def test_a_smoke_training_passes_on_jax(tmp_path):
    root = Path(__file__).parents[2]
    subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        cwd=root,
        check=True,
        env={**os.environ, "PYTHONPATH": str(root), "KERAS_BACKEND": "jax"},
    )
