"""The errors of the named experiments are read, all of them and no others."""

from __future__ import annotations

import json

import pytest

from siamese_drc.core.errors import InputError
from siamese_drc.report.results import Results, error_text, merged, read_results
from tests.report.made_up_project import (
    UNSEEN_LOOPS,
    build_project,
    made_up_errors,
    made_up_params,
    made_up_results,
)


@pytest.fixture
def folder(tmp_path):
    params = made_up_params()
    build_project(tmp_path, params)
    return tmp_path / "metrics" / params.scale


def test_reads_and_joins_both_files_of_an_experiment(folder):
    params = made_up_params()
    results = read_results(folder, params.evaluated, UNSEEN_LOOPS)
    assert list(results.experiments) == params.evaluated
    assert results == made_up_results(params)
    place = ("drum-cnn-stft128", "drum-dm2", "attack_ms")
    assert results.mae(place, "paper") == 5.0
    assert results.mae(place, "untrained/paper") == 7.5
    assert results.mae(place, "untrained/unseen_loops") == 17.5
    assert results.mae(place, "no_network/unseen_loops") == 18.75


def test_new_errors_on_other_loops_replace_those_of_the_old_form_but_not_the_constant():
    old = {"drum-ds2": {"unseen_loops": {"ratio": 3.0}, "constant": {"ratio": 5.0}}}
    new = {"drum-ds2": {"unseen_loops": {"ratio": 2.0}, "constant": {"ratio": 4.0}}}
    assert merged(old, new) == {"drum-ds2": {"unseen_loops": {"ratio": 2.0}, **CONSTANT_OF_OLD}}
    assert merged({}, new) == new


CONSTANT_OF_OLD = {"constant": {"ratio": 5.0}}


@pytest.mark.parametrize(
    "name",
    [
        "experiments/drum-cnn-stft256",
        "experiments/drum-handcrafted",
        "unseen_loops/drum-handcrafted",
    ],
)
def test_missing_errors_are_named(folder, name):
    (folder / f"{name}.json").unlink()
    with pytest.raises(InputError, match=rf"{name}\.json: missing"):
        read_results(folder, made_up_params().evaluated, UNSEEN_LOOPS)


def test_missing_files_are_left_out_where_that_is_allowed(folder):
    params = made_up_params()
    for path in folder.glob("*/*.json"):
        if path.parent.name != "experiments" or path.stem != "drum-cnn-stft128":
            path.unlink()
    landed = read_results(folder, params.evaluated, UNSEEN_LOOPS, complete=False)
    assert landed.experiments == {
        "drum-cnn-stft128": made_up_errors(params, "drum-cnn-stft128"),
    }
    assert read_results(folder / "none", params.evaluated, complete=False).experiments == {}


def test_broken_json_is_named(folder):
    (folder / "experiments" / "drum-cnn-stft256.json").write_text("<<<<<<< HEAD")
    with pytest.raises(InputError, match=r"drum-cnn-stft256\.json: cannot be read; is it damaged"):
        read_results(folder, made_up_params().evaluated)


def one_error() -> Results:
    """Return an error that was learnt."""
    entries = {
        "paper": {"attack_ms": {"mae": 1.0}},
        "learnt": {"paper": {"attack_ms": {"learnt": True}}},
    }
    return Results({"drum": {"drum-ds3": entries}})


PLACE = ("drum", "drum-ds3", "attack_ms")


def test_learnt_is_what_the_metrics_say():
    assert one_error().learnt(PLACE, "paper") is True


@pytest.mark.parametrize(
    ("place", "protocol"),
    [
        (("guitar", "drum-ds3", "attack_ms"), "paper"),
        (("drum", "drum-ds4", "attack_ms"), "paper"),
        (PLACE, "unseen_loops"),
        (("drum", "drum-ds3", "release_ms"), "paper"),
    ],
)
def test_what_was_not_measured_is_none(place, protocol):
    assert one_error().mae(place, protocol) is None
    assert one_error().learnt(place, protocol) is None


def test_measured_lists_varied_parameters_in_order(folder):
    results = Results(
        {"d4p": json.loads((folder / "experiments" / "drum-d4p-cnn-stft128.json").read_text())}
    )
    assert list(results.measured()) == [
        ("d4p", "drum-d4p", name) for name in ("threshold_db", "ratio", "attack_ms", "release_ms")
    ]


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
