"""The fitted exponents and what they say of a million loops."""

import pytest

from benchmarks.growth import MILLION, STUDIES, Cost, exponent, million_table


def test_a_power_law_gives_its_exponent():
    sizes = [1.0, 3.0, 10.0]
    assert exponent(sizes, [0.7 * size**1.5 for size in sizes]) == pytest.approx(1.5)
    assert exponent(sizes, [2.0, 2.0, 2.0]) == pytest.approx(0.0)


def test_a_million_loops_are_a_million_times_one():
    """Of 36 s and 2 MB a loop: 10,000 hours, and 2 TB."""
    costs = {
        size: {"compress": Cost(36.0 * size.loops, 2_000_000 * size.loops)}
        for size in STUDIES.values()
    }
    assert MILLION == 10**6
    assert million_table(costs).splitlines()[2:] == [
        f"| {study} | compress | 10,000 | 6.5 | 2.0 |" for study in STUDIES
    ]
