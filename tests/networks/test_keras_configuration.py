"""Keras is prepared whatever the user's home says and whatever ran before."""

import json
import os
import subprocess
import sys
from pathlib import Path

SHOW = """
from siamese_drc.networks.backend import prepare_backend
prepare_backend(1)
from keras import config
print(config.backend(), config.floatx(), config.epsilon(), config.image_data_format())
"""


def test_keras_json_has_no_effect(tmp_path):
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras/keras.json").write_text(
        json.dumps(
            {
                "backend": "jax",
                "floatx": "float16",
                "epsilon": 0.1,
                "image_data_format": "channels_first",
            }
        )
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KERAS_")}
    root = Path(__file__).parents[2]
    shown = subprocess.run(
        [sys.executable, "-c", SHOW],
        env=kept | {"HOME": str(tmp_path), "LC_ALL": "C", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.split() == ["tensorflow", "float32", "1e-07", "channels_last"]


def test_it_is_prepared_after_tensorflow_has_started():
    code = """
import tensorflow as tf
assert tf.constant(1) + 1 == 2
from siamese_drc.networks.backend import prepare_backend
prepare_backend(1)
"""
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
