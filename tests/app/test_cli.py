"""The command line: answer as table and JSON, options, and the file that it writes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from siamese_drc.app.cli import as_text
from siamese_drc.export.files import FILES
from siamese_drc.match.answer import (
    ANOTHER_RECORDING,
    NO_ANSWER,
    Answer,
    Estimate,
    ReferenceAnswer,
)
from siamese_drc.match.sound import process
from tests.app.made_up_files import RATE, write_sound
from tests.match.made_up_answers import FOUND
from tests.pipeline.working_copy import PROJECT


@pytest.fixture
def loop(tmp_path):
    return write_sound(tmp_path / "loop.wav", channels=2, gain=0.5)


@pytest.fixture
def reference(tmp_path):
    return write_sound(tmp_path / "reference.flac", rate=48000)


def test_settings_come_with_units_intervals_and_what_the_times_mean(
    asked, command, loop, reference
):
    ran = command(loop, reference)
    assert ran.code == 0
    lines = [" ".join(line.split()) for line in ran.out.splitlines()]
    assert "situation: another recording" in lines
    assert "threshold -24.0 -25.0 to -23.0 dBFS of the loop as loaded" in lines
    assert "ratio 4.00 3.00 to 5.00 : 1" in lines
    assert "attack 5.0 4.0 to 6.0 ms to 63 % of a step" in lines
    assert "make-up +2.0 +1.0 to +3.0 dB" in lines
    assert "note: release: one hit only" in lines


def test_json_has_situation_settings_and_warnings(asked, command, loop, reference):
    ran = command(loop, reference, "--json")
    found = json.loads(ran.out)
    expected = {
        "situation": "another recording",
        "settings": {
            name: {"value": found.value, "low": found.low, "high": found.high}
            for name, found in FOUND.items()
        },
        "warnings": ["release: one hit only"],
        "files": [],
        "family": "branching",
        "link": None,
    }
    assert {name: found[name] for name in expected} == expected


def test_the_output_is_the_loop_processed_at_its_rate_in_24_bits(
    asked, command, tmp_path, loop, reference
):
    output = tmp_path / "new" / "result.wav"
    assert command(loop, reference, output).code == 0
    info = soundfile.info(output)
    assert (info.format, info.subtype, info.channels) == ("WAV", "PCM_24", 2)
    dry, rate = soundfile.read(loop, dtype="float32")
    wet, rate_of_output = soundfile.read(output, dtype="float32")
    assert rate_of_output == rate == RATE
    values = {name: found.value for name, found in FOUND.items()}
    expected = process(dry.T, values, sample_rate=RATE)
    np.testing.assert_allclose(wet.T, expected, atol=2**-24)
    assert sorted(path.name for path in output.parent.iterdir()) == ["result.wav"]


def test_without_an_answer_the_reason_is_printed_and_nothing_written(
    asked, command, tmp_path, loop, reference
):
    asked.answer = Answer(NO_ANSWER, warnings=["the reference is less compressed than the loop"])
    output = tmp_path / "result.wav"
    ran = command(loop, reference, output, "--json", "--plot", tmp_path / "picture.svg")
    assert ran.code == 1
    found = json.loads(ran.out)
    assert found["situation"] == NO_ANSWER
    assert found["settings"] == {}
    assert found["warnings"] == asked.answer.warnings
    assert found["files"] == []
    ran = command(loop, reference, output)
    assert ran.code == 1
    assert "note: the reference is less compressed than the loop" in ran.out
    assert {path.name for path in tmp_path.iterdir()} == {"loop.wav", "reference.flac"}


def test_options_reach_the_situations(asked, command, loop, reference):
    more = ["--also", reference, "--weight", 3, "--weight", 1]
    ran = command(loop, reference, *more, "--lock", "ratio=4", "--lock", "attack=5")
    assert ran.code == 0
    options = asked.another[0][2]
    assert options["weights"] == [0.75, 0.25]
    assert options["lock"] == {"ratio": 4.0, "attack_ms": 5.0}
    assert asked.same[0][1].shape == (1, RATE)  # 48 kHz before


def test_amount_changes_what_is_answered_and_written(asked, command, tmp_path, loop, reference):
    output = tmp_path / "same.wav"
    ran = command(loop, reference, output, "--amount", 0, "--json")
    assert json.loads(ran.out)["settings"]["ratio"]["value"] == 1
    np.testing.assert_array_equal(soundfile.read(output)[0], soundfile.read(loop)[0])


def test_the_picture_is_drawn_with_and_without_an_output(asked, command, tmp_path, loop, reference):
    pictures = [tmp_path / "alone.svg", tmp_path / "beside.svg"]
    assert command(loop, reference, "--plot", pictures[0]).code == 0
    assert command(loop, reference, tmp_path / "out.wav", "--plot", pictures[1]).code == 0
    first, second = (picture.read_bytes() for picture in pictures)
    assert first == second
    assert first.lstrip().startswith(b"<?xml")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--lock", "ratio"], "error: lock: 'ratio', must be NAME=VALUE"),
        (["--lock", "=4"], "error: lock: there is no setting ''"),
        (["--lock", "knee=4"], "error: lock: there is no setting 'knee'"),
        (["--amount", "101"], "error: amount: 101 %"),
        (["--weight", "1", "--weight", "2"], "error: weights: has 2 values for 1 references"),
        (["--plot", "picture.txt"], "error: picture.txt: its ending must be one of .svg"),
        (["--plot", "folder.svg"], "error: folder.svg: is a folder, must be the name of a file"),
        (["--export", "file"], "error: file: is a file, must be a folder"),
        (["a.svg", "--plot", "a.svg"], "error: a.svg: is the name of both the output and the"),
    ],
)
def test_a_wrong_option_is_one_line(
    asked, command, monkeypatch, tmp_path, loop, reference, arguments, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.svg").mkdir()
    (tmp_path / "file").touch()
    assert command(loop, reference, *arguments).error.startswith(message)


def test_every_file_written_is_named_at_the_end(asked, command, tmp_path, loop, reference):
    output, picture, folder = tmp_path / "out.wav", tmp_path / "a.svg", tmp_path / "exports"
    options = [output, "--plot", picture, "--export", folder]
    ran = command(loop, reference, *options)
    assert ran.code == 0
    files = [output, picture, *(folder / name for name in FILES)]
    assert ran.out.splitlines()[-len(files) :] == [f"written: {path}" for path in files]
    assert "0.25 dB     other         pedalboard.py turned up" in ran.out
    found = json.loads(command(loop, reference, *options, "--json").out)
    assert found["files"] == [str(path) for path in files]
    assert all(path.is_file() for path in files)
    assert [each["gain_error_db"] for each in found["exports"]] == [0.25] * len(FILES)


def test_numbers_that_are_not_finite_are_null_in_json(asked, command, loop, reference):
    endless = Estimate(4.0, 1.0, float("inf"))
    asked.answer = replace(asked.answer, settings={**FOUND, "ratio": endless})
    found = json.loads(command(loop, reference, "--json").out, parse_constant=pytest.fail)
    assert found["settings"]["ratio"] == {"value": 4.0, "low": 1.0, "high": None}


def test_a_full_standard_output_is_one_line(tmp_path, loop):
    settings = tmp_path / "settings.json"
    settings.write_text(
        json.dumps({"settings": {name: found.value for name, found in FOUND.items()}})
    )
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "siamese_drc.app.cli", "apply", settings, loop],
            cwd=PROJECT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last == "error: standard output: cannot be written (No space left on device)"


def test_an_input_is_never_written_over(asked, command, loop, reference):
    before = loop.read_bytes()
    assert "is an input" in command(loop, reference, loop).error
    assert "is an input" in command(loop, reference, "--also", loop, "--plot", loop).error
    settings = loop.with_name("settings.json")
    settings.symlink_to(loop)
    assert "is an input" in command(loop, reference, "--export", loop.parent).error
    assert loop.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: LOOP, REFERENCE"),
        (["a.wav", "b.wav", "--amount", "all"], "argument --amount: invalid float value: 'all'"),
        (["a.wav", "b.wav", "--amou", "50"], "unrecognized arguments: --amou"),
        (["a.wav", "b.wav", "c.wav", "d.wav"], "unrecognized arguments: d.wav"),
    ],
)
def test_a_wrong_command_line_is_shown_with_the_usage(command, capsys, arguments, message):
    with pytest.raises(SystemExit, match="2"):
        command(*arguments)
    error = capsys.readouterr().err
    assert error.startswith("usage: drc-match")
    assert f"drc-match: error: {message}" in error


def test_options_may_stand_before_between_and_behind_the_files(
    asked, command, monkeypatch, tmp_path, loop, reference
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-loop.wav").write_bytes(loop.read_bytes())
    outputs = [tmp_path / f"{n}.wav" for n in range(3)]
    orders = [
        ["--lock", "makeup=-3", loop, reference, outputs[0]],
        [loop, "--lock", "makeup=-3", reference, "--json", outputs[1]],
        ["--lock=makeup=-3", "--json", "--", "-loop.wav", reference, outputs[2]],
    ]
    assert [command(*order).code for order in orders] == [0, 0, 0]
    assert len({output.read_bytes() for output in outputs}) == 1


def test_an_answer_imports_only_what_it_uses():
    """Each of these takes from a quarter of a second to six seconds to import."""
    code = """
