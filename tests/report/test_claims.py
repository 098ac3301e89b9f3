"""The claims make the comparisons that they should; verdicts go by the spread of three seeds."""

from __future__ import annotations

import pytest

from siamese_drc.report.claims import (
    FAILS,
    HOLDS,
    NOT_RUN,
    SEEDS,
    UNDECIDED,
    Claim,
    count_learnt,
    decide,
    distance,
    judge,
    read_claims,
)
from siamese_drc.report.claims import seed_spread as spread_of
from siamese_drc.report.published import PublishedCell, read_published
from siamese_drc.report.results import Results
from stages.project.params import load_params
from tests.report.made_up_project import CONSTANT, made_up_params, made_up_results

CELLS = read_published()
CLAIMS = {claim.claim: claim for claim in read_claims()}


def comparisons(start: str) -> list[tuple[tuple[str, str, str], tuple[str, str, str] | None]]:
    """Return (experiment, data set, parameter) of both sides, of the claim that begins so."""
    (claim,) = [claim for text, claim in CLAIMS.items() if text.startswith(start)]
    return [(good.place, bad.place if bad else None) for good, bad in claim.comparisons(CELLS)]


@pytest.mark.parametrize(
    ("start", "count"),
    [
        ("Two parameters varied", 3 * 2 * 4),  # models x instruments x parameters
        ("With one parameter varied, handcrafted", 3 * 2 * 2),
        ("With one parameter varied, raw audio", 2 * 4),
        ("With two parameters varied, Model 2 predicts", 2 * 3),
        ("With two parameters varied, Model 2 is", 2 * 2 * 4),
        ("A spectrogram", 4),
        ("A shorter frame", 4),
        ("Kernels of 1x3 in", 2 * 2),
        ("Kernels of 1x3 do not", 2 * 2),
        ("Larger filters", 4),
        ("Fewer filters or layers", 2 * 4),
        ("Model 3 is not", 2 * 8),
        ("The tuned Model 1", 4 * 8 + 3 * 4),  # all six sets, and the variants on three
        ("Four parameters", 4),
        ("With four parameters varied", 4),
        ("A network trained", 4),
        ("On mixes", 4),
        ("Mixes", 4),
    ],
)
def test_each_claim_makes_its_comparisons(start, count):
    found = comparisons(start)
    assert len(found) == count
    assert len(set(found)) == count


def test_every_claim_is_tested():
    assert len(CLAIMS) == 18


def test_what_is_compared_is_alike():
    assert (
        ("drum-cnn-stft128", "drum-ds3", "attack_ms"),
        ("drum-cnn-stft512", "drum-ds3", "attack_ms"),
    ) in comparisons("A shorter frame")
    assert (
        ("guitar-sample-level-waveform", "guitar-dm2", "release_ms"),
        ("guitar-sample-level-waveform", "guitar-ds4", "release_ms"),
    ) in comparisons("Two parameters varied")
    assert comparisons("Four parameters")[0] == (
        ("drum-cnn-stft128", "drum-dm1", "threshold_db"),
        ("drum-d4p-cnn-stft128", "drum-d4p", "threshold_db"),
    )
    assert comparisons("A network trained")[0] == (
        ("mix-d4p-cnn-stft128", "mix-d4p", "threshold_db"),
        None,
    )


def test_a_cell_that_returns_in_later_tables_is_compared_once():
    mel = Claim("", "", {"experiment": ["drum-cnn-mel512"]}, None)
    assert len(mel.comparisons(CELLS)) == 8


TIMES = {"attack_ms": 25.0, "release_ms": 250.0}


def cell(experiment: str, parameter: str = "attack_ms", value: str = "1", table: str = "VI"):
    return PublishedCell(
        table, "", parameter, experiment, parameter, value, "", experiment, "drum-dm2"
    )


def results_of(maes: dict[str, dict[str, float]], entry: str = "paper") -> Results:
    """Errors on drum-dm2 by experiment and parameter."""
    return Results(
        {
            name: {
                "drum-dm2": {
                    entry: {parameter: {"mae": mae} for parameter, mae in found.items()},
                    "constant": {name: {"mae": mae} for name, mae in TIMES.items()},
                }
            }
            for name, found in maes.items()
        }
    )


def claim(better: str = "good", worse: str | None = "bad") -> Claim:
    wanted = {"experiment": [worse]} if worse else None
    return Claim("One is better", "Table VI", {"experiment": [better]}, wanted)


def attack(good: float, bad: float) -> Results:
    return results_of({"good": {"attack_ms": good}, "bad": {"attack_ms": bad}})


