"""What the summary counts, the headline numbers, and the sizes in the heading."""

from __future__ import annotations

import pytest

from stages.report.findings import count_learnt, distance
from stages.report.headline import headlines, summary
from stages.report.metrics import Metrics
from stages.report.names import error_text
from stages.report.published import read_published, table_cells
from stages.report.sizes import sizes, sizes_beside, sources
from tests.report.made_up_project import (
    CONSTANT,
    SCALE,
    SHARES,
    made_up_metrics,
    made_up_params,
)


def test_what_was_not_learnt_is_counted_and_named():
    found = {of.protocol: of for of in count_learnt(made_up_metrics(made_up_params()))}
    counts = {name: (learnt.count, learnt.total) for name, learnt in found.items()}
    assert counts == {
        "paper": (120, 120),  # of the tables 116, of two more seeds 4
        "unseen_loops": (0, 32),  # tuned Model 1: 12; handcrafted: 20
        "transfer": (0, 8),
        "refit": (8, 8),
    }
    assert found["paper"].failures == {}
    assert found["transfer"].failures == {
        name: [("mix-d4p", parameter) for parameter in CONSTANT]
        for name in ("mix-d4p-cnn-stft128", "mix-d4p-handcrafted")
    }


def one_experiment(maes: dict[str, float]) -> Metrics:
    """Errors of `attack_ms` on drum-ds3 by experiment."""
    return Metrics(
        {name: {"drum-ds3": {"paper": {"attack_ms": {"mae": mae}}}} for name, mae in maes.items()}
    )


def test_distance_is_the_median_ratio_and_counts_each_experiment_once():
    metrics = one_experiment(
        {
            "drum-cnn-mel512": 3 * 3.829,  # stands in Tables IV and VI
            "drum-cnn-stft512": 2 * 2.415,  # stands in Tables VI and VII
            "drum-cnn-stft256": 0.5 * 2.197,
        }
    )
    found = distance(read_published(), metrics)
    assert found is not None
    assert found.count == 3
    assert (found.median, found.lowest, found.highest) == pytest.approx((2, 0.5, 3))
    assert distance(read_published(), one_experiment({})) is None


def test_summary_holds_the_tuned_model_on_two_and_four_parameters():
    params = made_up_params()
    lines = headlines(read_published(), params, made_up_metrics(params))
    numbers = summary(lines)
    assert len(numbers) == 12
    assert numbers["drum_dm2_attack_ms_paper"] == SHARES["paper"] * 25.0
    assert numbers["drum_d4p_ratio_unseen_loops"] == SHARES["unseen_loops"] * 4.8
    assert lines[0].published == "3.141"
    assert lines[0].learnt == {"paper": True, "unseen_loops": False}


def test_summary_leaves_out_what_params_does_not_ask_for():
    entry = {"model": "cnn", "corpus": "drum", "representation": "stft128"}
    params = made_up_params(experiments={"drum-cnn-stft128": entry}, transfers={})
    numbers = summary(headlines(read_published(), params, made_up_metrics(params)))
    assert list(numbers) == ["drum_dm2_attack_ms_paper", "drum_dm2_release_ms_paper"]


def test_sizes_state_this_scale_and_the_papers():
    params = made_up_params()
    listed = {name: (here, paper) for name, here, paper in sizes(params)}
    assert listed["loops"] == (
        "6 drum, 5 guitar, 4 mix; at most 4 under dm1",
        "64 drum, 65 guitar, 50 mix",
    )
    assert listed["clip length"] == ("0.5 s", "4 s")
    assert listed["settings per loop"][0] == ("ds1 50, ds2 6, ds3 6, ds4 6, dm1 6, dm2 6, d4p 625")
    assert listed["settings per loop"][1] == (
        "ds1 50, ds2 50, ds3 50, ds4 50, dm1 64, dm2 64, d4p 625"
    )
    assert listed["folds run (`unseen_loops`)"] == ("1 of 3", "5 of 5")


def test_a_table_states_the_epochs_of_its_own_grids():
    cells = table_cells(read_published(), "XII")
    scale = SCALE | {"max_epochs": SCALE["max_epochs"] | {"d4p": 7}}
    params = made_up_params(scales={"smoke": scale, "paper": scale})
    assert ("epochs at most", "7") in sizes_beside(params, cells)


def test_sources_say_what_was_recorded():
    materials = {
        "drum": {"source": {"folder": "stages/render/drum"}},
        "guitar": {"source": {"folder": "recordings/guitar"}},
        "mix": {"source": {"folder": "stages/render/mix"}},
    }
    assert sources(made_up_params(materials=materials)) == {
        "drum": "composed and rendered here",
        "guitar": "recordings in `recordings/guitar`",
        "mix": "composed and rendered here",
    }


@pytest.mark.parametrize(
    ("mae", "text"),
    [
        (None, "–"),  # noqa: RUF001
        (0.00049, "<0.001"),
        (0.0005, "0.001"),
        (0.5454, "0.545"),
        (4.338, "4.34"),
        (35.589, "35.6"),
        (160.629, "161"),
    ],
)
def test_errors_are_written_with_three_digits(mae, text):
    assert error_text(mae) == text
