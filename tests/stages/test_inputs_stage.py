"""The stage: an array per grid and loop beside the dry loops, complete or not at all."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from siamese_drc.audio import read_audio
from siamese_drc.core.errors import InputError
from siamese_drc.handcrafted.features import DryLoop, joined_sets
from siamese_drc.inputs import cache as inputs_cache
from siamese_drc.inputs.changes import changed, delayed
from siamese_drc.inputs.gain import GainBank, GainProfiler, profile_of_no_gain
from siamese_drc.inputs.spectrogram import represent
from stages.compress import main as compress_corpus
from stages.inputs import main
from stages.project import files
from stages.project.params import Params
from stages.project.sections import Change, Input
from tests.stages.made_up_corpus import make_up_corpus

STFT, GAIN, FEATURES = "takes-stft128", "takes-gain", "takes-handcrafted"
ALL = (STFT, "takes-waveform", "takes-mel512", GAIN, FEATURES)
LATE_MS, LATE = 10.0, 441
GRIDS, LOOPS = {"d4p": 11, "ds1": 7}, 2


@pytest.fixture
def params(tmp_path, monkeypatch) -> Params:
    """Two loops of a quarter of a second under two grids, with an input per representation."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DRC_JOBS", "1")
    params = make_up_corpus()
    compress_corpus(params, "takes")
    inputs = {
        name: Input(
            material="drum",
            corpus="takes",
            representation=name.removeprefix("takes-"),
            changed=["late"] if name in (GAIN, FEATURES) else [],
        )
        for name in ALL
    }
    changes = {"late": Change(delay_ms=LATE_MS), "tilted": Change(tilt_db=6.0)}
    return params.model_copy(update={"inputs": inputs, "changes": changes})


def dry_loop(params: Params, loop: int) -> np.ndarray:
    return read_audio(files.loop_file("drum", loop), sample_rate=params.sample_rate)


def clips_of(params: Params, grid: str, loop: int) -> np.ndarray:
    source = files.compressed_file("takes", grid, loop)
    clips = read_audio(source, sample_rate=params.sample_rate)
    return clips.reshape(GRIDS[grid], params.clip_samples)


def written() -> dict[str, bytes]:
    found = sorted(path for path in files.INPUTS.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in found}


@pytest.mark.parametrize("name", [STFT, "takes-waveform", "takes-mel512"])
def test_every_clip_is_transformed_and_every_dry_loop(params, name):
    main(params, name)
    options = params.representations[params.inputs[name].representation].options()
    dry = np.load(files.dry_file(name))
    assert len(dry) == LOOPS
    for loop in range(LOOPS):
        expected = represent(dry_loop(params, loop), sample_rate=params.sample_rate, **options)
        np.testing.assert_array_equal(dry[loop], expected)
        for grid in GRIDS:
            clips = clips_of(params, grid, loop)
            expected = represent(clips, sample_rate=params.sample_rate, **options)
            stored = np.load(files.input_file(name, grid, loop), mmap_mode="r")
            np.testing.assert_array_equal(stored, expected)
    arrays = {files.input_file(name, grid, loop) for grid in GRIDS for loop in range(LOOPS)}
    assert set(written()) == {str(path) for path in arrays | {files.dry_file(name)}}


def test_an_input_may_hold_some_of_the_grids(params):
    entry = params.inputs[STFT].model_copy(update={"only": ["ds1"]})
    main(params.model_copy(update={"inputs": {STFT: entry}}), STFT)
    assert sorted(path.name for path in (files.INPUTS / STFT).iterdir()) == ["dry.npy", "ds1"]


