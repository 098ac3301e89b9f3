"""The stage: a file per grid and loop beside the dry loops, whole or not at all."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from stages.common import files
from stages.common.audio import read_audio, write_audio
from stages.common.errors import InputError
from stages.common.params import Params, load_params
from stages.compress.settings import COLUMNS
from stages.spectrogram.__main__ import main
from stages.spectrogram.disk import bytes_needed
from stages.spectrogram.gain_profiles import GainProfiler, profile_of_no_gain
from stages.spectrogram.representations import represent
from tests.common.full_disk import check_space

NAME, GAIN = "drum-d4p-stft128", "drum-d4p-gain"
LOOPS, SETTINGS = 2, 3
PARAMS = Path("params.yaml").resolve()


@pytest.fixture
def params(tmp_path, monkeypatch) -> Params:
    """A project of two loops of half a second under three settings."""
    yaml = YAML()
    content = yaml.load(PARAMS.read_text())
    content["scale"] = "smoke"
    content["scales"]["smoke"]["loops"]["drum"] = LOOPS
    content["scales"]["smoke"]["settings"]["d4p"] = SETTINGS
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DRC_JOBS", "1")
    with Path("params.yaml").open("w") as file:
        yaml.dump(content, file)
    params = load_params()
    generator = np.random.default_rng(0)
    tables = []
    for loop in range(LOOPS):
        clips = generator.uniform(-1, 1, (1 + SETTINGS, params.clip_samples)).astype(np.float32)
        targets = (files.loop_file("drum", loop), files.compressed_file("drum-d4p", "d4p", loop))
        for path, signal in zip(targets, (clips[0], clips[1:].ravel()), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_audio(path, signal, params.sample_rate)
        rows = dict.fromkeys(COLUMNS, 1.0) | {"grid": "d4p", "loop": loop}
        tables.append(pd.DataFrame(rows | {"position": range(SETTINGS)}))
    pd.concat(tables).to_csv(files.settings_table("drum-d4p"), index=False)
    return params


def test_caches_every_clip_in_its_place(params):
    main([NAME])
    stft128 = params.representations["stft128"]
    options = {"representation": stft128, "sample_rate": params.sample_rate}
    dry = np.load(files.dry_file(NAME))
    for loop in range(LOOPS):
        audio = read_audio(files.loop_file("drum", loop), sample_rate=params.sample_rate)
        np.testing.assert_array_equal(dry[loop], represent(audio, **options))
        source = files.compressed_file("drum-d4p", "d4p", loop)
        clips = read_audio(source, sample_rate=params.sample_rate).reshape(SETTINGS, -1)
        stored = np.load(files.spectrogram_file(NAME, "d4p", loop))
        np.testing.assert_array_equal(stored, represent(clips, **options))
    found = {path for path in files.SPECTROGRAMS.rglob("*") if path.is_file()}
    loops = {files.spectrogram_file(NAME, "d4p", loop) for loop in range(LOOPS)}
    assert found == loops | {files.dry_file(NAME)}


def test_gain_is_measured_against_the_dry_loop_and_once_more_on_late_clips(params):
    """The late ones' first 10 ms are silence; aligned again, they say nearly the same."""
    main([GAIN])
    bank = params.representations["gain"].gain
    assert bank is not None
    rate, late = params.sample_rate, 441
    for loop in range(LOOPS):
        dry = read_audio(files.loop_file("drum", loop), sample_rate=rate)
        source = files.compressed_file("drum-d4p", "d4p", loop)
        clips = read_audio(source, sample_rate=rate).reshape(SETTINGS, -1)
        profiler = GainProfiler(dry, bank, sample_rate=rate)
        stored = np.load(files.spectrogram_file(GAIN, "d4p", loop))
        np.testing.assert_array_equal(stored, profiler.profiles(clips))
        moved = np.pad(clips, [(0, 0), (late, 0)])[:, :-late]
        stored = np.load(files.delayed_file(GAIN, "d4p", loop))
        np.testing.assert_array_equal(stored, profiler.profiles(moved))
    dry = np.load(files.dry_file(GAIN))
    np.testing.assert_array_equal(dry, np.tile(profile_of_no_gain(bank), (LOOPS, 1)))


def test_any_number_of_processes_writes_the_same_bytes(params, monkeypatch):
    main([NAME])
    paths = sorted(p for p in files.SPECTROGRAMS.rglob("*.npy"))
    alone = [path.read_bytes() for path in paths]
    monkeypatch.setenv("DRC_JOBS", "2")
    main([NAME])
    assert [path.read_bytes() for path in paths] == alone


def test_a_failure_leaves_the_old_cache_and_no_trace(params):
    main([NAME])
    before = files.dry_file(NAME).read_bytes()
    files.compressed_file("drum-d4p", "d4p", 1).unlink()
    with pytest.raises(InputError, match=r"001\.flac"):
        main([NAME])
    assert files.dry_file(NAME).read_bytes() == before
    assert [path.name for path in files.SPECTROGRAMS.iterdir()] == [NAME]


@pytest.mark.parametrize("arguments", [[], ["drum-stft64"], [NAME, NAME]])
def test_wrong_arguments_are_an_error(params, arguments):
    with pytest.raises(InputError, match=r"usage|'drum-stft64'"):
        main(arguments)


def test_it_asks_for_exactly_the_space_that_it_fills(params, monkeypatch):
    for name in (NAME, GAIN):
        needed = bytes_needed(params, name)
        place = files.SPECTROGRAMS / name
        assert check_space(monkeypatch, partial(main, [name]), place, needed) == 1
