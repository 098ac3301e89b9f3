"""The stage on two short loops: what its files and its table hold."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any

import numpy as np
import pytest
import soundfile

from siamese_drc.audio import read_audio
from siamese_drc.compressor.compressor import compress
from siamese_drc.compressor.settings import PARAMETERS, Settings
from siamese_drc.core.errors import InputError
from stages import compress as stage
from stages.compress import main
from stages.project import files
from stages.project.files import read_settings
from tests.full_disk import at_most
from tests.stages.made_up_corpus import make_up_corpus


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DRC_JOBS", "1")


def hashes() -> dict[str, str]:
    made = [*files.COMPRESSED.rglob("*"), *files.SETTINGS.rglob("*")]
    found = sorted(path for path in made if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def test_files_hold_the_clips_that_the_table_says(monkeypatch):
    monkeypatch.setattr(stage, "_CLIPS_AT_ONCE", 4)  # a file is written in several parts
    params = make_up_corpus(identifiable_db=3.0)
    main(params, "takes")
    table = read_settings("takes")
    order = table[["grid", "loop", "position"]].apply(tuple, axis=1).tolist()
    assert order == [
        (grid, loop, position)
        for grid, count in (("d4p", 11), ("ds1", 7))
        for loop in (0, 1)
        for position in range(count)
    ]
    assert set(hashes()) == {
        "data/settings/takes.csv",
        *(
            f"data/compressed/takes/{grid}/00{loop}.flac"
            for grid in ("d4p", "ds1")
            for loop in (0, 1)
        ),
    }
    for grid, loop in itertools.product(("d4p", "ds1"), (0, 1)):
        rows = table[(table["grid"] == grid) & (table["loop"] == loop)]
        path = files.compressed_file("takes", grid, loop)
        assert soundfile.info(path).subtype == "PCM_24"
        assert soundfile.info(path).frames == len(rows) * params.clip_samples
        dry = read_audio(files.loop_file("drum", loop), sample_rate=44100)
        expected = compress(dry, Settings(*rows[list(PARAMETERS)].to_numpy().T), sample_rate=44100)
        stored = read_audio(path, sample_rate=44100).reshape(expected.shape)
        np.testing.assert_array_equal(stored, np.rint(expected * 2.0**23) / 2.0**23)
        loud = np.abs(dry) > 0.01
        reduction = (-20 * np.log10(expected[:, loud] / dry[loud])).max(axis=1)
        np.testing.assert_allclose(rows["max_gain_reduction_db"], reduction, atol=0.02)
    identifiable = table["max_gain_reduction_db"] >= 3.0
    assert table["identifiable"].tolist() == identifiable.tolist()
    assert identifiable.nunique() == 2
    assert table["group"].tolist() == table["loop"].map({0: "take 1", 1: "take 2"}).tolist()


def test_settings_of_a_drawn_corpus_lie_anywhere_in_the_range_of_the_grid():
    params = make_up_corpus()
    main(params, "drawn-takes")
    table = read_settings("drawn-takes")
    assert table.groupby(["grid", "loop"]).size().tolist() == [4] * 4
    for name in PARAMETERS:
        low, high = params.grids.named["d4p"].bounds(name)
        of_loops = [
            table[(table["grid"] == "d4p") & (table["loop"] == loop)][name] for loop in (0, 1)
        ]
        for values in of_loops:
            quarters = (values - low) // ((high - low) / 4)
            assert sorted(quarters) == [0, 1, 2, 3]
        assert not of_loops[0].isin(of_loops[1]).any()
    only_threshold = table[table["grid"] == "ds1"]
    assert only_threshold["ratio"].nunique() == 1
    rows = table[(table["grid"] == "d4p") & (table["loop"] == 1)]
    dry = read_audio(files.loop_file("drum", 1), sample_rate=44100)
    expected = compress(dry, Settings(*rows[list(PARAMETERS)].to_numpy().T), sample_rate=44100)
    stored = read_audio(files.compressed_file("drawn-takes", "d4p", 1), sample_rate=44100)
    np.testing.assert_allclose(stored.reshape(expected.shape), expected, atol=2.0**-23)


def test_bytes_do_not_depend_on_the_run_or_the_number_of_processes(monkeypatch):
    params = make_up_corpus()
    main(params, "takes")
    first = hashes()
    monkeypatch.setenv("DRC_JOBS", "2")
    main(params, "takes")
    assert hashes() == first


def test_options_reach_the_compressor_and_makeup_is_no_reduction():
    options: dict[str, Any] = {"detector": "rms", "smoothing": "decoupled"}
    options |= {"knee_db": 6.0, "makeup_db": -3.0}
    params = make_up_corpus(**options)
    main(params, "takes")
    table = read_settings("takes")
    dry = read_audio(files.loop_file("drum", 1), sample_rate=44100)
    rows = table[(table["grid"] == "ds1") & (table["loop"] == 1)]
    expected = compress(
        dry,
        Settings(*rows[list(PARAMETERS)].to_numpy().T),
        sample_rate=44100,
        **options,
    )
    stored = read_audio(files.compressed_file("takes", "ds1", 1), sample_rate=44100)
    np.testing.assert_allclose(stored.reshape(expected.shape), expected, atol=2.0**-23)
    assert table["max_gain_reduction_db"].min() >= 0
    assert rows["max_gain_reduction_db"].iloc[0] < 0.5


def test_a_failure_leaves_what_was_there():
    params = make_up_corpus()
    main(params, "takes")
    before = hashes()
    files.loop_file("drum", 1).unlink()
    with pytest.raises(InputError, match=r"data/loops/drum/001\.wav"):
        main(params, "takes")
    assert hashes() == before


def test_a_full_disk_is_one_line_and_leaves_what_was_there():
    params = make_up_corpus()
    main(params, "takes")
    before = hashes()
    with (
        at_most(20_000),
        pytest.raises(InputError, match=r"\.flac: writing stopped, is the disk full\?"),
    ):
        main(params, "takes")
    assert hashes() == before


def test_missing_loops_are_errors():
    params = make_up_corpus()
    with pytest.raises(InputError, match=r"data/loops/guitar/loops\.csv"):
        main(params, "guitar")
