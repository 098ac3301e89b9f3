"""The variations of each study are runs that params.yaml allows; their table has their errors."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from experiments import studies
from siamese_drc.compressor.settings import PARAMETERS
from stages.project.params import check_params, load_params

ROOT = Path(__file__).parents[2]
EXPERIMENT = "drum-d4p-dense-gain"
VARIATIONS = [
    (experiment, name, variation)
    for experiment, variations in studies.read_studies().items()
    for name, variation in variations.items()
]


@pytest.mark.parametrize(("experiment", "name", "variation"), VARIATIONS)
def test_a_variation_changes_what_is_there(experiment, name, variation):
    content = YAML(typ="safe", pure=True).load((ROOT / "params.yaml").read_text())
    for change in variation["set"]:
        place, _, value = change.partition("=")
        *sections, key = place.removeprefix("+").split(".")
        entry = content
        for section in sections:
            entry = entry.setdefault(section, {}) if place[0] == "+" else entry[section]
        changed = YAML(typ="safe", pure=True).load(value)
        assert (key not in entry) == (place[0] == "+")
        assert entry.get(key) != changed
        entry[key] = changed
    assert experiment in check_params(content).experiments


def test_only_the_first_variation_of_a_study_changes_nothing():
    for variations in studies.read_studies().values():
        first, *others = variations.values()
        assert first["set"] == []
        assert all(variation["set"] for variation in others)


def test_clips_that_are_not_aligned_stay_where_they_are():
    params = load_params(ROOT / "params.yaml")
    (change,) = studies.read_studies()[EXPERIMENT]["gain-unaligned"]["set"]
    align_ms = float(change.partition("=")[2])
    assert round(align_ms * params.sample_rate / 1000) == 0


def test_the_table_has_a_line_per_variation_that_was_run(tmp_path):
    entries = ("paper", "unseen_loops", "paper_delayed", "unseen_loops_delayed")
    metrics = {
        "drum-d4p": {
            entry: {parameter: {"mae": 3.0 + i, "n": 3} for parameter in PARAMETERS}
            for i, entry in enumerate(entries)
        }
    }
    for name in ("gain-linear", "gain"):
        studies.keep(EXPERIMENT, name, metrics, {"commit": "abcdef0123"}, tmp_path)
    assert studies.table(EXPERIMENT, tmp_path).splitlines()[2:] == [
        "| as in params.yaml | `abcdef0` |" + " 3 / 4 |" * 4,
        "| as in params.yaml; clips 10 ms late | `abcdef0` |" + " 5 / 6 |" * 4,
        "| targets in their units | `abcdef0` |" + " 3 / 4 |" * 4,
    ]


def test_the_page_has_the_table_of_what_was_found(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert studies.table(EXPERIMENT) in studies.PAGE.read_text(), "run python -m experiments tables"
