"""Two batches on two devices, and the same batches joined on one: how far the weights differ.

A program of its own, because TensorFlow splits the processor into devices before it starts.
"""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf

from docs.several_gpus import mirrored_training
from siamese_drc.networks.siamese import Siamese, build_siamese
from siamese_drc.networks.training import TrainingOptions, compile_network

SHAPE = (16, 16)
LOOP = np.array([0, 0, 1, 1], np.int32)


def build() -> Siamese:
    keras.utils.set_random_seed(1)
    return build_siamese("cnn", SHAPE, 1, filters=[4, 4], embedding=8)


def main() -> None:
    (processor,) = tf.config.list_physical_devices("CPU")
    devices = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(processor, devices)
    options = TrainingOptions(max_epochs=1)
    generator = np.random.default_rng(0)
    dry = generator.normal(size=(2, 2, *SHAPE, 1)).astype(np.float32)
    compressed = generator.normal(size=(2, 4, *SHAPE, 1)).astype(np.float32)
    targets = generator.uniform(size=(2, 4, 1)).astype(np.float32)

    mirrored, step = mirrored_training(
        tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]), build, options
    )
    step([((np.concatenate([dry[i], compressed[i]]), LOOP), targets[i]) for i in (0, 1)])

    joined = build()
    before = joined.get_weights()
    compile_network(joined, options)
    inputs = np.concatenate([*dry, *compressed])
    joined.train_on_batch((inputs, np.concatenate([LOOP, LOOP + 2])), np.concatenate(targets))

    def distance(weights: list[np.ndarray], others: list[np.ndarray]) -> float:
        return max(float(np.abs(a - b).max()) for a, b in zip(weights, others, strict=True))

    print(distance(mirrored.get_weights(), joined.get_weights()))
    print(distance(before, joined.get_weights()))


if __name__ == "__main__":
    main()
