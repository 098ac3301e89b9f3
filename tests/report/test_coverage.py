"""Every cell's scale is stated: paper scale, this report's, or none."""

from __future__ import annotations

from stages.report.coverage import coverage
from stages.report.metrics import Metrics
from stages.report.published import read_published
from tests.report.made_up_project import made_up_errors, made_up_metrics, made_up_params

NAME = "drum-cnn-stft128"


def test_the_largest_scale_of_every_cell_is_stated():
    params = made_up_params()
    metrics = made_up_metrics(params)
    del metrics.experiments["drum-d4p-handcrafted"]
    full_size = Metrics({NAME: {"drum-dm2": made_up_errors(params, NAME)["drum-dm2"]}})
    found = coverage(read_published(), "smoke", metrics, full_size)
    assert found.grids == ["ds1", "ds2", "ds3", "ds4", "dm1", "dm2", "d4p"]
    assert found.rows[NAME] == ["smoke"] * 5 + ["paper scale", ""]
    assert found.rows["drum-cnn-stft256"] == ["", "", "smoke", "smoke", "", "smoke", ""]
    assert found.rows["drum-d4p-handcrafted"] == [""] * 6 + ["\N{EN DASH}"]
    assert found.rows["mix-d4p-cnn-stft128"] == [""] * 6 + ["smoke"]
    assert (found.full_size, found.total) == (2, 124)
