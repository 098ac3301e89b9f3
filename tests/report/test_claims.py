"""The claims make the comparisons that they should; verdicts go by spread, seeds and twins."""

from __future__ import annotations

import pytest

from siamese_drc.report.claims import (
    FAILS,
    HOLDS,
    SEEDS,
    UNDECIDED,
    Claim,
    decide,
    judge,
    read_claims,
)
from siamese_drc.report.claims import seed_spread as spread_of
from siamese_drc.report.published import PublishedCell, read_published
from siamese_drc.report.results import Results
from stages.project.params import load_params

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
                    "learnt": {entry: {parameter: {"learnt": True} for parameter in found}},
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
    assert set.intersection(*(set(params.grids_of(name)) for name in SEEDS))


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


def test_the_papers_figures_and_ours_are_judged_alike():
    judged = judge(claim(), TWO, attack(4.0, 3.0), 0.1)
    published, ours = judged.judgements
    assert judged.untrained is judged.other is None
    assert (published.source, published.verdict) == ("published", HOLDS)
    assert published.ratios["attack_ms"].value == 0.5
    assert (ours.source, ours.verdict, ours.needs) == ("paper", FAILS, "")


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
    assert judge(claim(), both, ours, 0.1).ours.verdict == verdict


def test_a_missing_error_is_what_would_decide():
    judged = judge(claim(), TWO, results_of({"good": {"attack_ms": 1.0}}), 0.1)
    assert judged.published.verdict == HOLDS
    assert (judged.ours.verdict, judged.ours.ratios) == (UNDECIDED, {})
    assert judged.ours.needs == "errors of bad on dm2"


@pytest.mark.parametrize(
    ("good", "spread", "needs"),
    [
        (9.0, 0.1, "a spread below 5.3 % instead of 10.0 % (attack)"),  # 0.1 / 1.9
        (9.9, 0.1, "no difference is visible (attack)"),
        (5.0, None, "three seeds of the tuned Model 1 (attack)"),
    ],
)
def test_an_undecided_claim_says_what_would_decide_it(good, spread, needs):
    judged = judge(claim(), TWO, attack(good, 10.0), spread)
    assert (judged.ours.verdict, judged.ours.needs) == (UNDECIDED, needs)


def test_errors_that_vary_more_over_splits_than_over_seeds_widen_the_spread():
    ours = attack(7.0, 10.0)
    assert judge(claim(), TWO, ours, 0.1).ours.verdict == HOLDS
    for name, std in (("good", 1.4), ("bad", 2.0)):
        ours.experiments[name]["drum-dm2"]["paper"]["attack_ms"]["std"] = std
    judged = judge(claim(), TWO, ours, 0.1)
    assert judged.ours.needs == "a spread below 17.6 % instead of 20.0 % (attack)"
    assert judged.published.verdict == HOLDS


def set_learnt(results: Results, name: str, learnt: bool) -> None:
    results.experiments[name]["drum-dm2"]["learnt"]["paper"]["attack_ms"]["learnt"] = learnt


def test_the_smaller_error_must_be_learnt():
    ours = attack(4.0, 10.0)
    set_learnt(ours, "bad", False)
    assert judge(claim(), TWO, ours, 0.1).ours.verdict == HOLDS
    set_learnt(ours, "good", False)
    judged = judge(claim(), TWO, ours, 0.1)
    assert judged.ours.needs == "networks that learn (attack)"
    assert judged.published.verdict == HOLDS
    for name in ("good", "bad"):
        del ours.experiments[name]["drum-dm2"]["learnt"]
    assert judge(claim(), TWO, ours, 0.1).ours.needs == "untrained twins (attack)"


def test_a_comparison_of_errors_that_were_not_learnt_does_not_count():
    three = [*TWO, cell("worse", value="9")]
    several = Claim("", "", {"experiment": ["good"]}, {"experiment": ["bad", "worse"]})
    maes = {"good": 3.0, "bad": 2.0, "worse": 8.0}
    ours = results_of({name: {"attack_ms": mae} for name, mae in maes.items()})
    set_learnt(ours, "bad", False)
    ratio = judge(several, three, ours, 0.1).ours.ratios["attack_ms"]
    assert (ratio.better, ratio.worse) == pytest.approx((3.0, 8.0))


def test_handcrafted_features_need_no_twin():
    cells = [cell("drum-handcrafted"), cell("bad")]
    ours = results_of({"drum-handcrafted": {"attack_ms": 4.0}, "bad": {"attack_ms": 10.0}})
    for data_sets in ours.experiments.values():
        del data_sets["drum-dm2"]["learnt"]
    assert judge(claim("drum-handcrafted"), cells, ours, 0.1).ours.verdict == HOLDS
    assert judge(claim("bad", "drum-handcrafted"), cells, ours, 0.1).ours.verdict == FAILS


def test_the_untrained_twins_are_judged_alike():
    ours = attack(4.0, 10.0)
    for name, mae in (("good", 8.0), ("bad", 4.0)):
        twin = {"paper": {"attack_ms": {"mae": mae}}}
        ours.experiments[name]["drum-dm2"]["untrained"] = twin
    judged = judge(claim(), TWO, ours, 0.1)
    assert judged.untrained is not None
    assert (judged.ours.verdict, judged.untrained.verdict) == (HOLDS, FAILS)
    assert judged.untrained.ratios["attack_ms"].value == pytest.approx(2)


def test_the_constant_predictor_is_the_papers_too():
    judged = judge(claim(worse=None), TWO[:1], attack(24.0, 0.0), 0.1)
    assert judged.published.ratios["attack_ms"].value == pytest.approx(2 / 25)
    assert judged.published.verdict == HOLDS
    assert judged.ours.verdict == UNDECIDED


def test_unseen_loops_are_judged_where_all_errors_have_them():
    ours = attack(4.0, 3.0)
    for name, mae in (("good", 5.0), ("bad", 10.0)):
        entries = ours.experiments[name]["drum-dm2"]
        entries["unseen_loops"] = {"attack_ms": {"mae": mae}}
        entries["learnt"]["unseen_loops"] = {"attack_ms": {"learnt": True}}
    judged = judge(claim(), TWO, ours, 0.1)
    assert [(by.source, by.verdict) for by in judged.judgements[1:]] == [
        ("paper", FAILS),
        ("unseen_loops", HOLDS),
    ]
    del ours.experiments["bad"]["drum-dm2"]["unseen_loops"]
    assert len(judge(claim(), TWO, ours, 0.1).judgements) == 2


def test_mixes_by_transfer_and_refit_are_compared_with_drums_by_paper():
    cells = [cell("good", table="XIII"), cell("bad", table="XII")]
    ours = results_of({"good": {"attack_ms": 2.0}}, "transfer").experiments
    ours |= results_of({"bad": {"attack_ms": 4.0}}).experiments
    ours["good"]["drum-dm2"]["refit"] = {"attack_ms": {"mae": 8.0}}
    ours["bad"]["drum-dm2"]["learnt"]["refit"] = {"attack_ms": {"learnt": True}}
    judged = judge(claim(), cells, Results(ours), 0.1)
    assert [(by.source, by.verdict) for by in judged.judgements[1:]] == [
        ("transfer", HOLDS),
        ("refit", FAILS),
    ]
