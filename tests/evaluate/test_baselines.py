"""The constant predictor's closed forms, and the table of closed-form estimates."""

import numpy as np
import pandas as pd
import pytest

from stages.common.errors import InputError
from stages.common.params import PARAMETERS, load_params
from stages.compress.grids import grid_settings
from stages.evaluate.baselines import constant, read_closed_form
from stages.evaluate.data_set import Fit

# For n evenly spaced values at distance d, n even, the median's mean absolute error is n d / 4
DS = {"threshold_db": 12.5, "ratio": 12.5 * 19 / 49, "attack_ms": 25.0, "release_ms": 250.0}
DM = {"threshold_db": 9.6, "ratio": 4.8, "attack_ms": 24.0, "release_ms": 240.0}
D4P = {"threshold_db": 10.0, "ratio": 4.8, "attack_ms": 25.0, "release_ms": 250.0}


@pytest.mark.parametrize(
    ("grid", "expected"),
    [*((f"ds{i}", DS) for i in range(1, 5)), ("dm1", DM), ("dm2", DM), ("d4p", D4P)],
)
def test_constant_has_its_closed_form_on_the_papers_grids(grid, expected):
    grids = load_params().grids
    varied = grids.named[grid].varied
    settings = [grid_settings(grids.named[grid], grids.defaults, loop) for loop in range(8)]
    targets = np.concatenate(
        [np.column_stack([getattr(one, name) for name in varied]) for one in settings]
    )
    rows = np.arange(len(targets))
    (prediction,) = constant([Fit(targets, targets, rows, targets, rows)])
    mae = np.abs(prediction.values - targets).mean(axis=0)
    np.testing.assert_allclose(mae, [expected[name] for name in varied], rtol=1e-6)


def test_constant_is_the_median_of_the_training_rows_alone():
    targets = np.array([[1.0, 10.0], [2.0, 20.0], [9.0, 30.0], [100.0, 900.0]])
    fit = Fit(targets, targets, np.array([0, 1, 2]), targets, np.array([3]))
    (prediction,) = constant([fit])
    np.testing.assert_array_equal(prediction.rows, [3])
    np.testing.assert_array_equal(prediction.values, [[2.0, 20.0]])


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "drum.csv"
    rows = pd.DataFrame({name: [1.0, 2.0] for name in PARAMETERS} | {"solved": [True, False]})
    rows.to_csv(path, index=False)
    return path


def test_reads_closed_form_estimates(table):
    assert read_closed_form(table, rows=2)["solved"].tolist() == [True, False]


def test_closed_form_estimates_that_do_not_match_are_errors(table, tmp_path):
    with pytest.raises(InputError, match=r"drum\.csv: has 2 rows, must have 3"):
        read_closed_form(table, rows=3)
    table.write_text(table.read_text().replace("2.0", "", 1))
    with pytest.raises(InputError, match=r"drum\.csv: lacks a value"):
        read_closed_form(table, rows=2)
    with pytest.raises(InputError, match=r"none\.csv: cannot be read"):
        read_closed_form(tmp_path / "none.csv", rows=2)
