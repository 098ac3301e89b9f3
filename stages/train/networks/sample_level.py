"""Model 2 of the paper (Table II): small convolutions along the samples, residual back end."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import keras
from keras import layers

from stages.train.networks.back_end import (
    normalised_convolution,
    require_steps,
    residual_back_end,
)

STRIDE = 3  # of the first convolution, and of every pooling


def sample_level_branch(
    input_shape: Sequence[int],
    *,
    filters: Sequence[int],
    kernel: int,
    back_end: int,
    embedding: int,
) -> keras.Model:
    """Build one branch of Model 2.

    The first convolution takes every third sample; each further one is pooled by three. All of
    them are padded: the steps of time that are left do not depend on the kernel.

    Parameters
    ----------
    input_shape : (samples,)
    filters : number of filters of each convolution of the front end; the paper's are
        64, 64, 64, 128, 128, 256, 256
    kernel : length of their kernels; the paper's is 3, and 9 in Table IX
    back_end : number of filters of the back end
    embedding : size of the embedding

    Returns
    -------
    keras.Model, (batch, samples, 1) -> (batch, embedding)

    Raises
    ------
    InputError
        If the input is too short: 7 steps of 3 ** len(filters) samples must be left of it.

    References
    ----------
    Sheng and Fazekas (2019), Table II; Lee et al. (2017), Sample-level deep convolutional neural
    networks for music auto-tagging using raw waveforms.
    """
    (samples,) = input_shape
    require_steps(ceil(samples / STRIDE) // STRIDE ** (len(filters) - 1))
    waveform = layers.Input((samples, 1))
    first, *others = filters
    features = normalised_convolution(waveform, first, kernel, strides=STRIDE)
    for count in others:
        features = normalised_convolution(features, count, kernel)
        features = layers.MaxPooling1D(STRIDE)(features)
    output = residual_back_end(features, filters=back_end, embedding=embedding)
    return keras.Model(waveform, output, name="branch")
