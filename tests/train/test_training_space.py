"""What a training needs of the disk, counted without building its network."""

import keras
import pytest

from stages.common.params import load_params
from stages.train.checkpoint import LearningCurve, save_checkpoint
from stages.train.networks.siamese import build_siamese
from stages.train.weight_count import count_weights

PARAMS = load_params()
SHAPES = [(128, 690), (65, 2757), (129, 345), (33, 40)]
VECTORS = {"sample_level": [(44100,)], "dense": [(259,), (7,)]}
CASES = [
    (name, shape)
    for name, model in PARAMS.models.items()
    for shape in VECTORS.get(model.kind, SHAPES)
]


@pytest.mark.parametrize(("name", "shape"), CASES)
@pytest.mark.parametrize(("scale", "outputs"), [("paper", 4), ("laptop", 1)])
def test_weights_are_those_of_the_network(name, shape, scale, outputs):
    model = PARAMS.models[name].narrowed(PARAMS.scales[scale].width)
    counted = count_weights(model, shape, outputs)
    assert counted == build_siamese(model, shape, outputs).count_params()


@pytest.mark.parametrize("name", ["cnn", "multi-kernel"])
def test_a_checkpoint_holds_four_copies(name, tmp_path):
    model = PARAMS.models[name].narrowed(PARAMS.scales["laptop"].width)
    network = build_siamese(model, (128, 173), 2)
    optimizer = keras.optimizers.Adadelta()
    network.compile(optimizer=optimizer, loss="mse")
    optimizer.build(network.trainable_variables)
    save_checkpoint(tmp_path / "a.npz", network, network.get_weights(), LearningCurve([1.0], [1.0]))
    weights = 4 * network.count_params()
    assert 4 * weights < (tmp_path / "a.npz").stat().st_size < 4 * weights + 2**17
