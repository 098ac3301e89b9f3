"""Levels against NumPy's logarithm, and rounding to float16 against NumPy's own conversion."""

import numpy as np
import pytest

from stages.spectrogram.decibels import decibels, half_bits, write_decibels

levels_of = np.vectorize(decibels, otypes=[np.float32])
bits_of = np.vectorize(half_bits, otypes=[np.uint16])


def numpy_bits(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float16).view(np.uint16)


def test_levels_are_the_logarithm_over_all_of_float32():
    generator = np.random.default_rng(0)
    power = (10 ** generator.uniform(-10, 38, 100_000)).astype(np.float32)
    octaves = 2.0 ** np.arange(-33, 127)
    power = np.concatenate([power, octaves, np.nextafter(octaves, 0)]).astype(np.float32)
    np.testing.assert_allclose(levels_of(power), 10 * np.log10(power.astype(float)), atol=2e-5)


@pytest.mark.parametrize("power", [0.0, 1e-45, 1e-30, 1e-10])
def test_nothing_is_below_the_floor(power):
    assert decibels(np.float32(power)) == pytest.approx(-100, abs=2e-5)


def test_rounds_as_numpy_does():
    generator = np.random.default_rng(0)
    values = generator.uniform(-120, 120, 100_000).astype(np.float32)
    values = np.concatenate([values, values * 1e-5, values * 500, [0.0, -0.0, -100.0, 65504.0]])
    values = values[(np.abs(values) >= 2**-14) | (values == 0)].astype(np.float32)
    np.testing.assert_array_equal(bits_of(values), numpy_bits(values))


def test_ties_go_to_even():
    halves = np.arange(2**10, 2**11, dtype=np.uint16).view(np.float16).astype(np.float32)
    ties = (halves[:-1] + halves[1:]) / 2
    np.testing.assert_array_equal(bits_of(ties), numpy_bits(ties))


def test_values_near_zero_are_off_by_less_than_they_may():
    values = np.linspace(-(2**-14), 2**-14, 10_001, dtype=np.float32)
    found = bits_of(values).view(np.float16)
    np.testing.assert_allclose(found.astype(np.float32), values, atol=6.2e-5)


@pytest.mark.parametrize(("first", "written"), [(1, 4), (4, 2)])
def test_writes_a_part_of_a_spectrogram_up_to_its_last_frame(first, written):
    power = np.random.default_rng(0).random((3, 4), np.float32)
    levels = np.zeros((3, 6), np.uint16)
    write_decibels(power, levels, first)
    part = levels[:, first : first + written]
    np.testing.assert_array_equal(part, numpy_bits(levels_of(power[:, :written])))
    assert np.count_nonzero(levels) == part.size
