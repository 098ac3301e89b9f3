"""Rounding to float16: the same bits as NumPy's own conversion."""

import numpy as np

from stages.spectrogram.half_precision import half_bits


def numpy_bits(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float16).view(np.uint16)


def test_rounds_as_numpy_does():
    generator = np.random.default_rng(0)
    values = generator.uniform(-120, 120, 100_000).astype(np.float32)
    values = np.concatenate([values, values * 1e-5, values * 500, [0.0, -0.0, -100.0, 65504.0]])
    values = values[(np.abs(values) >= 2**-14) | (values == 0)].astype(np.float32)
    np.testing.assert_array_equal(half_bits(values), numpy_bits(values))


def test_ties_go_to_even():
    halves = np.arange(2**10, 2**11, dtype=np.uint16).view(np.float16).astype(np.float32)
    ties = (halves[:-1] + halves[1:]) / 2
    np.testing.assert_array_equal(half_bits(ties), numpy_bits(ties))


def test_values_near_zero_are_off_by_less_than_they_may():
    values = np.linspace(-(2**-14), 2**-14, 10_001, dtype=np.float32)
    found = half_bits(values).view(np.float16)
    np.testing.assert_allclose(found.astype(np.float32), values, atol=6.2e-5)


def test_writes_into_a_part_of_an_array():
    values = np.arange(12, dtype=np.float32).reshape(4, 3)
    levels = np.zeros((3, 6), np.float16)
    half_bits(values.T, out=levels[:, 1:5].view(np.uint16))
    np.testing.assert_array_equal(levels[:, 1:5], values.T)
    assert not levels[:, [0, 5]].any()
