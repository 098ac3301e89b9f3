"""The experiment that goes past the paper's networks."""

from __future__ import annotations

from stages.report.beyond import BEYOND, beyond
from stages.report.metrics import Metrics
from stages.report.published import read_published


def found(mae: float) -> Metrics:
    return Metrics({BEYOND: {"drum-d4p": {"paper": {"threshold_db": {"mae": mae}}}}})


def test_stands_beside_the_tuned_model_of_table_xii_the_papers_sizes_last():
    lines = beyond(read_published(), found(0.9), found(0.3))
    assert [(line.parameter, line.published) for line in lines[:4]] == [
        ("threshold_db", "2.369"),
        ("ratio", "3.265"),
        ("attack_ms", "10.868"),
        ("release_ms", "79.045"),
    ]
    assert [line.full_size for line in lines] == [False] * 4 + [True] * 4
    assert lines[0].ours["paper"] == 0.9
    assert lines[4].ours["paper"] == 0.3
    assert lines[4].ours["unseen_loops"] is None  # was not measured


def test_has_no_lines_where_it_was_not_run():
    assert beyond(read_published(), Metrics({}), Metrics({})) == []
    assert len(beyond(read_published(), found(0.9), Metrics({}))) == 4
