"""What a training needs of the disk, counted without building its network."""

import keras
import pytest

from stages.common.params import load_params
from stages.train.checkpoint import LearningCurve, save_checkpoint
from stages.train.disk import count_weights
from stages.train.networks.siamese import build_siamese

MODEL = load_params().models["cnn"]


@pytest.mark.parametrize("shape", [(128, 690), (65, 2757), (129, 345), (33, 40)])
@pytest.mark.parametrize("outputs", [1, 4])
def test_weights_are_those_of_the_network(shape, outputs):
    counted = count_weights(MODEL, shape, outputs)
    assert counted == build_siamese(MODEL, shape, outputs).count_params()


def test_a_checkpoint_holds_four_copies(tmp_path):
    network = build_siamese(MODEL, (128, 173), 2)
    optimizer = keras.optimizers.Adadelta()
    network.compile(optimizer=optimizer, loss="mse")
    optimizer.build(network.trainable_variables)
    save_checkpoint(tmp_path / "a.npz", network, network.get_weights(), LearningCurve([1.0], [1.0]))
    weights = 4 * network.count_params()
    assert 4 * weights < (tmp_path / "a.npz").stat().st_size < 4 * weights + 2**16
