"""Float32 to float16 many values at a time: NumPy's own conversion takes them one by one."""

from __future__ import annotations

import numba
import numpy as np

SIGN = np.uint32(0x8000)
MAGNITUDE = np.uint32(0x7FFFFFFF)
# Float16 drops 13 bits of the mantissa, and its exponent is biased by 15 instead of 127.
DROPPED = np.uint32(13)
JUST_BELOW_HALF = np.uint32(0xFFF)
REBIAS = np.uint32((127 - 15) << 23)


@numba.vectorize(["uint16(float32)"], cache=True)
def half_bits(value):
    """Return the bits of `value` as float16, rounded to the nearest, ties to even.

    A ufunc: it takes arrays of any shape, and `out`. The values must be finite and below 65504;
    those nearer to zero than float16's smallest normal number, 6e-5, may be off by as much.
    """
    bits = np.float32(value).view(np.uint32)
    magnitude = np.uint32(bits & MAGNITUDE)
    odd = np.uint32(magnitude >> DROPPED) & np.uint32(1)
    magnitude = np.uint32(magnitude + JUST_BELOW_HALF + odd)
    magnitude = np.uint32(max(magnitude, REBIAS) - REBIAS)
    return np.uint16(np.uint32(magnitude >> DROPPED) | np.uint32(bits >> np.uint32(16)) & SIGN)
