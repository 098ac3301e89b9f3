"""Model 3 of the paper (Fig. 2): kernels of many shapes side by side, residual back end."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers, ops

from stages.common.params import Kernels, TimbreKernels
from stages.train.networks.back_end import normalised_convolution, residual_back_end
from stages.train.networks.band_convolution import BandConvolution


def multi_kernel_branch(
    input_shape: Sequence[int],
    *,
    timbre: TimbreKernels,
    temporal: Kernels,
    back_end: int,
    embedding: int,
) -> keras.Model:
    """Build one branch of Model 3.

    Parameters
    ----------
    input_shape : (bands, frames)
    timbre : kernels over time and frequency; the paper's are 7, 3 and 1 frames long, over 0.9 and
        over 0.4 of the bands (rounded down)
    temporal : kernels over time, on the mean of the bands; the paper's are 165, 128, 64 and 32
        frames long
    back_end : number of filters of the back end
    embedding : size of the embedding

    Returns
    -------
    keras.Model, (batch, bands, frames, 1) -> (batch, embedding)

    Raises
    ------
    InputError
        If there are fewer frames than the back end's first convolution spans, 7.

    References
    ----------
    Sheng and Fazekas (2019), Fig. 2; Pons et al. (2017), End-to-end learning for music audio
    tagging at scale.
    """
    bands, _ = input_shape
    image = layers.Input((*input_shape, 1))
    spectrogram = layers.Reshape(input_shape)(image)
    envelope = ops.expand_dims(ops.mean(spectrogram, axis=1), 2)
    features = [
        BandConvolution(filters, frames, int(share * bands))(spectrogram)
        for share in timbre.bands
        for frames, filters in zip(timbre.frames, timbre.filters, strict=True)
    ]
    features += [
        normalised_convolution(envelope, filters, frames)
        for frames, filters in zip(temporal.frames, temporal.filters, strict=True)
    ]
    joined = layers.Concatenate()(features)
    output = residual_back_end(joined, filters=back_end, embedding=embedding)
    return keras.Model(image, output, name="branch")
