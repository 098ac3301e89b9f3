"""The variations are runs that params.yaml allows, and their table has what they found."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from stages.common.params import PARAMETERS, check_params, load_params
from studies import errors
from studies.variations import EXPERIMENT, VARIATIONS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("variation", VARIATIONS, ids=lambda variation: variation.name)
def test_a_variation_changes_what_is_there(variation):
    content = YAML(typ="safe", pure=True).load((ROOT / "params.yaml").read_text())
    for change in variation.changes:
        place, _, value = change.partition("=")
        *sections, key = place.split(".")
        entry = content
        for section in sections:
            entry = entry[section]
        changed = YAML(typ="safe", pure=True).load(value)
        assert entry[key] != changed
        entry[key] = changed
    assert EXPERIMENT in check_params(content).experiments


def test_every_variation_has_a_name_of_its_own_and_leaves_the_others_alone():
    names = [variation.name for variation in VARIATIONS]
    assert len(set(names)) == len(names)
    assert VARIATIONS[0].changes == ()
    assert all(variation.changes for variation in VARIATIONS[1:])


def test_clips_that_are_not_aligned_stay_where_they_are():
    params = load_params(ROOT / "params.yaml")
    (unaligned,) = [of for of in VARIATIONS if of.name == "gain-unaligned"]
    align_ms = float(unaligned.changes[0].partition("=")[2])
    assert round(align_ms * params.sample_rate / 1000) == 0


def of_all(mae):
    return {parameter: {"mae": mae, "n": 3} for parameter in PARAMETERS}


def test_the_table_has_a_line_per_variation_that_was_run(tmp_path):
    found, model_1 = tmp_path / "studies" / "found.json", tmp_path / "model_1.json"
    model_1.write_text(
        json.dumps({"drum-d4p": {"paper": of_all(1.0), "unseen_loops": of_all(2.0)}})
    )
    entries = ("paper", "unseen_loops", "paper_delayed", "unseen_loops_delayed")
    metrics = {"drum-d4p": {entry: of_all(3.0 + i) for i, entry in enumerate(entries)}}
    errors.keep("gain-linear", metrics, found)
    errors.keep("gain", metrics, found)
    assert errors.table(found, model_1).splitlines()[2:] == [
        "| tuned Model 1 and its forest |" + " 1 / 2 |" * 4,
        "| as in params.yaml |" + " 3 / 4 |" * 4,
        "| as in params.yaml; clips 10 ms late |" + " 5 / 6 |" * 4,
        "| targets in their units |" + " 3 / 4 |" * 4,
    ]


def test_the_readme_has_the_table_of_what_was_found(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert errors.table() in errors.README.read_text()
