"""What becomes of measurements: differences, ratios, statistics, and what is not measured."""

import numpy as np

from stages.handcraft.comparison import compared, summarised
from stages.handcraft.sets import joined_sets


def test_difference_and_ratio():
    found = compared("f", np.array([2.0]), np.array([3.0, -1.0]))
    assert {name: values.tolist() for name, values in found.items()} == {
        "f.difference": [1.0, -3.0],
        "f.ratio": [1.5, -0.5],
    }


def test_the_ratio_to_zero_is_one():
    found = compared("f", np.array([0.0]), np.array([3.0, 0.0]))
    assert found["f.ratio"].tolist() == [1.0, 1.0]
    assert found["f.difference"].tolist() == [3.0, 0.0]


def test_what_is_not_measured_on_either_side_is_not_compared():
    dry = np.array([[np.nan], [0.0], [1.0]])
    clips = np.array([[1.0, 2.0], [np.nan, 2.0], [np.nan, 2.0]])
    found = compared("f", dry, clips)
    for values in found.values():
        assert np.isnan(values).tolist() == [[True, True], [True, False], [True, False]]


def test_statistics_leave_out_what_is_not_measured():
    events = np.array([[1.0, np.nan], [2.0, np.nan], [6.0, np.nan], [np.nan, np.nan]])
    found = summarised("f", events)
    assert found["f.mean"].tolist() == [3.0, 0.0]
    assert found["f.median"].tolist() == [2.0, 0.0]
    np.testing.assert_allclose(found["f.deviation"], [float(np.std([1, 2, 6])), 0.0])


def test_the_sets_of_varied_parameters_are_joined_with_that_for_all():
    columns = ["all.a", "threshold.b", "ratio.c", "attack.d", "release.e.mean"]
    assert joined_sets(columns, ["ratio"]) == ["all.a", "ratio.c"]
    assert joined_sets(columns, ["attack_ms", "release_ms"]) == [
        "all.a",
        "attack.d",
        "release.e.mean",
    ]
    assert joined_sets(columns, ["threshold_db", "ratio", "attack_ms", "release_ms"]) == columns
