"""Which optimizer a training has, and how its learning rate goes down."""

import numpy as np
import pytest

from stages.common.params import TrainChanges, load_params
from stages.train.optimizer import make_optimizer

TRAIN = load_params().train


def test_the_papers_is_adadelta():
    import keras

    optimizer = make_optimizer(TRAIN, steps=100)
    assert isinstance(optimizer, keras.optimizers.Adadelta)
    assert (float(optimizer.learning_rate), optimizer.rho) == (1.0, 0.95)


def test_a_cosine_goes_from_the_learning_rate_to_zero():
    changes = TrainChanges(optimizer="adamw", learning_rate=0.01, schedule="cosine")
    optimizer = make_optimizer(changes.applied_to(TRAIN), steps=100)
    rates = []
    for step in (0, 50, 100):
        optimizer.iterations.assign(step)
        rates.append(float(optimizer.learning_rate))
    np.testing.assert_allclose(rates, [0.01, 0.005, 0], atol=1e-8)


def test_weight_decay_reaches_adamw():
    changes = TrainChanges(optimizer="adamw", weight_decay=0.3)
    assert make_optimizer(changes.applied_to(TRAIN), steps=1).weight_decay == pytest.approx(0.3)


def test_changes_are_checked_with_the_rest():
    with pytest.raises(ValueError, match="loops_per_batch 4 must divide batch_size 9"):
        TrainChanges(batch_size=9).applied_to(TRAIN)
