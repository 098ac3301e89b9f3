"""The stage: a row of features per row of the settings, whole or not at all."""

import numpy as np
import pandas as pd
import pytest

from stages.common import files
from stages.common.audio import read_audio
from stages.common.errors import InputError
from stages.compress.__main__ import main as compress_corpus
from stages.compress.settings import read_settings
from stages.handcraft import __main__ as stage
from stages.handcraft.__main__ import main
from stages.handcraft.disk import bytes_needed
from stages.handcraft.features import DryLoop
from tests.common.full_disk import check_space
from tests.compress.made_up_corpus import make_up_corpus

TABLE = files.handcrafted_table("takes")


@pytest.fixture
def params(tmp_path, monkeypatch):
    """Two loops of a quarter of a second, under two grids."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DRC_JOBS", "1")
    params = make_up_corpus()
    compress_corpus(["takes"])
    return params


def test_rows_are_those_of_the_settings(params, monkeypatch):
    monkeypatch.setattr(stage, "PIECE_SAMPLES", 4 * params.clip_samples)  # a file in several parts
    main(["takes"])
    table, settings = pd.read_parquet(TABLE), read_settings("takes")
    place = ["grid", "loop", "position"]
    pd.testing.assert_frame_equal(table[place], settings[place])
    row = settings.query("grid == 'ds1' and loop == 1 and position == 5").index[0]
    options = {"sample_rate": 44100, "samples": params.clip_samples}
    dry = read_audio(files.loop_file("drum", 1), **options)
    clip = read_audio(
        files.compressed_file("takes", "ds1", 1), start=5 * params.clip_samples, **options
    )
    expected = DryLoop(dry, sample_rate=44100, options=params.handcraft).features(clip[None])
    assert list(table) == [*place, *expected]
    # This process and a worker, which has one thread, may sum in another order.
    np.testing.assert_allclose(
        table.loc[row, list(expected)].to_numpy(dtype=np.float32),
        np.concatenate(list(expected.values())),
        rtol=1e-5,
        atol=1e-7,
    )


def test_bytes_do_not_depend_on_the_run_or_the_number_of_processes(params, monkeypatch):
    main(["takes"])
    first = TABLE.read_bytes()
    monkeypatch.setenv("DRC_JOBS", "2")
    main(["takes"])
    assert TABLE.read_bytes() == first


def test_a_failure_leaves_the_old_table_and_no_trace(params):
    main(["takes"])
    before = TABLE.read_bytes()
    files.compressed_file("takes", "ds1", 1).unlink()
    with pytest.raises(InputError, match=r"001\.flac"):
        main(["takes"])
    assert TABLE.read_bytes() == before
    assert [path.name for path in files.HANDCRAFTED.iterdir()] == [TABLE.name]


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["takes", "takes"]])
def test_wrong_arguments_are_an_error(params, arguments):
    with pytest.raises(InputError, match="usage"):
        main(arguments)


def test_it_asks_for_the_space_that_it_may_fill(params, monkeypatch):
    needed = bytes_needed(params, "takes")
    check_space(monkeypatch, lambda: main(["takes"]), TABLE, needed)
    assert TABLE.stat().st_size <= needed
