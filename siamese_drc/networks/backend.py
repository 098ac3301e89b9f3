"""Keras prepared so that a training has the same result on every run."""

from __future__ import annotations

import os
from contextlib import suppress


def prepare_backend(seed: int) -> None:
    """Import Keras with reproducible arithmetic, and seed it.

    The default backend is TensorFlow; `KERAS_BACKEND` chooses another. On a processor, a TensorFlow
    operation runs on one thread, because small convolutions gain little from a second one, and the
    order of summation must not depend on the number of cores. Two operations that are independent
    of each other may run at once.
    TensorFlow's oneDNN kernels are on: by itself it uses them only on processors with AVX-512 VNNI,
    and its others train Model 1 more slowly (`TF_ENABLE_ONEDNN_OPTS=0` selects them).
    The seed is that of Python's, NumPy's and the backend's random numbers.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ["KERAS_HOME"] = os.devnull  # the user's own keras.json has no effect
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        if not tf.config.list_physical_devices("GPU"):
            with suppress(RuntimeError):  # it has started and keeps the threads that it has
                tf.config.threading.set_intra_op_parallelism_threads(1)
                tf.config.threading.set_inter_op_parallelism_threads(2)
        tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)
