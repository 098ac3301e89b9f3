"""Power spectrograms in dB, mel spectrograms in dB, and waveforms, as network inputs.

Frames follow librosa's defaults: centred (frame t is centred on sample t * hop, with zeros beyond
the clip's ends), periodic Hann window, hop = n_fft / 2, Slaney's mel scale and normalisation.
Levels are 10 log10(max(S, 1e-10)) with reference 1. The floor does not depend on the clip's own
maximum, so that compression does not change the scale on which a clip is measured.

The transform is `scipy.fft.rfft` on blocks of frames that stay in a core's cache. Windowing, power
and decibels are compiled: with NumPy, the conversion to float16 alone takes as long as the
transform, and the last digit of the logarithm depends on the processor.
"""

from __future__ import annotations

import warnings
from functools import lru_cache

import numpy as np
from numba import njit
from scipy.fft import rfft
from scipy.sparse import csr_array

_SAMPLES_AT_ONCE = 2**16  # of the frames transformed at a time: 256 KB

# Numba takes these as compile-time constants.
_MINIMUM_POWER = np.float32(1e-10)
_DB_PER_OCTAVE = np.float32(10 * np.log10(2))
_MANTISSA = np.uint32(0x7FFFFF)  # the lower 23 bits of a float32 number
_ONE = np.uint32(0x3F800000)  # the bits of 1.0
_SIGN_OF_HALF = np.uint32(0x8000)
_BELOW_HALF_STEP = np.uint32(0xFFF)  # float16 drops the lower 13 bits of the mantissa
_REBIAS = np.uint32((127 - 15) << 23)  # from float32's exponent to float16's


def represent(
    signal: np.ndarray,
    *,
    sample_rate: int,
    n_fft: int | None = None,
    mel_bands: int | None = None,
    samples: int | None = None,
) -> np.ndarray:
    """Return the network inputs of clips.

    Give `n_fft` for a power spectrogram in dB, `n_fft` and `mel_bands` for a mel power spectrogram
    in dB, or `samples` for the first samples of the waveform.

    Parameters
    ----------
    signal : ndarray, shape (*batch, clip samples), float32, full scale 1.0
    sample_rate : int, Hz
    n_fft : int, samples, even
        Length of a frame; the hop is half of it.
    mel_bands : int
    samples : int
        Number of samples; a shorter clip is taken whole.

    Returns
    -------
    ndarray, shape (*batch, *input shape), float16
        Each clip's input, bit-identical to transforming it alone. The shape is that of
        `input_shape`: (bins or bands, frames), or (samples,).

    Raises
    ------
    ValueError
        If the clips are empty, `n_fft` is odd, or both or none of `n_fft` and `samples` are given.

    Examples
    --------
    >>> import numpy as np
    >>> tone = np.sin(2 * np.pi * 1000 / 44100 * np.arange(44100, dtype=np.float32))
    >>> spectrogram = represent(tone, n_fft=128, sample_rate=44100)
    >>> spectrogram.shape, spectrogram.dtype
    ((65, 690), dtype('float16'))
    >>> int(spectrogram[:, 345].argmax())  # bin 3 is centred on 1034 Hz
    3
    >>> represent(np.stack([tone, tone]), samples=1000, sample_rate=44100).shape
    (2, 1000)
    """
    *batch, clip_samples = signal.shape
    shape = input_shape(clip_samples, n_fft=n_fft, mel_bands=mel_bands, samples=samples)
    if n_fft is None:
        return signal[..., : shape[0]].astype(np.float16)
    hop, frames = n_fft // 2, shape[1]
    filters = None if mel_bands is None else mel_filters(sample_rate, n_fft, mel_bands)
    inputs = np.empty((*batch, *shape), np.float16)
    padded = np.zeros((frames + 1) * hop, np.float32)
    for index in np.ndindex(*batch):
        padded[hop : hop + clip_samples] = signal[index]
        _write_spectrogram(padded, n_fft, filters, inputs[index])
    return inputs