import sys
import siamese_drc.app.cli, siamese_drc.app.output, siamese_drc.match.same_performance
slow = {
    "tensorflow", "keras", "sklearn", "pandas", "librosa", "matplotlib", "gradio", "dvc",
    "joblib", "pydantic", "scipy.signal", "scipy.stats", "scipy.optimize", "scipy.interpolate",
}
assert "numba" in sys.modules
assert not slow & set(sys.modules), slow & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)


def test_the_design_of_the_compressor_is_printed(asked, command, loop, reference):
    asked.answer = replace(asked.answer, family="level", link="maximum")
    lines = command(loop, reference).out.splitlines()
    assert lines[1].startswith("compressor: level smoothed before the gain computer")
    assert lines[2] == "channels: one gain, from the louder one"


def test_what_each_of_several_references_said_is_printed():
    values = {name: found.value for name, found in FOUND.items()}
    references = [
        ReferenceAnswer("reference 1", 0.75, values),
        ReferenceAnswer("reference 2", 0.25),
    ]
    answer = Answer(ANOTHER_RECORDING, FOUND, references=references)
    lines = [" ".join(line.split()) for line in as_text(answer).splitlines()]
    first = lines.index("reference weight threshold ratio attack release")
    assert lines[first + 1 : first + 3] == [
        "reference 1 75 % -24.0 4.00 5.0 100",
        "reference 2 25 % - - - -",
    ]


def test_help_starts_without_what_takes_long_to_import():
    code = """
import sys
from siamese_drc.app.cli import main
try:
    main(["--help"])
finally:
    assert not {"tensorflow", "keras", "numba", "numpy", "matplotlib"} & set(sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert "REFERENCE" in done.stdout
