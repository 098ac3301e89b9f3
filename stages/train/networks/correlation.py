"""Convolution along time, sixteen steps side by side in the lanes of the processor.

The values lie in a flat array, time last, and every tap of a kernel is an offset into it. Four
filters, or taps, take turns on four vectors while all sums are in registers.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from stages.train.networks.lanes import (
    LANES,
    add_scaled,
    compiled,
    lane_sum,
    load,
    store,
    where_positive,
    zero,
)

FILTERS = 4  # at once: their number is a multiple of it
TAPS = 4  # at once, of the gradient
NEAR = 1024  # steps whose values stay in the near caches


@compiled
def correlate(values, offsets, weights, start, sums):
    """Write `start + sum over taps of weight * values[offset + t]` for all steps t, rectified.

    Parameters
    ----------
    values : ndarray, flat, float32
    offsets : ndarray, shape (positions, taps), int64
    weights : ndarray, shape (filters / FILTERS, taps, FILTERS), float32, as `tiles` makes it
    start : ndarray, shape (filters, LANES), float32, as `in_lanes` makes it
    sums : ndarray, shape (positions, filters, steps), float32; the steps are whole vectors
    """
    positions, filters, steps = sums.shape
    taps = weights.shape[1]
    flat, factors, begin = sums.ravel(), weights.ravel(), start.ravel()
    tile = 4 * LANES
    for p in range(positions):
        for t in range(0, steps - tile + 1, tile):
            for f in range(0, filters, FILTERS):
                a0 = a1 = a2 = a3 = load(begin, f * LANES)
                b0 = b1 = b2 = b3 = load(begin, (f + 1) * LANES)
                c0 = c1 = c2 = c3 = load(begin, (f + 2) * LANES)
                d0 = d1 = d2 = d3 = load(begin, (f + 3) * LANES)
                for k in range(taps):
                    v = _four(values, offsets[p, k] + t)
                    at = f * taps + k * FILTERS
                    a0, a1, a2, a3 = _add_four(a0, a1, a2, a3, v, factors[at])
                    b0, b1, b2, b3 = _add_four(b0, b1, b2, b3, v, factors[at + 1])
                    c0, c1, c2, c3 = _add_four(c0, c1, c2, c3, v, factors[at + 2])
                    d0, d1, d2, d3 = _add_four(d0, d1, d2, d3, v, factors[at + 3])
                at = (p * filters + f) * steps + t
                _store_four(flat, at, LANES, a0, a1, a2, a3)
                _store_four(flat, at + steps, LANES, b0, b1, b2, b3)
                _store_four(flat, at + 2 * steps, LANES, c0, c1, c2, c3)
                _store_four(flat, at + 3 * steps, LANES, d0, d1, d2, d3)
        for t in range(steps // tile * tile, steps, LANES):
            for f in range(0, filters, FILTERS):
                a, b = load(begin, f * LANES), load(begin, (f + 1) * LANES)
                c, d = load(begin, (f + 2) * LANES), load(begin, (f + 3) * LANES)
                for k in range(taps):
                    v = load(values, offsets[p, k] + t)
                    at = f * taps + k * FILTERS
                    a, b = add_scaled(a, v, factors[at]), add_scaled(b, v, factors[at + 1])
                    c, d = add_scaled(c, v, factors[at + 2]), add_scaled(d, v, factors[at + 3])
                at = (p * filters + f) * steps + t
                _store_four(flat, at, steps, a, b, c, d)


@compiled
def correlate_by_weights(values, offsets, gradients, starts, steps, stride, by_weights):
    """Add to `by_weights` the sums over positions and steps of gradient times value.

    Parameters
    ----------
    values, offsets : as those of `correlate`; the number of taps is a multiple of TAPS
    gradients : ndarray, flat, float32; by the sums, and zero after their last step
    starts : ndarray, shape (positions,), int64, where those of the first filter begin
    steps : of each position
    stride : from the gradients of a filter to those of the next
    by_weights : ndarray, shape (filters, taps), float32; the filters are a multiple of FILTERS
    """
    positions, taps = offsets.shape
    for p in range(positions):
        for first in range(0, steps, NEAR):
            last = min(first + NEAR, steps)
            for k in range(0, taps, TAPS):
                at0, at1 = offsets[p, k], offsets[p, k + 1]
                at2, at3 = offsets[p, k + 2], offsets[p, k + 3]
                for f in range(0, len(by_weights), FILTERS):
                    a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = zero()
                    c0 = c1 = c2 = c3 = d0 = d1 = d2 = d3 = zero()
                    begin = starts[p] + f * stride
                    for t in range(first, last, LANES):
                        v0, v1 = load(values, at0 + t), load(values, at1 + t)
                        v = v0, v1, load(values, at2 + t), load(values, at3 + t)
                        at = begin + t
                        a0, a1, a2, a3 = _add_four(a0, a1, a2, a3, v, load(gradients, at))
                        g = load(gradients, at + stride)
                        b0, b1, b2, b3 = _add_four(b0, b1, b2, b3, v, g)
                        g = load(gradients, at + 2 * stride)
                        c0, c1, c2, c3 = _add_four(c0, c1, c2, c3, v, g)
                        g = load(gradients, at + 3 * stride)
                        d0, d1, d2, d3 = _add_four(d0, d1, d2, d3, v, g)
                    _add_sums(by_weights[f], k, a0, a1, a2, a3)
                    _add_sums(by_weights[f + 1], k, b0, b1, b2, b3)
                    _add_sums(by_weights[f + 2], k, c0, c1, c2, c3)
                    _add_sums(by_weights[f + 3], k, d0, d1, d2, d3)


def tiles(kernel: np.ndarray) -> np.ndarray:
    """Return a kernel (length, height, filters) as the weights that `correlate` reads."""
    taps = kernel.shape[0] * kernel.shape[1]
    return np.ascontiguousarray(kernel.reshape(taps, -1, FILTERS).swapaxes(0, 1))


def in_lanes(bias: np.ndarray) -> np.ndarray:
    """Return a bias (filters,) as what `correlate` starts with."""
    return np.repeat(bias[:, None], LANES, axis=1)


@njit(inline="always")
def _four(values, at):
    v0, v1 = load(values, at), load(values, at + LANES)
    return v0, v1, load(values, at + 2 * LANES), load(values, at + 3 * LANES)


@njit(inline="always")
def _add_four(s0, s1, s2, s3, values, factor):
    v0, v1, v2, v3 = values
    s0, s1 = add_scaled(s0, v0, factor), add_scaled(s1, v1, factor)
    return s0, s1, add_scaled(s2, v2, factor), add_scaled(s3, v3, factor)


@njit(inline="always")
def _store_four(sums, at, stride, s0, s1, s2, s3):
    store(sums, at, where_positive(s0, s0))
    store(sums, at + stride, where_positive(s1, s1))
    store(sums, at + 2 * stride, where_positive(s2, s2))
    store(sums, at + 3 * stride, where_positive(s3, s3))


@njit(inline="always")
def _add_sums(totals, k, s0, s1, s2, s3):
    totals[k] += lane_sum(s0)
    totals[k + 1] += lane_sum(s1)
    totals[k + 2] += lane_sum(s2)
    totals[k + 3] += lane_sum(s3)
