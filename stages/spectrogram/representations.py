"""What a network hears: power spectrograms in dB, mel spectrograms in dB, or the first samples.

What it is told of the gain instead, which a clip alone does not show, stands in `gain_profiles`.

Frames follow librosa's defaults: centred (frame t is centred on sample t * hop, zeros beyond the
clip's ends), periodic Hann window, hop = n_fft / 2, Slaney's mel scale and normalisation. Levels
are 10 log10(max(S, 1e-10)) with reference 1: no floor follows the clip's own maximum, so that a
clip's compression does not move the scale on which it is measured.
"""

from __future__ import annotations

import warnings
from functools import lru_cache

import numpy as np
import scipy.sparse

from stages.common.params import Representation
from stages.spectrogram.decibels import write_decibels
from stages.spectrogram.fourier import LANES, plan, write_power
from stages.spectrogram.gain_profiles import profile_size

FRAMES_AT_ONCE = 16 * LANES  # their spectra stay in a core's cache


def input_shape(representation: Representation, samples: int) -> tuple[int, ...]:
    """Return the shape of one input made from a clip of `samples` samples."""
    if representation.samples is not None:
        return (min(representation.samples, samples),)
    if representation.gain is not None:
        return (profile_size(representation.gain),)
    assert representation.n_fft is not None
    bands = representation.mel_bands or representation.n_fft // 2 + 1
    return (bands, 1 + samples // (representation.n_fft // 2))


def represent(
    signal: np.ndarray,
    representation: Representation,
    *,
    sample_rate: int,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Turn clips into network inputs.

    Parameters
    ----------
    signal : ndarray, shape (*batch, samples), float32, full scale 1.0
    representation : Representation
        A power spectrogram (n_fft), a mel power spectrogram (n_fft and mel_bands), both in dB, or
        the first samples of the waveform (samples; all of them where the clip is shorter).
    sample_rate : int, Hz
    out : ndarray, shape (*batch, *input shape), float16, optional
        Where to write the result, for instance a part of a memory-mapped file.

    Returns
    -------
    ndarray, shape (*batch, *input shape), float16
        Each clip's input, bit-identical to transforming it alone. The shape is
        `input_shape(representation, samples)`: (bins or bands, frames), or (samples,).

    Raises
    ------
    ValueError
        If the clips are empty.
    """
    *batch, samples = signal.shape
    if samples == 0:
        raise ValueError("a clip must have at least one sample")
    shape = input_shape(representation, samples)
    if out is None:
        out = np.empty((*batch, *shape), np.float16)
    if representation.samples is not None:
        out[...] = signal[..., : shape[0]]
        return out
    n_fft = representation.n_fft
    assert n_fft is not None
    mel = None
    if representation.mel_bands is not None:
        mel = mel_filters(sample_rate, n_fft, representation.mel_bands)
    blocks = -(-shape[1] // LANES)  # whole blocks of lanes; what is beyond the clip is not written
    padded = np.zeros((blocks * LANES + 1) * n_fft // 2, np.float32)
    for index in np.ndindex(*batch):
        padded[n_fft // 2 :][:samples] = signal[index]
        _write_spectrogram(padded, n_fft, mel, out[index].view(np.uint16))
    return out


def _write_spectrogram(
    padded: np.ndarray, n_fft: int, mel: scipy.sparse.csr_array | None, levels: np.ndarray
) -> None:
    """Write the spectrogram of one clip; `levels`, (bins, frames), gets the bits of float16."""
    power = np.empty((n_fft // 2 + 1, FRAMES_AT_ONCE), np.float32)
    for first in range(0, levels.shape[1], FRAMES_AT_ONCE):
        write_power(padded, first, plan(n_fft), power)
        write_decibels(power if mel is None else mel @ power, levels, first)


@lru_cache(maxsize=8)
def mel_filters(sample_rate: int, n_fft: int, bands: int) -> scipy.sparse.csr_array:
    """Return librosa's mel filters, shape (bands, n_fft // 2 + 1), float32.

    They are sparse, because a bin lies in two filters at most; and a sparse product does not
    depend on the number of threads that a BLAS would use.

    128 bands over 257 bins leave the lowest filters narrower than a bin, and some of them empty.
    That is the paper's own choice, and part of why its mel input is the weaker one: it is kept, and
    librosa's warning about it is silenced.
    """
    import librosa  # here, because it takes a second to import and only mel inputs need it

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Empty filters detected")
        filters = librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=bands)
    return scipy.sparse.csr_array(filters)