def test_gain_is_measured_against_the_dry_loop_and_again_on_late_clips(params):
    """The late clips begin with 10 ms of silence; aligned again, their profiles are similar."""
    main(params, GAIN)
    assert params.representations["gain"].gain is not None
    bank = GainBank(**params.representations["gain"].gain.options())
    for loop in range(LOOPS):
        dry = dry_loop(params, loop)
        profiler = GainProfiler(dry, bank, sample_rate=params.sample_rate)
        for grid in GRIDS:
            clips = clips_of(params, grid, loop)
            stored = np.load(files.input_file(GAIN, grid, loop))
            late = np.load(files.input_file(GAIN, files.changed_name(grid, "late"), loop))
            with threadpool_limits(1):  # as in the stage: BLAS may sum in another order on two
                np.testing.assert_array_equal(stored, profiler.profiles(clips))
                np.testing.assert_array_equal(late, profiler.profiles(delayed(clips, LATE)))
    dry = np.load(files.dry_file(GAIN))
    np.testing.assert_array_equal(dry, np.tile(profile_of_no_gain(bank), (LOOPS, 1)))


def test_the_clips_of_an_augmented_input_are_changed_in_turn(params, monkeypatch):
    monkeypatch.setattr(inputs_cache, "_PIECE_SAMPLES", 4 * params.clip_samples)
    entry = params.inputs[STFT].model_copy(update={"augmented": ["late", "tilted"]})
    main(params.model_copy(update={"inputs": {STFT: entry}}), STFT)
    rate = params.sample_rate
    for grid in GRIDS:
        clips = clips_of(params, grid, 1).copy()
        clips[0::3] = delayed(clips[0::3], LATE)  # of loop 0, the clips 1, 4, 7 ...
        clips[1::3] = changed(clips[1::3], sample_rate=rate, tilt_db=6.0)
        stored = np.load(files.input_file(STFT, grid, 1))
        np.testing.assert_array_equal(stored, represent(clips, sample_rate=rate, n_fft=128))


def test_handcrafted_features_are_the_sets_of_the_varied_parameters(params, monkeypatch):
    monkeypatch.setattr(inputs_cache, "_PIECE_SAMPLES", 4 * params.clip_samples)
    main(params, FEATURES)
    assert params.representations["handcrafted"].handcrafted is not None
    options = params.representations["handcrafted"].handcrafted.model_dump()
    dry = DryLoop(dry_loop(params, 1), sample_rate=params.sample_rate, **options)
    for grid in GRIDS:
        clips = clips_of(params, grid, 1)
        varied = params.grids.named[grid].varied
        for version, delay in ((grid, 0), (files.changed_name(grid, "late"), LATE)):
            features = dry.features(delayed(clips, delay))
            names = joined_sets(features, varied)
            stored = np.load(files.input_file(FEATURES, version, 1))
            assert stored.dtype == np.float32
            # The stage, which uses one thread, may sum in another order.
            expected = np.stack([features[each] for each in names], axis=1)
            np.testing.assert_allclose(stored, expected, rtol=1e-5, atol=1e-6)
    assert not files.dry_file(FEATURES).exists()


def test_a_loop_is_analysed_once_for_all_grids_and_delays(params, monkeypatch):
    analysed = []
    original = DryLoop.__init__

    def counted(self, signal, **options):
        analysed.append(signal)
        original(self, signal, **options)

    monkeypatch.setattr(DryLoop, "__init__", counted)
    main(params, FEATURES)
    assert len(analysed) == LOOPS


def test_any_number_of_processes_writes_the_same_bytes(params, monkeypatch):
    names = (STFT, GAIN, FEATURES)
    for name in names:
        main(params, name)
    alone = written()
    monkeypatch.setenv("DRC_JOBS", "2")
    for name in names:
        main(params, name)
    assert written() == alone


def test_a_failure_leaves_the_old_arrays_and_no_trace(params):
    main(params, STFT)
    before = written()
    files.compressed_file("takes", "ds1", 1).unlink()
    with pytest.raises(InputError, match=r"001\.flac"):
        main(params, STFT)
    assert written() == before
    assert [path.name for path in files.INPUTS.iterdir()] == [STFT]