TWO = [cell("good", value="2"), cell("bad", value="4")]


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
    assert spread_of(results_of(seeds)) == pytest.approx(2 / 10)
    del seeds[SEEDS[2]]
    assert spread_of(results_of(seeds)) is None


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [(0.81, HOLDS), (0.82, UNDECIDED), (1.0, UNDECIDED), (1.22, UNDECIDED), (1.23, FAILS)],
)
def test_both_errors_may_be_off_by_the_spread(ratio, verdict):
    assert decide(ratio, 0.1) == verdict  # 0.9 / 1.1 = 0.818, 1.1 / 0.9 = 1.222


def test_without_the_seeds_nothing_is_decided():
    assert decide(0.01, None) == UNDECIDED


def test_the_papers_figures_and_ours_are_judged_alike():
    judged = judge(claim(), TWO, attack(4.0, 3.0), 0.1)
    published, ours = judged.judgements
    assert (published.source, published.verdict) == ("published", HOLDS)
    assert published.ratios["attack_ms"].value == 0.5
    assert (ours.source, ours.verdict) == ("paper", FAILS)
    assert judged.verdict == FAILS


def test_several_cells_of_a_parameter_are_taken_by_their_geometric_mean():
    three = [*TWO, cell("worse", value="9")]
    several = Claim("", "", {"experiment": ["good"]}, {"experiment": ["bad", "worse"]})
    maes = {"good": 3.0, "bad": 2.0, "worse": 8.0}
    ours = results_of({name: {"attack_ms": mae} for name, mae in maes.items()})
    published, judgement = judge(several, three, ours, 0.1).judgements
    assert published.ratios["attack_ms"].worse == pytest.approx(6.0)
    assert judgement.ratios["attack_ms"].worse == pytest.approx(4.0)
    assert judgement.ratios["attack_ms"].better == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("attack_good", "release_good", "verdict"),
    [(5.0, 50.0, HOLDS), (5.0, 95.0, UNDECIDED), (5.0, 150.0, FAILS), (9.5, 150.0, FAILS)],
)
def test_a_claim_holds_for_all_of_its_parameters_or_does_not(attack_good, release_good, verdict):
    both = [cell(name, parameter) for name in ("good", "bad") for parameter in TIMES]
    ours = results_of(
        {
            "good": {"attack_ms": attack_good, "release_ms": release_good},
            "bad": {"attack_ms": 10.0, "release_ms": 100.0},
        }
    )
    assert judge(claim(), both, ours, 0.1).verdict == verdict


def test_a_missing_error_means_that_the_claim_was_not_run():
    judged = judge(claim(), TWO, results_of({"good": {"attack_ms": 1.0}}), 0.1)
    published, ours = judged.judgements
    assert published.verdict == HOLDS
    assert (ours.verdict, ours.ratios) == (NOT_RUN, {})


def test_errors_that_were_not_learnt_decide_nothing():
    assert judge(claim(), TWO, attack(18.0, 40.0), 0.1).verdict == UNDECIDED
    assert judge(claim(), TWO, attack(17.0, 40.0), 0.1).verdict == HOLDS  # below 0.7 x 25


def test_the_constant_predictor_is_the_papers_too():
    judged = judge(claim(worse=None), TWO[:1], attack(24.0, 0.0), 0.1)
    published, ours = judged.judgements
    assert published.ratios["attack_ms"].value == pytest.approx(2 / 25)
    assert published.verdict == HOLDS
    assert ours.verdict == UNDECIDED


def test_unseen_loops_are_judged_where_all_errors_have_them():
    ours = attack(4.0, 3.0)
    for name, mae in (("good", 5.0), ("bad", 10.0)):
        entries = ours.experiments[name]["drum-dm2"]
        entries["unseen_loops"] = {"attack_ms": {"mae": mae}}
    judged = judge(claim(), TWO, ours, 0.1)
    assert [(by.source, by.verdict) for by in judged.judgements[1:]] == [
        ("paper", FAILS),
        ("unseen_loops", HOLDS),
    ]
    assert judged.verdict == FAILS
    del ours.experiments["bad"]["drum-dm2"]["unseen_loops"]
    assert len(judge(claim(), TWO, ours, 0.1).judgements) == 2


def test_mixes_by_transfer_and_refit_are_compared_with_drums_by_paper():
    cells = [cell("good", table="XIII"), cell("bad", table="XII")]
    ours = results_of({"good": {"attack_ms": 2.0}}, "transfer").experiments
    ours |= results_of({"bad": {"attack_ms": 4.0}}).experiments
    ours["good"]["drum-dm2"]["refit"] = {"attack_ms": {"mae": 8.0}}
    judged = judge(claim(), cells, Results(ours), 0.1)
    assert [(by.source, by.verdict) for by in judged.judgements[1:]] == [
        ("transfer", HOLDS),
        ("refit", FAILS),
    ]


def test_what_was_not_learnt_is_counted_and_named():
    found = {of.protocol: of for of in count_learnt(made_up_results(made_up_params()))}
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
