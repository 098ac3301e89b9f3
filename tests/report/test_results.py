"""The errors of the named experiments are read, all of them and no others."""

from __future__ import annotations

import json

import pytest

from siamese_drc.core.errors import InputError
from siamese_drc.report.results import Results, error_text, read_results
from tests.report.made_up_project import build_project, made_up_errors, made_up_params


@pytest.fixture
def folder(tmp_path):
    params = made_up_params()
    build_project(tmp_path, params)
    return tmp_path / "metrics" / params.scale / "experiments"


def test_reads_what_evaluate_wrote(folder):
    params = made_up_params()
    results = read_results(folder, params.evaluated)
    assert list(results.experiments) == params.evaluated
    assert results.experiments["drum-cnn-stft128"] == made_up_errors(params, "drum-cnn-stft128")


@pytest.mark.parametrize("name", ["drum-cnn-stft256", "drum-handcrafted"])
def test_missing_errors_are_named(folder, name):
    (folder / f"{name}.json").unlink()
    with pytest.raises(InputError, match=rf"{name}\.json: missing"):
        read_results(folder, made_up_params().evaluated)


def test_missing_files_are_left_out_where_that_is_allowed(folder):
    params = made_up_params()
    for path in folder.iterdir():
        if path.stem != "drum-cnn-stft128":
            path.unlink()
    landed = read_results(folder, params.evaluated, complete=False)
    assert landed.experiments == {
        "drum-cnn-stft128": made_up_errors(params, "drum-cnn-stft128"),
    }
    assert read_results(folder / "none", params.evaluated, complete=False).experiments == {}


def test_broken_json_is_named(folder):
    (folder / "drum-cnn-stft256.json").write_text("<<<<<<< HEAD")
    with pytest.raises(InputError, match=r"drum-cnn-stft256\.json: is not JSON"):
        read_results(folder, made_up_params().evaluated)


def one_error(mae: float) -> Results:
    entries = {"paper": {"attack_ms": {"mae": mae}}, "constant": {"attack_ms": {"mae": 20.0}}}
    return Results({"drum": {"drum-ds3": entries}})


@pytest.mark.parametrize(("mae", "learnt"), [(13.9, True), (14.0, False), (21.0, False)])
def test_learnt_is_better_than_the_constant_by_30_percent(mae, learnt):
    assert one_error(mae).learnt("drum", "drum-ds3", "paper", "attack_ms") is learnt


@pytest.mark.parametrize(
    "place",
    [
        ("guitar", "drum-ds3", "paper", "attack_ms"),
        ("drum", "drum-ds4", "paper", "attack_ms"),
        ("drum", "drum-ds3", "unseen_loops", "attack_ms"),
        ("drum", "drum-ds3", "paper", "release_ms"),
    ],
)
def test_what_was_not_measured_is_none(place):
    assert one_error(1.0).mae(*place) is None
    assert one_error(1.0).learnt(*place) is None


def test_measured_lists_varied_parameters_in_order(folder):
    results = Results({"d4p": json.loads((folder / "drum-d4p-cnn-stft128.json").read_text())})
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
