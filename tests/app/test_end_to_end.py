"""The commands as they are typed, in a folder that is not the project's, without the extras."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from siamese_drc.audio import write_audio
from siamese_drc.match.sound import process
from tests.compressor.textbook import drum_loop
from tests.pipeline.working_copy import PROJECT

RATE = 44100
MADE_WITH = {
    "threshold_db": -24.0,
    "ratio": 4.0,
    "attack_ms": 10.0,
    "release_ms": 120.0,
    "makeup_db": -6.0,
}
# Makes the packages of the extras look as if they were not installed.
WITHOUT_EXTRAS = """
import sys
class Extras:
    def find_spec(self, name, path=None, target=None):
        if name in ("dvc", "gradio", "jax", "keras", "pydantic", "ruamel", "tensorflow", "torch"):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Extras())
from siamese_drc.app.{module} import main
sys.exit(main())
"""


def run(module: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_EXTRAS.format(module=module), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
    )


def test_the_output_is_the_reference_where_the_reference_is_the_loop_compressed(tmp_path):
    once = drum_loop(RATE)
    loop = np.concatenate([once, 0.5 * once, 0.8 * once[::2], once[: RATE // 2]])
    reference = process(loop, MADE_WITH, sample_rate=RATE)
    write_audio(tmp_path / "loop.wav", loop, RATE)
    write_audio(tmp_path / "reference.wav", reference, RATE)
    files = ("loop.wav", "reference.wav", "output.wav", "--json", "--plot", "picture.svg")
    done = run("cli", *files, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["situation"] == "same performance"
    found = {name: setting["value"] for name, setting in answer["settings"].items()}
    assert found.pop("knee_db", 0.0) == pytest.approx(0, abs=0.1)
    assert found == pytest.approx(MADE_WITH, rel=0.01)
    output, _ = soundfile.read(tmp_path / "output.wav", dtype="float32")
    np.testing.assert_allclose(output, reference, atol=1e-3)
    assert (tmp_path / "picture.svg").is_file()


def test_the_page_without_gradio_says_what_to_install(tmp_path):
    done = run("page", folder=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line == (
        "error: the page needs the package gradio; "
        'in the folder of this project run: pip install ".[app]"'
    )


def test_the_examples_are_written_and_answered(tmp_path):
    done = run("examples", "some/folder", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    pairs = [line.partition(": ")[2].split() for line in done.stdout.splitlines()]
    situations = []
    for pair in pairs:
        done = run("cli", *pair, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        situations.append(done.stdout.splitlines()[0])
    assert situations == ["situation: same performance", "situation: another recording"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_an_end_from_outside_leaves_nothing_half_written(tmp_path, number):
    write_audio(tmp_path / "long.wav", np.tile(drum_loop(RATE), 300), RATE)
    (tmp_path / "settings.json").write_text(json.dumps(MADE_WITH))
    command = [sys.executable, "-c", WITHOUT_EXTRAS.format(module="cli"), "apply"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    into = tmp_path / "into"
    arguments = ["settings.json", "long.wav", "--into", "into"]
    with subprocess.Popen([*command, *arguments], cwd=tmp_path, env=environment) as process:
        while not (into.exists() and list(into.iterdir())):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(number)
        assert process.wait() == 128 + number
    assert list(into.iterdir()) == []


def test_a_reader_that_stops_early_is_no_fault(tmp_path):
    """As in `drc-match ... | head -1`."""
    loop = drum_loop(RATE)
    write_audio(tmp_path / "loop.wav", loop, RATE)
    write_audio(tmp_path / "reference.wav", process(loop, MADE_WITH, sample_rate=RATE), RATE)
    command = WITHOUT_EXTRAS.format(module="cli")
    with subprocess.Popen(
        [sys.executable, "-c", command, "loop.wav", "reference.wav"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as done:
        assert done.stdout is not None
        assert done.stderr is not None
        done.stdout.close()
        assert done.stderr.read() == b""
    assert done.returncode == 0
