"""Both correlations are what a matrix product over every tap gives."""

import numpy as np
import pytest

from stages.train.networks.correlation import (
    FILTERS,
    LANES,
    correlate,
    correlate_by_weights,
    in_lanes,
    tiles,
)

STEPS = 6 * LANES  # a tile of four vectors, and two more


def values_and_offsets(generator, taps):
    values = generator.normal(size=1000).astype(np.float32)
    offsets = generator.integers(0, len(values) - STEPS, size=(3, taps))
    seen = np.stack([[values[at : at + STEPS] for at in of_taps] for of_taps in offsets])
    return values, offsets, seen


@pytest.mark.parametrize("filters", [FILTERS, 3 * FILTERS])
def test_sums_over_taps(filters):
    generator = np.random.default_rng(0)
    values, offsets, seen = values_and_offsets(generator, 5)
    kernel = generator.normal(size=(1, 5, filters)).astype(np.float32)
    start = generator.normal(size=filters).astype(np.float32)
    sums = np.full((3, filters, STEPS), np.nan, np.float32)
    correlate(values, offsets, tiles(kernel), in_lanes(start), sums)
    expected = np.einsum("ptx,tf->pfx", seen, kernel[0]) + start[:, None]
    expected = np.maximum(expected, 0)
    np.testing.assert_allclose(sums, expected, atol=1e-5)


def test_sums_over_steps():
    generator = np.random.default_rng(0)
    values, offsets, seen = values_and_offsets(generator, 8)
    gradients = generator.normal(size=1000).astype(np.float32)
    starts, stride = np.array([0, 40, 330]), 77
    by_weights = np.ones((8, 8), np.float32)
    correlate_by_weights(values, offsets, gradients, starts, STEPS, stride, by_weights)
    of_filters = np.stack(
        [[gradients[at + f * stride :][:STEPS] for f in range(8)] for at in starts]
    )
    expected = 1 + np.einsum("ptx,pfx->ft", seen, of_filters)
    np.testing.assert_allclose(by_weights, expected, atol=1e-4)


def test_long_sums_are_taken_in_pieces():
    """More steps than the near caches hold, and a last piece that is shorter."""
    values, steps = np.ones(5000, np.float32), 2064
    by_weights = np.zeros((4, 4), np.float32)
    offsets = np.array([[0, 1, 2, 3]])
    gradients = np.ones(5000, np.float32)
    correlate_by_weights(values, offsets, gradients, np.array([0]), steps, 500, by_weights)
    np.testing.assert_array_equal(by_weights, steps)
