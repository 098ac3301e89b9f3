"""Operations on lanes are those of NumPy on sixteen numbers."""

import numpy as np
import pytest
from numba import njit

from stages.train.networks import lanes
from stages.train.networks.lanes import LANES, aligned_zeros


@pytest.fixture
def numbers():
    return np.random.default_rng(0).normal(size=(3, LANES)).astype(np.float32)


@njit
def of_three(one, two, three, out):
    a, b, c = lanes.load(one, 0), lanes.load(two, 0), lanes.load(three, 0)
    lanes.store(out, 0, lanes.add(a, b))
    lanes.store(out, 16, lanes.subtract(a, b))
    lanes.store(out, 32, lanes.add_scaled(a, b, np.float32(3)))
    lanes.store(out, 48, lanes.where_positive(a, c))
    lanes.store(out, 64, lanes.zero())


def test_arithmetic(numbers):
    a, b, c = numbers
    out = np.full(5 * LANES, np.nan, np.float32)
    of_three(a, b, c, out)
    expected = [a + b, a - b, a + 3 * b, np.where(c > 0, a, 0), np.zeros(LANES)]
    np.testing.assert_allclose(out.reshape(5, LANES), expected, rtol=1e-6)


@njit
def chosen(values, codes, wanted, start, count, out):
    found = lanes.load_first(values, start, count)
    lanes.store(out, 0, lanes.where_code(found, lanes.load_first(codes, start, count), wanted))


@pytest.mark.parametrize("count", [1, 15, 16, 30])
def test_the_first_lanes_alone_are_read(count):
    values = np.arange(1, 41, dtype=np.float32)
    codes = np.arange(40, dtype=np.uint8) % 3
    read = min(count, LANES)
    start = 40 - read
    out = np.full(LANES, np.nan, np.float32)
    chosen(values, codes, 2, start, count, out)
    expected = np.zeros(LANES, np.float32)
    expected[:read] = np.where(codes[start:] == 2, values[start:], 0)
    assert np.array_equal(out, expected)


def test_zeros_are_aligned():
    found = [aligned_zeros(size) for size in (1, 100, 1000)]
    assert [array.ctypes.data % (4 * LANES) for array in found] == [0, 0, 0]
    assert [(array == 0).all() for array in found] == [True] * 3
    assert [len(array) for array in found] == [1, 100, 1000]


@njit
def copied(target, start, source, begin):
    lanes.copy_lanes(target, start, source, begin)


@pytest.mark.parametrize("kind", [np.float32, np.uint8])
def test_copies_lanes_of_either_kind(kind):
    source, target = np.arange(40, dtype=kind), np.zeros(40, kind)
    copied(target, 3, source, 20)
    assert target[3 : 3 + LANES].tolist() == source[20 : 20 + LANES].tolist()
    assert target.sum() == source[20 : 20 + LANES].sum()
