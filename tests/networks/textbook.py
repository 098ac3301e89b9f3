"""The steps of the models on one input, written out in NumPy: slow and easy to check."""

import numpy as np

EPSILON = 1e-3  # of the batch normalisation


def convolve(features, kernel, bias, *, stride=1, padded=True):
    """(time, channels) and (length, channels, filters) -> (time, filters); zeros around."""
    length, missing = len(kernel), 0
    if padded:
        steps = -(-len(features) // stride)
        missing = max(0, (steps - 1) * stride + length - len(features))
    around = ((missing // 2, missing - missing // 2), (0, 0))
    features = np.pad(features, around)
    starts = range(0, len(features) - length + 1, stride)
    return np.stack([np.tensordot(features[t : t + length], kernel, 2) for t in starts]) + bias


def convolve_image(image, kernel, bias):
    """(bands, frames, channels) and (height, length, channels, filters); zeros around."""
    height, length, _, filters = kernel.shape
    around = ((height // 2, height // 2), (length // 2, length // 2), (0, 0))
    padded = np.pad(image, around)
    found = np.empty((*image.shape[:2], filters))
    for band, frame in np.ndindex(found.shape[:2]):
        window = padded[band : band + height, frame : frame + length]
        found[band, frame] = np.tensordot(window, kernel, 3) + bias
    return found


def max_pool_image(image):
    """The maximum of every 2 x 2 values; what is left over at the ends is dropped."""
    bands, frames = (size // 2 for size in image.shape[:2])
    blocks = image[: 2 * bands, : 2 * frames].reshape(bands, 2, frames, 2, -1)
    return blocks.max(axis=(1, 3))


def rectify(features):
    return np.maximum(features, 0)


def normalise(features, scale, offset, mean, variance):
    return (features - mean) / np.sqrt(variance + EPSILON) * scale + offset


def convolution_block(features, weights, **options):
    """The order of the paper's sources: convolution, rectifier, normalisation."""
    kernel, bias, *statistics = weights
    return normalise(rectify(convolve(features, kernel, bias, **options)), *statistics)


def max_pool(features, size):
    steps = len(features) // size
    return np.stack([features[size * t : size * (t + 1)].max(axis=0) for t in range(steps)])


def residual_back_end(features, weights):
    first = convolution_block(features, weights[:6], padded=False)
    second = first + convolution_block(first, weights[6:12])
    third = second + convolution_block(second, weights[12:18])
    kernel, bias = weights[18:]
    return np.concatenate([third.max(axis=0), third.mean(axis=0)]) @ kernel + bias


def timbre_features(spectrogram, kernel, bias, *statistics):
    """(frames, bands) and (height, length, 1, filters) -> (frames, filters)."""
    kernel = np.swapaxes(kernel, 0, 1)
    length, height, _, filters = kernel.shape
    bands = spectrogram.shape[1]
    padded = np.pad(spectrogram, (((length - 1) // 2, length // 2), (0, 0)))
    found = np.empty((len(spectrogram), bands - height + 1, filters))
    for t in range(found.shape[0]):
        for band in range(found.shape[1]):
            window = padded[t : t + length, band : band + height]
            found[t, band] = np.tensordot(window, kernel[:, :, 0], 2) + bias
    return normalise(rectify(found), *statistics).max(axis=1)


def randomise(model):
    """Give every weight of a Keras model a value of its own; variances are positive."""
    generator = np.random.default_rng(0)
    for weight in model.weights:
        values = generator.normal(size=weight.shape) / 3
        weight.assign(np.abs(values) + 0.1 if "variance" in weight.name else values)
