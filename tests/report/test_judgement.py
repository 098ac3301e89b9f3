"""A claim holds or does not beyond the spread of three seeds, and is undecided within it."""

from __future__ import annotations

import pytest

from stages.common.params import load_params
from stages.report.claims import Claim
from stages.report.judgement import FAILS, HOLDS, NOT_RUN, SEEDS, UNDECIDED, decide, judge
from stages.report.judgement import seed_spread as spread_of
from stages.report.metrics import Metrics
from stages.report.published import PublishedCell

CONSTANT = {"attack_ms": 25.0, "release_ms": 250.0}


def cell(experiment: str, parameter: str = "attack_ms", value: str = "1", table: str = "VI"):
    return PublishedCell(
        table, "", parameter, experiment, parameter, value, "", experiment, "drum-dm2"
    )


def metrics(maes: dict[str, dict[str, float]], entry: str = "paper") -> Metrics:
    """Errors on drum-dm2 by experiment and parameter."""
    return Metrics(
        {
            name: {
                "drum-dm2": {
                    entry: {parameter: {"mae": mae} for parameter, mae in found.items()},
                    "constant": {name: {"mae": mae} for name, mae in CONSTANT.items()},
                }
            }
            for name, found in maes.items()
        }
    )


def claim(better: str = "good", worse: str | None = "bad") -> Claim:
    wanted = {"experiment": [worse]} if worse else None
    return Claim("One is better", "Table VI", {"experiment": [better]}, wanted)


def attack(good: float, bad: float) -> Metrics:
    return metrics({"good": {"attack_ms": good}, "bad": {"attack_ms": bad}})


CELLS = [cell("good", value="2"), cell("bad", value="4")]


def test_the_seeds_are_three_trainings_of_one_model():
    params = load_params()
    entries = [params.experiments[name] for name in SEEDS]
    assert len({entry.seed or params.train.seed for entry in entries}) == 3
    assert len({(entry.model, entry.corpus, entry.representation) for entry in entries}) == 1
    assert all("dm2" in params.grids_of(name) for name in SEEDS)


def test_spread_is_the_larger_relative_range_of_the_seeds():
    attacks, releases = (9.0, 10.0, 11.0), (100.0, 100.0, 115.0)
    seeds = {
        name: {"attack_ms": a, "release_ms": r}
        for name, a, r in zip(SEEDS, attacks, releases, strict=True)
    }
    assert spread_of(metrics(seeds)) == pytest.approx(2 / 10)
    del seeds[SEEDS[2]]
    assert spread_of(metrics(seeds)) is None


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [(0.81, HOLDS), (0.82, UNDECIDED), (1.0, UNDECIDED), (1.22, UNDECIDED), (1.23, FAILS)],
)
def test_both_errors_may_be_off_by_the_spread(ratio, verdict):
    assert decide(ratio, 0.1) == verdict  # 0.9 / 1.1 = 0.818, 1.1 / 0.9 = 1.222


def test_without_the_seeds_nothing_is_decided():
    assert decide(0.01, None) == UNDECIDED


def test_the_papers_figures_and_ours_are_judged_alike():
    judged = judge(claim(), CELLS, attack(4.0, 3.0), 0.1)
    published, ours = judged.judgements
    assert (published.source, published.verdict) == ("published", HOLDS)
    assert published.ratios["attack_ms"].value == 0.5
    assert (ours.source, ours.verdict) == ("paper", FAILS)
    assert judged.verdict == FAILS


def test_several_cells_of_a_parameter_are_taken_by_their_geometric_mean():
    three = [*CELLS, cell("worse", value="9")]
    several = Claim("", "", {"experiment": ["good"]}, {"experiment": ["bad", "worse"]})
    maes = {"good": 3.0, "bad": 2.0, "worse": 8.0}
    ours = metrics({name: {"attack_ms": mae} for name, mae in maes.items()})
    published, judgement = judge(several, three, ours, 0.1).judgements
    assert published.ratios["attack_ms"].worse == pytest.approx(6.0)
    assert judgement.ratios["attack_ms"].worse == pytest.approx(4.0)
    assert judgement.ratios["attack_ms"].better == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("attack_good", "release_good", "verdict"),
    [(5.0, 50.0, HOLDS), (5.0, 95.0, UNDECIDED), (5.0, 150.0, FAILS), (9.5, 150.0, FAILS)],
)
def test_a_claim_holds_for_all_of_its_parameters_or_does_not(attack_good, release_good, verdict):
    both = [cell(name, parameter) for name in ("good", "bad") for parameter in CONSTANT]
    ours = metrics(
        {
            "good": {"attack_ms": attack_good, "release_ms": release_good},
            "bad": {"attack_ms": 10.0, "release_ms": 100.0},
        }
    )
    assert judge(claim(), both, ours, 0.1).verdict == verdict


def test_a_missing_error_means_that_the_claim_was_not_run():
    judged = judge(claim(), CELLS, metrics({"good": {"attack_ms": 1.0}}), 0.1)
    published, ours = judged.judgements
    assert published.verdict == HOLDS
    assert (ours.verdict, ours.ratios) == (NOT_RUN, {})


def test_errors_that_were_not_learnt_decide_nothing():
    assert judge(claim(), CELLS, attack(18.0, 40.0), 0.1).verdict == UNDECIDED
    assert judge(claim(), CELLS, attack(17.0, 40.0), 0.1).verdict == HOLDS  # below 0.7 x 25


def test_the_constant_predictor_is_the_papers_too():
    judged = judge(claim(worse=None), CELLS[:1], attack(24.0, 0.0), 0.1)
    published, ours = judged.judgements
    assert published.ratios["attack_ms"].value == pytest.approx(2 / 25)
    assert published.verdict == HOLDS
    assert ours.verdict == UNDECIDED


def test_unseen_loops_are_judged_where_all_errors_have_them():
    ours = attack(4.0, 3.0)
    for name, mae in (("good", 5.0), ("bad", 10.0)):
        entries = ours.experiments[name]["drum-dm2"]
        entries["unseen_loops"] = {"attack_ms": {"mae": mae}}
    judged = judge(claim(), CELLS, ours, 0.1)
    assert [(by.source, by.verdict) for by in judged.judgements[1:]] == [
        ("paper", FAILS),
        ("unseen_loops", HOLDS),
    ]
    assert judged.verdict == FAILS
    del ours.experiments["bad"]["drum-dm2"]["unseen_loops"]
    assert len(judge(claim(), CELLS, ours, 0.1).judgements) == 2


def test_mixes_by_transfer_and_refit_are_compared_with_drums_by_paper():
    cells = [cell("good", table="XIII"), cell("bad", table="XII")]
    ours = metrics({"good": {"attack_ms": 2.0}}, "transfer").experiments
    ours |= metrics({"bad": {"attack_ms": 4.0}}).experiments
    ours["good"]["drum-dm2"]["refit"] = {"attack_ms": {"mae": 8.0}}
    judged = judge(claim(), cells, Metrics(ours), 0.1)
    assert [(by.source, by.verdict) for by in judged.judgements[1:]] == [
        ("transfer", HOLDS),
        ("refit", FAILS),
    ]
