"""Any mutation of params.yaml gives parameters that a run can use, or one clear line."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from siamese_drc.core.errors import InputError
from siamese_drc.inputs.gain import GainBank
from stages.project.params import Params, check_params, load_params

TEXT = (Path(__file__).parents[2] / "params.yaml").read_text("utf-8")
CONTENT = YAML(typ="safe", pure=True).load(TEXT)
LONGEST_MESSAGE = 3000  # characters

Place = tuple[Any, ...]


def places(part: Any, before: Place = ()) -> list[Place]:
    """Return the way to every value in nested mappings and lists."""
    keys = part if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ()
    found = [before] if before else []
    return found + [place for key in keys for place in places(part[key], (*before, key))]


PLACES = places(CONTENT)
VALUES = st.one_of(
    st.sampled_from([None, True, False, 0, 1, -1, 2, 3, 10**6, 2**63, 10**40]),
    st.sampled_from([0.0, -0.0, 0.5, 1.0, 1e-300, 1e300, math.nan, math.inf, -math.inf]),
    st.sampled_from(["", "drum", "dm1", "d4p", "none", "../..", "a; b", "\n", "x" * 10_000]),
    st.sampled_from([[], {}, [None], [1], ["ds1"], ["ds1", "ds1"], {"laptop": 1}, {1: 2}]),
    st.integers(-10, 100),
    st.floats(-100, 100),
    st.sampled_from(PLACES).map(lambda place: at(CONTENT, place)),
)


def at(content: Any, place: Place) -> Any:
    for key in place:
        content = content[key]
    return content


CHANGES = st.lists(
    st.tuples(st.sampled_from(PLACES), st.sampled_from(["replace", "remove", "rename"]), VALUES),
    min_size=1,
    max_size=3,
)


def changed(changes: list[tuple[Place, str, Any]]) -> Any:
    """Return the content of params.yaml with values replaced, removed or under another key."""
    content = copy.deepcopy(CONTENT)
    for (*path, last), change, value in changes:
        try:
            part = at(content, tuple(path))
            part[last]
        except (LookupError, TypeError):
            continue  # an earlier change removed it
        if change == "replace":
            part[last] = copy.deepcopy(value)
        elif change == "remove":
            del part[last]
        elif isinstance(part, dict):
            part[f"{last}s" if isinstance(value, list | dict) else value] = part.pop(last)
    return content


def use(params: Params) -> None:
    """Ask for everything that the stages derive from parameters."""
    assert 0 < params.clip_samples <= 60 * 192_000
    for name, entry in params.trained.items():
        model, training = params.model_of(name), params.training_of(name)
        assert model.kind == "none" or params.max_epochs_of(name) >= 1
        assert training.batch_size % training.loops_per_batch == 0
        for grid in params.grids_of(name):
            assert params.settings_of(entry.corpus, grid) >= 1
            assert grid in params.grids_of_input(entry.input)
    for name in params.inputs:
        assert params.grids_of_input(name)
    for corpus in params.corpora.values():
        assert params.size.loops[corpus.material] >= 2
    for representation in params.representations.values():
        if representation.gain:
            GainBank(**representation.gain.options())
        assert representation.options()
    assert params.match.sizes[params.scale].epochs >= 1
    assert set(params.evaluated) >= set(params.experiments)


@settings(max_examples=400, deadline=None)
@given(CHANGES)
def test_a_mutation_gives_usable_parameters_or_one_line(
    changes: list[tuple[Place, str, Any]],
) -> None:
    try:
        params = check_params(changed(changes))
    except InputError as error:
        message = str(error)
        assert message.startswith("params.yaml: ")
        assert "\n" not in message
        assert len(message) < LONGEST_MESSAGE
    else:
        use(params)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_file_is_one_line(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    start = data.draw(st.integers(0, len(TEXT) - 400))
    text = list(TEXT[start : start + 400])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at] = data.draw(
            st.sampled_from([*"\t\n\0:-[]{}&*!|>'\"%@`#?,é", "", "<<: ", "\ud800", "!!int "])
        )
    file = tmp_path_factory.getbasetemp() / "damaged.yaml"
    file.write_bytes("".join(text).encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError) as caught:
        load_params(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert "\n" not in message
    assert len(message) < LONGEST_MESSAGE
