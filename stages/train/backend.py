"""Keras with every source of chance seeded and fixed sums: the same bytes on every run."""

from __future__ import annotations

import os


def prepare_backend(seed: int) -> None:
    """Import Keras so that its arithmetic is the same on every run, and seed it.

    The default backend is TensorFlow; `KERAS_BACKEND` chooses another. An operation works on one
    thread, since small convolutions gain little from a second, and the order of summation does not
    depend on the number of cores. Two operations that do not wait for each other run side by side,
    which a training gains from that has no other beside it.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        if on_processor() and not _started(tf):
            tf.config.threading.set_intra_op_parallelism_threads(1)
            tf.config.threading.set_inter_op_parallelism_threads(2)
        tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)


def on_processor() -> bool:
    """Whether the backend is TensorFlow and finds no GPU."""
    import keras

    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return not tf.config.list_physical_devices("GPU")


def _started(tf: object) -> bool:
    """Whether TensorFlow's threads run already (a worker's second training): they stay as set."""
    return bool(tf.config.threading.get_intra_op_parallelism_threads())  # type: ignore[attr-defined]
