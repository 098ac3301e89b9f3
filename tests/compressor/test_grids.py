"""The grids of params.yaml against the paper's Tables III and XI and the values in its text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from siamese_drc.compressor.grids import (
    Axis,
    Grid,
    balanced_choice,
    drawn_settings,
    grid_settings,
    loop_settings,
)
from siamese_drc.compressor.settings import PARAMETERS
from stages.project.params import load_params

PARAMS = load_params(Path(__file__).parents[2] / "params.yaml")


def settings(name: str, loop: int):
    return grid_settings(PARAMS.grids.named[name], loop)


@pytest.mark.parametrize(
    ("name", "size"),
    [("ds1", 50), ("ds2", 50), ("ds3", 50), ("ds4", 50), ("dm1", 64), ("dm2", 64), ("d4p", 625)],
)
def test_sizes_are_the_papers(name, size):
    assert len(settings(name, 0)) == size
    columns = np.stack([getattr(settings(name, 5), p) for p in vars(settings(name, 5))])
    assert np.unique(columns, axis=1).shape[1] == size


@pytest.mark.parametrize(
    ("name", "loop", "parameter", "values"),
    [
        ("ds1", 3, "threshold_db", -np.arange(50.0)),
        ("ds2", 3, "ratio", np.linspace(1, 20, 50)),
        ("ds3", 3, "attack_ms", np.arange(1.0, 100, 2)),
        ("ds4", 3, "release_ms", np.arange(10.0, 1000, 20)),
        ("dm1", 0, "threshold_db", [-10, -14.8, -19.6, -24.4, -29.2, -34, -38.8, -43.6]),
        # The paper prints 44.0 for the last one, which its own step of 4.8 dB makes 44.2.
        ("dm1", 1, "threshold_db", [-10.6, -15.4, -20.2, -25, -29.8, -34.6, -39.4, -44.2]),
        ("dm1", 7, "ratio", [3.1, 5.5, 7.9, 10.3, 12.7, 15.1, 17.5, 19.9]),
        ("dm2", 7, "attack_ms", [11.5, 23.5, 35.5, 47.5, 59.5, 71.5, 83.5, 95.5]),
        ("dm2", 7, "release_ms", [115, 235, 355, 475, 595, 715, 835, 955]),
        ("d4p", 0, "threshold_db", [-10, -18, -26, -34, -42]),
        ("d4p", 0, "ratio", [1.28, 5.12, 8.96, 12.80, 16.64]),
        ("d4p", 0, "attack_ms", [1, 21, 41, 61, 81]),
        ("d4p", 0, "release_ms", [10, 210, 410, 610, 810]),
        ("d4p", 1, "threshold_db", [-11, -19, -27, -35, -43]),
        ("d4p", 1, "ratio", [1.76, 5.60, 9.44, 13.28, 17.12]),
        ("d4p", 1, "attack_ms", [3.5, 23.5, 43.5, 63.5, 83.5]),
        ("d4p", 1, "release_ms", [35, 235, 435, 635, 835]),
    ],
)
def test_values_are_the_papers(name, loop, parameter, values):
    for same_offset in (loop, loop + 8):
        column = getattr(settings(name, same_offset), parameter)
        np.testing.assert_allclose(np.unique(column), np.sort(values), atol=1e-8)


def test_a_grid_is_a_product_whose_last_parameter_changes_fastest():
    first = settings("d4p", 0)[:6]
    assert first.release_ms.tolist() == [10, 210, 410, 610, 810, 10]
    assert first.attack_ms.tolist() == [1, 1, 1, 1, 1, 21]
    assert set(first.threshold_db) == {-10.0}


def test_parameters_that_do_not_vary_keep_their_defaults():
    fixed = settings("ds2", 2)
    assert set(fixed.threshold_db) == {-37.5}
    assert set(fixed.attack_ms) == {5.0}
    assert set(fixed.release_ms) == {200.0}


@pytest.mark.parametrize(("counts", "size"), [([50], 24), ([50], 6), ([8, 8], 32), ([5] * 4, 64)])
def test_a_choice_is_without_replacement_in_order_and_balanced(counts, size):
    for loop in range(8):
        cells = balanced_choice(counts, size, [1, loop])
        assert len(cells) == size
        assert (np.diff(cells) > 0).all()
        assert cells.min() >= 0
        assert cells.max() < np.prod(counts)
        if len(counts) == 1:
            bins = np.bincount(cells * size // counts[0], minlength=size)
            assert bins.max() <= 2
        else:
            for axis, values in enumerate(np.unravel_index(cells, counts)):
                uses = np.bincount(values, minlength=counts[axis])
                assert uses.min() >= 0.75 * size / counts[axis]
                assert uses.max() <= 1.35 * size / counts[axis]


def test_a_choice_of_as_many_as_there_are_is_all_of_them():
    assert balanced_choice([3, 4], 12, [0]).tolist() == list(range(12))
    assert balanced_choice([3, 4], 99, [0]).tolist() == list(range(12))
    assert balanced_choice([3, 4], 11, [0]).size == 11


def test_a_loops_settings_follow_from_seed_grid_and_loop():
    def chosen(name="d4p", loop=0, seed=1, size=20):
        return loop_settings(name, PARAMS.grids.named["d4p"], loop, size=size, seed=seed)

    def places(subset, loop=0):
        whole = settings("d4p", loop)
        rows = np.stack([getattr(whole, p) for p in vars(whole)], axis=1).tolist()
        return [
            rows.index(row)
            for row in np.stack([getattr(subset, p) for p in vars(subset)], axis=1).tolist()
        ]

    first = places(chosen())
    assert first == sorted(first) == places(chosen())
    assert first != places(chosen(seed=2))
    assert first != places(chosen(name="other"))
    assert first != places(chosen(loop=8))
    assert len(chosen(size=None)) == 625


@pytest.mark.parametrize(
    ("name", "parameter", "low", "high"),
    [
        ("d4p", "threshold_db", -49.0, -10.0),
        ("d4p", "ratio", 1.28, 20.0),
        ("dm2", "attack_ms", 1.0, 95.5),
        ("dm2", "release_ms", 10.0, 955.0),
        ("dm2", "ratio", 2.0, 2.0),
    ],
)
def test_bounds_are_over_the_offsets_of_all_loops(name, parameter, low, high):
    assert PARAMS.grids.named[name].bounds(parameter) == (low, high)


def test_drawn_settings_fill_the_bounds_evenly():
    """Of `size` values of a parameter, one lies in each of `size` equal parts of its range."""
    grid, size = PARAMS.grids.named["d4p"], 16
    for loop in range(10):
        drawn = drawn_settings("d4p", grid, loop, size=size, seed=1)
        assert len(drawn) == size
        for name in grid.varied:
            low, high = grid.bounds(name)
            values = getattr(drawn, name)
            assert low <= values.min() <= values.max() <= high
            parts = np.floor((values - low) / (high - low) * size)
            assert sorted(parts) == list(range(size))
    for name in PARAMETERS:  # not on the grid
        assert not np.isin(getattr(drawn, name), getattr(settings("d4p", loop), name)).any()


def test_drawn_settings_keep_what_the_grid_does_not_vary():
    drawn = drawn_settings("ds3", PARAMS.grids.named["ds3"], 5, size=4, seed=1)
    fixed = (set(drawn.threshold_db), set(drawn.ratio), set(drawn.release_ms))
    whole = settings("ds3", 5)
    assert fixed == (set(whole.threshold_db), set(whole.ratio), set(whole.release_ms))
    assert len(set(drawn.attack_ms)) == 4


def test_drawn_settings_follow_from_seed_grid_and_loop():
    def drawn(name="d4p", loop=0, seed=1):
        found = drawn_settings(name, PARAMS.grids.named["d4p"], loop, size=8, seed=seed)
        return np.stack([getattr(found, each) for each in PARAMETERS])

    first = drawn()
    np.testing.assert_array_equal(first, drawn())
    for other in (drawn(seed=2), drawn(name="other"), drawn(loop=8)):
        assert not np.isin(first, other).any()


def test_a_grid_varies_something_within_the_ranges():
    with pytest.raises(ValueError, match="an empty grid"):
        Grid(-10.0, 2.0, 5.0, 100.0)
    with pytest.raises(ValueError, match=r"threshold_db 0\.5: must lie between"):
        Grid(Axis(-10.0, 3.5, count=4), 2.0, 5.0, 100.0)
    with pytest.raises(ValueError, match=r"ratio 0\.9: must be at least 1"):
        Grid(-10.0, Axis(1.5, 1.0, count=2, offset_per_loop=-0.1), 5.0, 100.0)
    with pytest.raises(ValueError, match="attack_ms 0: must be above 0"):
        Grid(Axis(-10.0, -3.5, count=4), 2.0, 0.0, 100.0)
