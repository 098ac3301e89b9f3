"""The optimizer of a training, and how its learning rate goes down."""

from __future__ import annotations

import keras

from stages.common.params import Train


def make_optimizer(options: Train, *, steps: int) -> keras.optimizers.Optimizer:
    """Make the optimizer that `options` name.

    Parameters
    ----------
    options : Train
        adadelta (Zeiler 2012; rho, epsilon) or adamw (Loshchilov and Hutter 2019; weight_decay),
        with a constant learning rate or one that goes down to 0 by half a cosine.
    steps : int
        Batches of the whole training: the length of the cosine.
    """
    rate = options.learning_rate
    if options.schedule == "cosine":
        # The optimizer counts the steps, and a checkpoint keeps the count.
        rate = keras.optimizers.schedules.CosineDecay(options.learning_rate, steps)
    if options.optimizer == "adamw":
        return keras.optimizers.AdamW(rate, weight_decay=options.weight_decay)
    return keras.optimizers.Adadelta(rate, rho=options.rho, epsilon=options.epsilon)
