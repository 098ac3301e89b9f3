"""The command as it is typed, on a loop and the same loop compressed."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from stages.common.audio import write_audio
from stages.match.process import process
from tests.compress.textbook import drum_loop
from tests.pipeline.working_copy import PROJECT

RATE = 44100
MADE_WITH = {
    "threshold_db": -24.0,
    "ratio": 4.0,
    "attack_ms": 10.0,
    "release_ms": 120.0,
    "makeup_db": -6.0,
}


def test_the_output_is_the_reference_where_the_reference_is_the_loop_compressed(tmp_path):
    once = drum_loop(RATE)
    loop = np.concatenate([once, 0.5 * once, 0.8 * once[::2], once[: RATE // 2]])
    reference = process(loop, MADE_WITH, sample_rate=RATE)
    paths = [tmp_path / f"{name}.wav" for name in ("loop", "reference", "output")]
    write_audio(paths[0], loop, RATE)
    write_audio(paths[1], reference, RATE)
    done = subprocess.run(
        [sys.executable, "-m", "stages.match", *paths, "--json"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert answer["situation"] == "same performance"
    found = {name: setting["value"] for name, setting in answer["settings"].items()}
    assert found == pytest.approx(MADE_WITH, rel=0.01)
    output, _ = soundfile.read(paths[2], dtype="float32")
    np.testing.assert_allclose(output, reference, atol=1e-3)
