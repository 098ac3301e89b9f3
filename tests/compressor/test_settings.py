import numpy as np
import pytest

from siamese_drc.compressor.settings import Settings


def test_settings_are_rows_that_can_be_sliced():
    settings = Settings([-10, -20, -30], [1, 2, 3], [4, 5, 6], [7, 8, 9])
    assert len(settings) == 3
    assert settings[1:].ratio.tolist() == [2.0, 3.0]
    assert settings[np.array([2, 0])].release_ms.tolist() == [9.0, 7.0]
    assert len(Settings(-10.0, 2.0, 5.0, 100.0)) == 1


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("threshold_db", 0.1, "must lie between -120 and 0 dBFS"),
        ("threshold_db", np.nan, "must lie between -120 and 0 dBFS"),
        ("ratio", 0.99, "must be at least 1"),
        ("ratio", np.inf, "must be at least 1 and at most 1000"),
        ("attack_ms", 0.0, "must be above 0"),
        ("release_ms", -5.0, "must be above 0"),
        ("release_ms", np.nan, "must be above 0"),
    ],
)
def test_a_value_outside_its_range_is_an_error(name, value, rule):
    columns = {"threshold_db": -10.0, "ratio": 2.0, "attack_ms": 5.0, "release_ms": 100.0}
    columns |= {name: value}
    with pytest.raises(ValueError, match=f"{name} {value:g}: {rule}"):
        Settings(**columns)


def test_columns_of_different_lengths_are_an_error():
    with pytest.raises(ValueError, match="equally long"):
        Settings([-10, -20], [2, 2, 2], [5, 5], [100, 100])
