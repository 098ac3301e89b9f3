"""The stage: what it writes, that its bytes are always the same, and its messages."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from ruamel.yaml import YAML

from siamese_drc.audio import read_audio
from siamese_drc.core.errors import InputError
from stages.project.files import LOOPS, loop_file, loops_table
from stages.project.params import load_params
from stages.render import main

ROOT = Path(__file__).parents[2]
RATE = 44100


def project(loops: int = 3, clip_seconds: float = 0.5, **render) -> None:
    """Write a params.yaml at smoke scale into the working directory."""
    yaml = YAML(typ="safe", pure=True)
    params = yaml.load((ROOT / "params.yaml").read_text())
    params["scale"] = "smoke"
    params["render"].update(render)
    smoke = params["scales"]["smoke"]
    smoke["clip_seconds"] = clip_seconds
    smoke["loops"] = dict.fromkeys(smoke["loops"], loops)
    with Path("params.yaml").open("w") as file:
        yaml.dump(params, file)


def use_recordings(files: dict[str, np.ndarray]) -> None:
    """Make `recordings/mine` the source of drum loops."""
    yaml = YAML(typ="safe", pure=True)
    params = yaml.load(Path("params.yaml").read_text())
    params["materials"]["drum"]["source"]["folder"] = "recordings/mine"
    with Path("params.yaml").open("w") as file:
        yaml.dump(params, file)
    for name, signal in files.items():
        path = Path("recordings/mine", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, signal, RATE, subtype="FLOAT")


def hashes() -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(LOOPS.rglob("*.*"))
    }


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DRC_JOBS", "1")


@pytest.mark.parametrize("material", ["drum", "guitar", "mix"])
def test_it_writes_loops_and_says_what_they_are(material):
    project()
    main(load_params(), material)
    table = pd.read_csv(loops_table(material))
    assert list(table.columns) == [
        *("loop", "group", "name", "style", "tempo_bpm", "programme"),
        *("rms_db", "crest_factor_db", "spectral_centroid_hz"),
    ]
    assert table.loop.tolist() == [0, 1, 2]
    assert table.group.is_unique
    assert not table.isna().any(axis=None)
    for loop in table.loop:
        signal = read_audio(loop_file(material, loop), sample_rate=RATE)
        assert signal.shape == (RATE // 2,)
        assert np.max(np.abs(signal)) == pytest.approx(1, abs=2**-22)


def test_bytes_are_the_same_in_another_process_and_for_any_number_of_workers():
    project()
    main(load_params(), "drum")
    alone = hashes()
    command = [sys.executable, "-m", "stages.render", "drum"]
    environment = {**os.environ, "DRC_JOBS": "2", "PYTHONPATH": str(ROOT)}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert hashes() == alone


def test_a_loop_stays_when_there_are_more_loops():
    project(loops=2)
    main(load_params(), "drum")
    two = hashes()
    project(loops=3)
    main(load_params(), "drum")
    three = hashes()
    assert [three["000.wav"], three["001.wav"]] == [two["000.wav"], two["001.wav"]]


def test_loops_of_recordings_are_numbered_by_file_and_time():
    project(loops=3)
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (3, RATE)).astype(np.float32)
    use_recordings({"b.wav": noise[:2].ravel(), "a.wav": noise[2, : RATE // 2]})
    main(load_params(), "drum")
    table = pd.read_csv(loops_table("drum"), index_col="loop")
    assert table["name"].tolist() == ["a.wav from 0 s", "b.wav from 0 s", "b.wav from 0.5 s"]
    assert table["group"].tolist() == ["a.wav", "b.wav", "b.wav"]
    assert table[["style", "tempo_bpm", "programme"]].isna().all(axis=None)
    windows = [noise[2, : RATE // 2], noise[0, : RATE // 2], noise[0, RATE // 2 :]]
    for loop, window in enumerate(windows):
        signal = read_audio(loop_file("drum", loop), sample_rate=RATE)
        np.testing.assert_allclose(signal, window / np.abs(window).max(), atol=2**-22)
        rms = 20 * np.log10(np.sqrt(np.mean(signal**2)))
        assert table["rms_db"][loop] == pytest.approx(rms, abs=0.01)
    assert sorted(path.name for path in LOOPS.glob("drum/*")) == [
        *("000.wav", "001.wav", "002.wav"),
        "loops.csv",
    ]


def test_an_unknown_material_is_one_line_on_standard_error():
    project()
    command = [sys.executable, "-m", "stages.render", "horn"]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr == "error: horn: not an entry of materials in params.yaml\n"


def test_a_missing_soundfont_is_an_input_error_also_from_a_worker(monkeypatch):
    monkeypatch.setenv("DRC_JOBS", "2")
    project(soundfont="missing.sf2")
    with pytest.raises(InputError, match=r"soundfont missing\.sf2: cannot be read"):
        main(load_params(), "drum")
    assert not list(LOOPS.iterdir())