def input_shape(
    clip_samples: int,
    *,
    n_fft: int | None = None,
    mel_bands: int | None = None,
    samples: int | None = None,
) -> tuple[int, ...]:
    """Return the shape of one input that `represent` makes of a clip of `clip_samples` samples.

    Examples
    --------
    >>> input_shape(176400, n_fft=512, mel_bands=128)
    (128, 690)
    """
    if clip_samples < 1:
        raise ValueError("a clip must have at least one sample")
    if samples is not None and n_fft is None:
        return (min(samples, clip_samples),)
    if samples is not None or n_fft is None:
        raise ValueError("give either n_fft or samples")
    if n_fft < 2 or n_fft % 2:
        raise ValueError(f"n_fft {n_fft}: must be even and at least 2")
    return (mel_bands or n_fft // 2 + 1, 1 + clip_samples // (n_fft // 2))


def _write_spectrogram(
    padded: np.ndarray, n_fft: int, filters: csr_array | None, levels: np.ndarray
) -> None:
    """Write the spectrogram of one clip, which begins at sample n_fft / 2 of `padded`."""
    at_once = max(1, _SAMPLES_AT_ONCE // n_fft)
    window = hann_window(n_fft)
    for first in range(0, levels.shape[1], at_once):
        block = levels[:, first : first + at_once]
        frames = np.empty((block.shape[1], n_fft), np.float32)
        _window_frames(padded, first, window, frames)
        power = _power(rfft(frames, overwrite_x=True, workers=1).view(np.float32))
        if filters is None:
            block[...] = _decibel_bits(power).view(np.float16).T
        else:
            mel = filters @ np.ascontiguousarray(power.T)
            block[...] = _decibel_bits(mel).view(np.float16)


@lru_cache(maxsize=8)
def hann_window(length: int) -> np.ndarray:
    """Return the periodic Hann window, shape (length,), float32."""
    turns = np.arange(length) / length
    return (0.5 - 0.5 * np.cos(2 * np.pi * turns)).astype(np.float32)


@lru_cache(maxsize=8)
def mel_filters(sample_rate: int, n_fft: int, bands: int) -> csr_array:
    """Return librosa's mel filters, shape (bands, n_fft // 2 + 1), float32.

    They are sparse, because a bin lies in at most two filters, and because the sparse product does
    not depend on the number of threads that a BLAS would use. 128 bands over 257 bins, the paper's
    own choice, leave some of the lowest filters empty: librosa's warning about it is silenced.
    """
    import librosa  # takes a second, and only mel inputs need it

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Empty filters detected")
        filters = librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=bands)
    return csr_array(filters)


@njit(cache=True, nogil=True)
def _window_frames(padded, first, window, frames):
    """Write windowed frames, shape (count, n_fft), that overlap by half, from frame `first` on."""
    hop = window.size // 2
    for row in range(frames.shape[0]):
        start = (first + row) * hop
        source, target = padded[start : start + window.size], frames[row]
        for n in range(window.size):
            target[n] = source[n] * window[n]


@njit(cache=True, nogil=True)
def _power(spectrum):
    """Return |X|^2 of spectra, shape (frames, 2 bins): real and imaginary parts in turn."""
    power = np.empty((spectrum.shape[0], spectrum.shape[1] // 2), np.float32)
    for row in range(power.shape[0]):
        source, target = spectrum[row], power[row]
        for k in range(target.size):
            target[k] = source[2 * k] * source[2 * k] + source[2 * k + 1] * source[2 * k + 1]
    return power


@njit(cache=True, nogil=True)
def _decibel_bits(power):
    """Return the bits of 10 log10(max(power, 1e-10)) in float16, as uint16."""
    bits = np.empty(power.shape, np.uint16)
    source, target = power.ravel(), bits.ravel()
    for i in range(source.size):
        target[i] = _half_bits(_decibels(source[i]))
    return bits


@njit(cache=True)
def _decibels(power):
    """Return 10 log10(max(power, 1e-10)) of a float32 number, with an error of at most 2e-5 dB.

    The exponent gives the octave. Within an octave, a polynomial through the Chebyshev points
    approximates the logarithm of the mantissa to 1.2e-6 dB; the rest is float32's own rounding.
    """
    bits = np.float32(max(power, _MINIMUM_POWER)).view(np.uint32)
    octave = np.int32(bits >> np.uint32(23)) - np.int32(127)
    x = np.uint32((bits & _MANTISSA) | _ONE).view(np.float32) - np.float32(1.5)
    level = np.float32(0.04346979)
    level = level * x - np.float32(0.07558906)
    level = level * x + np.float32(0.11321878)
    level = level * x - np.float32(0.21251078)
    level = level * x + np.float32(0.4289919)
    level = level * x - np.float32(0.96519813)
    level = level * x + np.float32(2.89529608)
    level = level * x + np.float32(1.76091337)
    return np.float32(octave) * _DB_PER_OCTAVE + level


@njit(cache=True)
def _half_bits(value):
    """Return the bits of a float32 number in float16, rounded to nearest, ties to even.

    The value must be finite and its magnitude below 65504. Where it is below 6e-5, float16's
    smallest normal number, the result is in error by at most that much.
    """
    bits = np.float32(value).view(np.uint32)
    magnitude = np.uint32(bits & np.uint32(0x7FFFFFFF))
    odd = np.uint32(magnitude >> np.uint32(13)) & np.uint32(1)
    magnitude = np.uint32(magnitude + _BELOW_HALF_STEP + odd)
    magnitude = np.uint32(max(magnitude, _REBIAS) - _REBIAS)
    return np.uint16(magnitude >> np.uint32(13) | bits >> np.uint32(16) & _SIGN_OF_HALF)
