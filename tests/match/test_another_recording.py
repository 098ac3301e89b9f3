"""The second situation, with the model that is in git."""

import numpy as np
import pytest

from stages.common.params import load_params
from stages.compress.compressor import compress
from stages.compress.settings import Settings
from stages.match.another_recording import another_recording
from stages.match.answer import ANOTHER_RECORDING, NO_ANSWER
from stages.match.examples import make_example
from stages.match.loudness import loudness_lufs
from stages.match.model import ARTIFACT, read_model, write_model

RATE = 44100
SETTINGS = Settings([-30.0], [6.0], [5.0], [100.0])


@pytest.fixture(scope="module")
def loops():
    params = load_params()
    return [make_example(params, "drum", number).signal for number in (900, 901, 902)]


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
    assert "no kind that the model knows" in answer.warnings[0]


def test_a_model_written_is_the_model_read(tmp_path, loops):
    model = read_model()
    write_model(model, tmp_path / "model.npz")
    again = read_model(tmp_path / "model.npz")
    features = np.random.default_rng(0).normal(size=(2, 3, model.network.mean.size))
    for one, other in zip(model.estimate(*features), again.estimate(*features), strict=True):
        np.testing.assert_array_equal(one, other)
    assert again.made_under == model.made_under
    assert ARTIFACT.stat().st_size < 2e6
