"""What the table of bytes adds up."""

import math
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from benchmarks.bytes import bytes_asked, bytes_written
from stages.common.params import check_params
from tests.pipeline.working_copy import PROJECT


@pytest.fixture(scope="module")
def paper():
    content = YAML(typ="safe", pure=True).load((PROJECT / "params.yaml").read_text())
    return check_params(content | {"scale": "paper"})


def test_a_full_size_input_has_the_size_of_its_arrays(paper):
    """D4P on 64 drum loops and their dry inputs, 65 x 2757 values of two bytes each."""
    name = "drum-d4p-stft128"
    experiment = "drum-d4p-cnn-stft128"
    only = {
        "inputs": {name: paper.inputs[name]},
        "experiments": {experiment: paper.experiments[experiment]},
        "transfers": {},
    }
    alone = paper.model_copy(update=only)
    rows = 64 * 625 + 64
    assert math.isclose(bytes_asked(alone)["spectrogram"], rows * 65 * 2757 * 2, rel_tol=1e-5)


def test_flac_is_counted_at_three_bytes_a_sample(paper):
    rows = sum(
        loops * settings
        for loops, settings in [
            *((64, 4 * 50 + 2 * 64), (65, 4 * 50 + 2 * 64)),
            *((64, 625), (50, 625)),
        ]
    )
    assert math.isclose(bytes_asked(paper)["compress"], 3 * rows * 4 * 44100, rel_tol=0.01)


def test_outputs_of_a_lock_file_are_added_by_kind_of_stage(tmp_path: Path):
    (tmp_path / "dvc.lock").write_text(
        "schema: '2.0'\n"
        "stages:\n"
        "  render@drum: {cmd: a, outs: [{path: a, size: 10}]}\n"
        "  render@mix: {cmd: b, outs: [{path: b, size: 5}]}\n"
        "  report: {cmd: c, outs: [{path: c, size: 1}, {path: d, size: 2}]}\n"
    )
    assert bytes_written(tmp_path / "dvc.lock") == {"render": 15, "report": 3}
