"""Model 3 is Fig. 2: ten kernels side by side, their sizes, their arithmetic, the back end."""

import keras
import numpy as np
import pytest
from keras import layers

from stages.common.errors import InputError
from stages.common.params import load_params
from stages.train.networks.band_convolution import BandConvolution
from stages.train.networks.siamese import build_siamese
from tests.train.networks import textbook

MODELS = load_params().models


@pytest.mark.parametrize(
    ("name", "shape", "size"),
    [
        ("multi-kernel", (128, 690), 5_454_526),
        ("multi-kernel-tuned", (65, 2757), 5_421_390),
    ],
)
def test_size_with_four_outputs(name, shape, size):
    """The moving statistics are among the weights, as in Model 2."""
    assert build_siamese(MODELS[name], shape, 4).count_params() == size


@pytest.mark.parametrize(
    ("name", "shape", "timbre", "temporal"),
    [
        (
            "multi-kernel",
            (128, 690),
            [(7, 115), (3, 115), (1, 115), (7, 51), (3, 51), (1, 51)],
            [165, 128, 64, 32],
        ),
        (
            "multi-kernel-tuned",
            (65, 2757),
            [(7, 58), (3, 58), (1, 58), (7, 26), (3, 26), (1, 26)],
            [64, 32, 16, 8],
        ),
    ],
)
def test_layers_are_those_of_figure_2(name, shape, timbre, temporal):
    branch = build_siamese(MODELS[name], shape, 4).branch
    joined = next(layer for layer in branch.layers if layer.output.shape == (None, shape[1], 464))
    blocks = [tensor.shape[-1] for tensor in joined.input]
    assert blocks == [16, 32, 64, 16, 32, 64, 16, 32, 64, 128]
    kernels = {tuple(weight.shape) for weight in branch.weights if weight.name == "kernel"}
    filters = [16, 32, 64]
    assert kernels == {
        *((*kernel, 1, count) for kernel, count in zip(timbre, 2 * filters, strict=True)),
        *((k, 1, count) for k, count in zip(temporal, [*filters, 128], strict=True)),
        (7, 464, 512),
        (7, 512, 512),
        (1024, 50),
    }
    assert branch.output_shape == (None, 50)


@pytest.mark.parametrize("frames", [1, 3, 7, 4])
def test_timbre_features_are_those_of_the_textbook(frames):
    spectrogram = layers.Input((8, 9))
    model = keras.Model(spectrogram, BandConvolution(3, frames, 5)(spectrogram))
    textbook.randomise(model)
    by_band = np.random.default_rng(1).normal(size=(1, 8, 9)).astype(np.float32)
    expected = textbook.timbre_features(by_band[0].T, *model.get_weights())
    np.testing.assert_allclose(np.asarray(model(by_band))[0], expected, atol=1e-4)


def test_temporal_features_see_the_mean_over_the_bands():
    """Bands that change places are heard by the timbre kernels, and not by the temporal ones."""
    model = MODELS["multi-kernel-tuned"].model_copy(update={"back_end": 8})
    branch = build_siamese(model, (16, 40), 1).branch
    joined = next(layer for layer in branch.layers if layer.output.shape == (None, 40, 464))
    front_end = keras.Model(branch.input, joined.output)
    image = np.random.default_rng(0).normal(size=(1, 16, 40, 1)).astype(np.float32)
    before, after = np.asarray(front_end(image)), np.asarray(front_end(image[:, ::-1]))
    np.testing.assert_allclose(before[..., 224:], after[..., 224:], atol=1e-5)
    assert np.abs(before[..., :224] - after[..., :224]).max(axis=(0, 1)).min() > 1e-3


@pytest.mark.parametrize("shape", [(128, 173), (65, 690), (128, 87), (65, 345)])
def test_it_fits_the_inputs_of_the_smaller_scales(shape):
    model = MODELS["multi-kernel"].model_copy(update={"back_end": 8})
    assert build_siamese(model, shape, 1).branch.output_shape == (None, 50)


def test_seven_frames_are_the_fewest():
    model = MODELS["multi-kernel"].model_copy(update={"back_end": 8})
    build_siamese(model, (128, 7), 1)
    with pytest.raises(InputError, match="leaves 6 steps of time"):
        build_siamese(model, (128, 6), 1)
