"""The variations of each study are runs that params.yaml allows; their table has their errors."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from experiments import studies
from siamese_drc.compressor.settings import PARAMETERS
from stages.project.params import check_params, load_params

ROOT = Path(__file__).parents[2]
VARIATIONS = [
    (study, name) for study, about in studies.read_studies().items() for name in about["variations"]
]


@pytest.mark.parametrize(("study", "name"), VARIATIONS)
def test_a_variation_changes_what_is_there(study, name):
    content = YAML(typ="safe", pure=True).load((ROOT / "params.yaml").read_text())
    about = studies.read_studies()[study]
    for change in [*about.get("always", []), *about["variations"][name]["set"]]:
        place, _, value = change.partition("=")
        *sections, key = place.removeprefix("+").split(".")
        entry = content
        for section in sections:
            entry = entry.setdefault(section, {}) if place[0] == "+" else entry[section]
        changed = YAML(typ="safe", pure=True).load(value)
        assert (key not in entry) == (place[0] == "+")
        assert entry.get(key) != changed
        entry[key] = changed
    assert about["experiment"] in check_params(content).trained


def test_only_the_first_variation_of_a_study_changes_nothing():
    for about in studies.read_studies().values():
        first, *others = about["variations"].values()
        assert first["set"] == []
        assert all(variation["set"] for variation in others)


def test_clips_that_are_not_aligned_stay_where_they_are():
    params = load_params(ROOT / "params.yaml")
    (change,) = studies.read_studies()["gain"]["variations"]["unaligned"]["set"]
    align_ms = float(change.partition("=")[2])
    assert round(align_ms * params.sample_rate / 1000) == 0


def test_the_table_has_a_line_per_variation_that_was_run(tmp_path):
    error = {parameter: {"mae": 3.0, "n": 3} for parameter in PARAMETERS[2:]}
    worse = {parameter: {"mae": 4.0, "n": 3} for parameter in PARAMETERS[2:]}
    metrics = {"drum-dm2": {"unseen_loops": error, "untrained": {"unseen_loops": worse}}}
    curves = {"dm1": [0.7], "dm2": [0.4, 0.25, 0.3]}
    for name in ("absolute", "as-is"):
        studies.keep("recipe", name, metrics, curves, {"commit": "abcdef0123"}, tmp_path)
    assert studies.table("recipe", tmp_path).splitlines() == [
        "Errors: new loops / untrained.",
        "",
        "| change | commit | validation loss | attack (ms) | release (ms) |",
        "| --- | --- | ---: | ---: | ---: |",
        "| as in params.yaml | `abcdef0` | 0.2500 | 3 / 4 | 3 / 4 |",
        "| absolute error | `abcdef0` | 0.2500 (another loss) | 3 / 4 | 3 / 4 |",
    ]


@pytest.mark.parametrize("study", studies.read_studies())
def test_the_page_has_the_table_of_what_was_found(monkeypatch, study):
    monkeypatch.chdir(ROOT)
    assert studies.table(study) in studies.PAGE.read_text(), "run python -m experiments tables"
