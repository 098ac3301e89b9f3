"""Step notation against what a musician would write down."""

from __future__ import annotations

import pytest

from siamese_drc.loops.score import read_steps


def test_steps_of_a_bar_are_sixteenths_or_triplets():
    assert read_steps("x...x...X.....x.", 4) == [
        (0, 1, "x"),
        (1, 1, "x"),
        (2, 1.5, "X"),
        (3.5, 0.5, "x"),
    ]
    assert read_steps("x.xx.xx.xx.x", 4)[1] == pytest.approx((2 / 3, 1 / 3, "x"), abs=1e-9)


def test_a_pattern_repeats_until_the_beats_are_full():
    assert [beat for beat, *_ in read_steps("x...............", 8)] == [0, 4]
    two_bars = "x...............|........y......."
    assert [(beat, mark) for beat, _, mark in read_steps(two_bars, 8)] == [(0, "x"), (6, "y")]
    assert read_steps("................", 8) == []
