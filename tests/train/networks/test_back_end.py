"""The residual back end is the lower half of Table II."""

import keras
import numpy as np
import pytest
from keras import layers

from stages.common.errors import InputError
from stages.train.networks.back_end import residual_back_end
from tests.train.networks.textbook import randomise
from tests.train.networks.textbook import residual_back_end as textbook_back_end


def back_end(steps=12, channels=4, filters=5, embedding=6):
    features = layers.Input((steps, channels))
    output = residual_back_end(features, filters=filters, embedding=embedding)
    return keras.Model(features, output)


def test_it_computes_what_the_textbook_does():
    model = back_end()
    randomise(model)
    features = np.random.default_rng(1).normal(size=(2, 12, 4)).astype(np.float32)
    expected = [textbook_back_end(one, model.get_weights()) for one in features]
    np.testing.assert_allclose(np.asarray(model(features)), expected, rtol=1e-4, atol=1e-4)


def test_an_input_too_short_for_the_first_convolution_is_refused():
    assert back_end(steps=7).output_shape == (None, 6)
    with pytest.raises(InputError, match="leaves 6 steps of time and its back end needs at least"):
        back_end(steps=6)
