"""The second situation, with the model that is in git."""

from dataclasses import replace

import numpy as np
import pytest

from siamese_drc.compressor.compressor import compress, gain_reduction_db
from siamese_drc.compressor.settings import PARAMETERS, Settings
from siamese_drc.match.another_recording import another_recording
from siamese_drc.match.answer import ANOTHER_RECORDING, NO_ANSWER
from siamese_drc.match.dynamics import loudness_lufs
from siamese_drc.match.model import read_model
from siamese_drc.match.training_examples import ExampleOptions, compose_example

RATE = 44100
SETTINGS = Settings([-30.0], [6.0], [5.0], [100.0])


@pytest.fixture(scope="module")
def loops():
    options = ExampleOptions(clip_seconds=4.0, settings=1, seed=11, sample_rate=RATE)
    return [compose_example("drum", number, options).signal for number in (900, 901, 902)]


def found(loop, references, weights=None, lock=None):
    weights = weights or [1 / len(references)] * len(references)
    return another_recording(
        *(loop, references),
        sample_rate=RATE,
        weights=weights,
        lock=lock or {},
        model=read_model(),
    )


def test_the_level_of_a_reference_tells_nothing(loops):
    reference = compress(loops[1], SETTINGS, sample_rate=RATE)[0]
    answer, quieter = found(loops[0], [reference]), found(loops[0], [0.25 * reference])
    assert answer.situation == ANOTHER_RECORDING
    for name in ("threshold_db", "ratio", "attack_ms", "release_ms"):
        assert quieter.settings[name].value == pytest.approx(answer.settings[name].value, rel=0.01)
    gain = answer.settings["makeup_db"].value - quieter.settings["makeup_db"].value
    assert gain == pytest.approx(20 * np.log10(4), abs=0.05)


def test_the_threshold_goes_with_the_level_of_the_loop(loops):
    reference = compress(loops[1], SETTINGS, sample_rate=RATE)[0]
    loud, quiet = found(loops[0], [reference]), found(0.25 * loops[0], [reference])
    thresholds = [answer.settings["threshold_db"].value for answer in (loud, quiet)]
    assert thresholds[0] - thresholds[1] == pytest.approx(20 * np.log10(4), abs=0.1)


def test_the_result_is_as_loud_as_the_reference(loops):
    reference = compress(loops[1], SETTINGS, sample_rate=RATE)[0]
    settings = {name: one.value for name, one in found(loops[0], [reference]).settings.items()}
    makeup = settings.pop("makeup_db")
    columns = {name: [value] for name, value in settings.items()}
    result = compress(loops[0], Settings(**columns), sample_rate=RATE, makeup_db=makeup)[0]
    assert loudness_lufs(result, sample_rate=RATE) == pytest.approx(
        loudness_lufs(reference, sample_rate=RATE), abs=0.01
    )


def test_intervals_hold_the_value_and_a_locked_setting_is_kept(loops):
    references = [compress(loop, SETTINGS, sample_rate=RATE)[0] for loop in loops[1:]]
    answer = found(loops[0], references, lock={"ratio": 4.0})
    assert answer.settings["ratio"].value == answer.settings["ratio"].low == 4.0
    for one in answer.settings.values():
        assert one.low <= one.value <= one.high


def test_one_of_two_references_counts_as_it_is_weighted(loops):
    hard = compress(loops[1], Settings([-35.0], [20.0], [1.0], [50.0]), sample_rate=RATE)[0]
    soft = compress(loops[2], Settings([-20.0], [2.0], [30.0], [300.0]), sample_rate=RATE)[0]
    alone, mostly, both = (
        found(loops[0], [hard, soft], weights).settings["ratio"].value
        for weights in ([1.0, 0.0], [0.9, 0.1], [0.5, 0.5])
    )
    other = found(loops[0], [soft]).settings["ratio"].value
    assert alone == pytest.approx(found(loops[0], [hard]).settings["ratio"].value)
    assert (alone - mostly) * (mostly - both) > 0
    assert (mostly - both) * (both - other) > 0


def test_a_click_is_of_no_kind_that_the_model_knows(loops):
    click = np.full(4 * RATE, 1e-5, np.float32)
    click[:44] = 1.0
    answer = found(click, [loops[1]])
    assert answer.situation == NO_ANSWER
    assert "differ too much from the recordings that the model was trained on" in answer.warnings[0]


def test_settings_that_hardly_compress_the_loop_are_no_answer(loops):
    reference = compress(loops[1], SETTINGS, sample_rate=RATE)[0]
    answer = found(loops[0], [reference], lock={"ratio": 1.0})
    assert answer.situation == NO_ANSWER
    assert "not more compressed" in answer.warnings[0]


def test_a_reference_whose_score_is_too_low_is_refused(loops):
    reference = compress(loops[1], SETTINGS, sample_rate=RATE)[0]
    doubtful = replace(read_model(), least_score=1000.0)
    answer = another_recording(
        *(loops[0], [reference]), sample_rate=RATE, weights=[1.0], lock={}, model=doubtful
    )
    assert answer.situation == NO_ANSWER
    assert "does not sound compressed" in answer.warnings[0]
    assert answer.references[0].settings["ratio"] >= 1


def test_silence_around_and_between_the_music_tells_nothing(loops):
    reference = compress(loops[1], SETTINGS, sample_rate=RATE)[0]
    silence = np.zeros(RATE, np.float32)
    half = reference.size // 2 // 441 * 441
    spaced = np.concatenate([silence, reference[:half], silence, reference[half:], silence])
    answer = found(loops[0], [reference])
    for loop, other in ((loops[0], spaced), (np.concatenate([silence, loops[0]]), reference)):
        again = found(loop, [other])
        for name, one in answer.settings.items():
            assert again.settings[name].value == pytest.approx(one.value, rel=0.02, abs=0.2)


def test_a_lock_at_the_end_of_its_range_is_kept(loops):
    reference = compress(loops[1], SETTINGS, sample_rate=RATE)[0]
    lock = {"release_ms": 10000.0}
    assert found(loops[0], [reference], lock=lock).settings["release_ms"].value == 10000


@pytest.mark.parametrize("lock", [{"ratio": 2.5}, {"threshold_db": -36.0, "attack_ms": 1.0}])
def test_the_others_are_solved_anew_under_a_lock(loops, lock):
    """They come closer to the gain of the unlocked answer than they did before."""
    reference = compress(loops[1], SETTINGS, sample_rate=RATE)[0]
    free, locked = found(loops[0], [reference]), found(loops[0], [reference], lock=lock)

    def gain(settings):
        row = Settings(**{name: [settings[name]] for name in PARAMETERS})
        return gain_reduction_db(loops[0], row, sample_rate=RATE)[0]

    wanted = gain(free.values())
    loud = np.abs(loops[0])
    solved, kept = (
        np.sqrt(np.cov(gain(settings) - wanted, aweights=loud))
        for settings in (locked.values(), {**free.values(), **lock})
    )
    assert solved < 0.8 * kept
    for name, one in locked.settings.items():
        assert one.low <= one.value <= one.high
        assert name not in lock or one.low == one.value == one.high == lock[name]


def test_each_reference_says_what_it_would_give_alone(loops):
    references = [compress(loop, SETTINGS, sample_rate=RATE)[0] for loop in loops[1:]]
    answer = found(loops[0], references, [0.3, 0.7])
    assert [one.weight for one in answer.references] == [0.3, 0.7]
    alone = found(loops[0], references[:1]).values()
    for name, value in answer.references[0].settings.items():
        assert value == pytest.approx(alone[name])
