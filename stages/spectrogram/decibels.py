"""Power to decibels in float16, compiled, many values at a time.

NumPy's and the C library's logarithms take several times as long, and are exact far beyond what
float16 keeps; NumPy's own conversion to float16 takes values one by one.
"""

from __future__ import annotations

import numpy as np
from numba import njit

MINIMUM_POWER = np.float32(1e-10)
DB_PER_OCTAVE = np.float32(10 * np.log10(2))

MANTISSA_BITS = np.int32(23)
MANTISSA = np.int32(0x7FFFFF)
ONE = np.int32(0x3F800000)  # the bits of 1.0
BIAS = np.int32(127)

SIGN = np.uint32(0x8000)
MAGNITUDE = np.uint32(0x7FFFFFFF)
# Float16 drops 13 bits of the mantissa, and its exponent is biased by 15 instead of 127.
DROPPED = np.uint32(13)
JUST_BELOW_HALF = np.uint32(0xFFF)
REBIAS = np.uint32((127 - 15) << 23)


@njit(cache=True)
def decibels(power):
    """Return 10 log10(max(power, 1e-10)) of a float32 number, to 2e-5 dB.

    The exponent counts octaves; within one, a polynomial through the Chebyshev points follows the
    logarithm of the mantissa to 1.2e-6 dB, and the rest is float32's own rounding.
    """
    power = max(power, MINIMUM_POWER)
    bits = np.float32(power).view(np.int32)
    octave = np.int32((bits >> MANTISSA_BITS) - BIAS)
    mantissa = np.int32((bits & MANTISSA) | ONE).view(np.float32)
    x = mantissa - np.float32(1.5)
    level = np.float32(0.04346979)
    level = level * x - np.float32(0.07558906)
    level = level * x + np.float32(0.11321878)
    level = level * x - np.float32(0.21251078)
    level = level * x + np.float32(0.4289919)
    level = level * x - np.float32(0.96519813)
    level = level * x + np.float32(2.89529608)
    level = level * x + np.float32(1.76091337)
    return np.float32(octave) * DB_PER_OCTAVE + level


@njit(cache=True)
def half_bits(value):
    """Return the bits of a float32 number as float16, rounded to the nearest, ties to even.

    The value must be finite and below 65504; one nearer to zero than float16's smallest normal
    number, 6e-5, may be off by as much.
    """
    bits = np.float32(value).view(np.uint32)
    magnitude = np.uint32(bits & MAGNITUDE)
    odd = np.uint32(magnitude >> DROPPED) & np.uint32(1)
    magnitude = np.uint32(magnitude + JUST_BELOW_HALF + odd)
    magnitude = np.uint32(max(magnitude, REBIAS) - REBIAS)
    return np.uint16(np.uint32(magnitude >> DROPPED) | np.uint32(bits >> np.uint32(16)) & SIGN)


@njit(cache=True)
def write_decibels(power, levels, first):
    """Write the levels of some frames into a spectrogram.

    Parameters
    ----------
    power : ndarray, shape (bins, columns), float32
    levels : ndarray, shape (bins, frames), uint16
        The bits of float16 numbers, in dB. Columns from `first` on are written, up to the last.
    first : int
    """
    count = min(power.shape[1], levels.shape[1] - first)
    for row in range(power.shape[0]):
        source, target = power[row], levels[row, first : first + count]
        for column in range(target.size):
            target[column] = half_bits(decibels(source[column]))
