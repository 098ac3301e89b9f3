"""What training adds, which errors are not learnt, and the headline numbers."""

from __future__ import annotations

import pytest

from siamese_drc.report.claims import FAILS, HOLDS, UNDECIDED
from siamese_drc.report.learning import Training, distance, not_learnt, summary, trainings
from siamese_drc.report.published import read_published
from siamese_drc.report.results import Results
from tests.report.made_up_project import CONSTANT, made_up_params, made_up_results


def test_what_training_adds_by_protocol():
    found = {of.protocol: of for of in trainings(made_up_results(made_up_params()))}
    assert {name: (of.learnt, of.trained) for name, of in found.items()} == {
        "paper": (100, 100),  # of the tables 96, of two more seeds 4
        "unseen_loops": (0, 12),  # the tuned Model 1
        "transfer": (4, 4),
        "refit": (4, 4),
    }
    assert found["paper"].over_untrained == pytest.approx(0.2 / 0.3)
    assert found["paper"].over_no_network == pytest.approx(0.2 / 0.25)
    assert found["transfer"].above_no_network == 4
    assert [of.verdict for of in found.values()] == [HOLDS, FAILS, HOLDS, HOLDS]
    assert trainings(Results({})) == []


def test_training_helps_from_80_percent_of_the_errors():
    counts = (80, 79, 50, 49)
    verdicts = [Training("paper", 100, count, None, None, 0).verdict for count in counts]
    assert verdicts == [HOLDS, UNDECIDED, UNDECIDED, FAILS]


def test_what_is_not_learnt_is_listed():
    found = not_learnt(made_up_results(made_up_params()))
    assert len(found) == 12
    assert (("drum-cnn-stft128", "drum-ds3", "attack_ms"), "unseen_loops") in found


def test_summary_has_at_most_twelve_numbers():
    numbers = summary(read_published(), made_up_results(made_up_params()))
    assert len(numbers) == 12
    assert (numbers["cells_trained"], numbers["cells_learnt"]) == (120, 108)
    assert numbers["paper_over_untrained"] == pytest.approx(2 / 3)
    assert numbers["unseen_loops_over_no_network"] == pytest.approx(0.8 / 0.75)
    assert numbers["drum_dm2_attack_ms_unseen_loops"] == 0.8 * CONSTANT["attack_ms"]


def test_summary_leaves_out_what_was_not_measured():
    assert summary(read_published(), Results({})) == {"cells_trained": 0, "cells_learnt": 0}


def one_experiment(maes: dict[str, float]) -> Results:
    """Errors of `attack_ms` on drum-ds3 by experiment."""
    return Results(
        {name: {"drum-ds3": {"paper": {"attack_ms": {"mae": mae}}}} for name, mae in maes.items()}
    )


def test_distance_is_the_median_ratio_and_counts_each_experiment_once():
    results = one_experiment(
        {
            "drum-cnn-mel512": 3 * 3.829,  # stands in Tables IV and VI
            "drum-cnn-stft512": 2 * 2.415,  # stands in Tables VI and VII
            "drum-cnn-stft256": 0.5 * 2.197,
        }
    )
    found = distance(read_published(), results)
    assert found is not None
    assert found.count == 3
    assert (found.median, found.lowest, found.highest) == pytest.approx((2, 0.5, 3))
    assert distance(read_published(), one_experiment({})) is None


@pytest.mark.parametrize(
    ("untrained", "no_network", "better"), [(9.0, 9.0, 1), (1.0, 9.0, 0), (9.0, 1.0, 0)]
)
def test_the_network_is_better_than_the_paper_only_where_both_baselines_are_worse(
    untrained, no_network, better
):
    results = one_experiment({"drum-cnn-stft128": 1.5})  # published: 2.042
    entries = results.experiments["drum-cnn-stft128"]["drum-ds3"]
    for name, mae in (("untrained", untrained), ("no_network", no_network)):
        entries[name] = {"paper": {"attack_ms": {"mae": mae}}}
    found = distance(read_published(), results)
    assert found is not None
    assert (found.below, found.better) == (1, better)
