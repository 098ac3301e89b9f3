"""One network on several GPUs: TensorFlow's MirroredStrategy on the project's own batches.

A batch holds the dry inputs of some loops before the rows that share them, so it cannot be split by
rows. Each GPU gets a whole batch, and a step is that of all these batches joined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from siamese_drc.networks.batches import Batch
from siamese_drc.networks.siamese import Siamese
from siamese_drc.networks.training import TrainingOptions, compile_network


def mirrored_training(
    strategy: tf.distribute.Strategy, build: Callable[[], Siamese], options: TrainingOptions
) -> tuple[Siamese, Callable[[Sequence[tuple[Batch, np.ndarray]]], Any]]:
    """Return a network built on every device of a strategy, and the step that trains it.

    Parameters
    ----------
    strategy : tf.distribute.MirroredStrategy
    build : callable
        Returns the network with fresh weights.
    options : TrainingOptions

    Returns
    -------
    Siamese
    step : callable
        Takes, for each device, a batch and the scaled targets of its rows. All batches must have as
        many rows and as many loops.
    """
    with strategy.scope():
        network = build()
        compile_network(network, options)

    @tf.function
    def train_step(data: Any) -> Any:
        return strategy.run(network.train_step, args=(data,))

    def step(batches: Sequence[tuple[Batch, np.ndarray]]) -> Any:
        def of_device(*parts: np.ndarray) -> Any:
            return strategy.experimental_distribute_values_from_function(
                lambda device: tf.constant(parts[device.replica_id_in_sync_group])
            )

        return train_step(tf.nest.map_structure(of_device, *batches))

    return network, step
