"""What `match` asks each situation, and what amount, lock and weights make of the answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from siamese_drc.core.errors import InputError
from siamese_drc.match.answer import (
    ANOTHER_RECORDING,
    NO_ANSWER,
    SAME_PERFORMANCE,
    Answer,
    ReferenceAnswer,
)
from siamese_drc.match.matching import match
from siamese_drc.match.sound import process
from tests.compressor.textbook import drum_loop
from tests.match.made_up_answers import FOUND

RATE = 44100
LOOP = drum_loop(RATE)


def test_another_recording_is_asked_where_no_reference_is_the_same_performance(asked):
    other = LOOP[::-1].copy()
    answer = match(LOOP, [LOOP / 2, other], sample_rate=RATE, weights=[3, 1], lock={"ratio": 4})
    assert answer.situation == ANOTHER_RECORDING
    assert answer.settings == FOUND
    ((loop, references, options),) = asked.another
    np.testing.assert_array_equal(loop, LOOP)
    np.testing.assert_array_equal(references, [LOOP / 2, other])
    assert options == {
        "sample_rate": RATE,
        "weights": [0.75, 0.25],
        "lock": {"ratio": 4.0},
        "model": "model",
    }


def test_the_first_reference_that_is_the_same_performance_decides(asked):
    asked.is_same = lambda reference: np.array_equal(reference, [LOOP / 2])
    answer = match(LOOP, [LOOP[::-1], LOOP / 2, LOOP / 4], sample_rate=RATE)
    assert answer.situation == SAME_PERFORMANCE
    assert len(asked.same) == 2
    assert not asked.another
    assert answer.warnings[0] == "reference 2 is the loop itself, compressed: it alone was used"


def test_a_reference_that_is_the_loop_itself_is_left_out(asked):
    asked.is_dry = lambda reference: np.array_equal(reference, [LOOP / 2])
    other = LOOP[::-1]
    answer = match(LOOP, [LOOP / 2, other], sample_rate=RATE)
    assert answer.situation == ANOTHER_RECORDING
    np.testing.assert_array_equal(asked.another[0][1], [other])
    assert answer.warnings[0] == "reference 1 was left out. it is the loop"
    assert answer.references[0].weight == 0
    assert match(LOOP, LOOP / 2, sample_rate=RATE).situation == NO_ANSWER


def test_a_silent_channel_does_not_clip(asked):
    answer = match(LOOP, np.stack([LOOP[::-1], 0 * LOOP]), sample_rate=RATE)
    assert answer.situation == ANOTHER_RECORDING


def test_all_channels_are_compared_their_mean_is_heard_and_rates_become_the_loops(asked):
    rate = 48000
    time = np.arange(rate) / rate
    tone = 0.5 * np.sin(2 * np.pi * 440 * time)
    match(np.stack([LOOP, 0 * LOOP]), tone, sample_rate=RATE, reference_rate=rate)
    ((loop, reference, _),) = asked.same
    np.testing.assert_array_equal(loop, [LOOP, 0 * LOOP])
    assert reference.shape == (1, RATE)
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    np.testing.assert_allclose(reference[0, 1000:-1000], expected[1000:-1000], atol=1e-5)
    np.testing.assert_array_equal(asked.another[0][0], LOOP / 2)


def test_channels_that_cancel_each_other_are_heard(asked):
    answer = match(np.stack([LOOP, -LOOP]), LOOP / 2, sample_rate=RATE)
    assert answer.link == "maximum"
    np.testing.assert_array_equal(asked.another[0][0], LOOP)


def test_why_a_mix_with_the_loop_in_it_is_another_recording_is_said(asked):
    asked.is_mix = True
    answer = match(LOOP, LOOP / 2, sample_rate=RATE)
    assert answer.situation == ANOTHER_RECORDING
    assert answer.settings == FOUND
    assert answer.warnings[0] == "contains the loop"


def test_what_each_reference_said_and_its_weight(asked):
    asked.said = [ReferenceAnswer("", 0.25, {"ratio": 2.0}), ReferenceAnswer("", 0.75)]
    asked.answer = replace(asked.answer, references=asked.said)
    answer = match(LOOP, [LOOP / 2, 0 * LOOP, LOOP / 3], sample_rate=RATE, weights=[1, 1, 3])
    assert [one.name for one in answer.references] == [f"reference {n}" for n in (1, 2, 3)]
    assert [one.weight for one in answer.references] == [0.25, 0, 0.75]
    assert answer.as_json()["references"][0]["settings"] == {"ratio": 2.0}
    asked.is_same = lambda reference: True
    answer = match(LOOP, [LOOP / 2, LOOP / 3], sample_rate=RATE)
    assert [one.weight for one in answer.references] == [1, 0]


def test_weights_may_be_of_any_size(asked):
    match(LOOP, [LOOP / 2, LOOP / 3], sample_rate=RATE, weights=[1e308, 1e308])
    ((_, _, options),) = asked.another
    assert options["weights"] == [0.5, 0.5]


@pytest.mark.parametrize("amount", [0, 30, 100])
def test_amount_scales_every_gain_in_decibels(asked, amount):
    scaled = match(LOOP, LOOP / 2, sample_rate=RATE, amount=amount)
    gains = []
    for answer in (match(LOOP, LOOP / 2, sample_rate=RATE), scaled):
        processed = process(LOOP, answer.values(), sample_rate=RATE)
        gains.append(20 * np.log10(np.abs(processed.astype(float) / LOOP)))
    whole, part = gains
    assert np.ptp(whole) > 5
    np.testing.assert_allclose(part, amount / 100 * whole, atol=1e-5)
    ratio = scaled.settings["ratio"]
    assert ratio.low <= ratio.value <= ratio.high


def test_a_locked_makeup_gain_stays_whatever_the_amount(asked):
    answer = match(LOOP, LOOP / 2, sample_rate=RATE, amount=50, lock={"makeup_db": 7})
    makeup = answer.settings["makeup_db"]
    assert (makeup.low, makeup.value, makeup.high) == (7, 7, 7)
    assert answer.settings["ratio"].value == 1.6
    assert asked.another[0][2]["lock"] == {}


def test_a_silent_reference_has_no_answer(asked):
    answer = match(LOOP, 0 * LOOP, sample_rate=RATE)
    assert (answer.situation, answer.warnings) == (NO_ANSWER, ["reference is silent"])
    assert not asked.same


@pytest.mark.parametrize("level", [1.0, 0.1])
def test_a_reference_that_clips_at_whatever_level_has_no_answer(asked, level):
    clipped = level * np.clip(8 * LOOP, -1, 1)
    answer = match(LOOP, clipped, sample_rate=RATE, reference_rate=48000)
    assert answer.situation == NO_ANSWER
    assert "clips" in answer.warnings[0]
    assert len(asked.same) == 1


def test_an_unusable_reference_beside_others_is_left_out_and_named(asked):
    answer = match(LOOP, [0 * LOOP, LOOP / 2, LOOP / 3], sample_rate=RATE, weights=[1, 1, 3])
    assert answer.warnings[0] == "reference 1 is silent"
    assert len(asked.another[0][1]) == 2
    assert asked.another[0][2]["weights"] == [0.25, 0.75]


def test_the_reason_for_no_answer_is_handed_on(asked):
    asked.answer = Answer(NO_ANSWER, warnings=["the reference is less compressed"])
    answer = match(LOOP, LOOP / 2, sample_rate=RATE, amount=50, lock={"makeup_db": 1})
    assert (answer.situation, answer.warnings) == (NO_ANSWER, asked.answer.warnings)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loop": np.zeros(RATE)}, "^loop: is silent"),
        ({"loop": LOOP[:4410]}, r"^loop: lasts 0.1 s, must last at least 0.5 s"),
        ({"loop": np.zeros(0)}, "^loop: is empty"),
        ({"loop": np.zeros((2, 2, RATE))}, "^loop: its shape is"),
        ({"loop": np.full(RATE, np.nan)}, "^loop: holds samples that are not finite"),
        ({"reference": np.full(RATE, np.inf)}, "^reference: holds samples"),
        ({"reference": [LOOP, LOOP[:10]]}, "^reference 2: lasts"),
        ({"reference": []}, "^reference: there must be at least one"),
        ({"sample_rate": 0}, "^loop: its sample rate is 0 Hz"),
        ({"reference_rate": [1, 2]}, "^reference_rate: has 2 values for 1"),
        ({"weights": [1, 2]}, "^weights: has 2 values for 1"),
        ({"weights": [0]}, r"^weights: \[0.0\], every one must be above 0"),
        ({"lock": {"knee": 1}}, "^lock: there is no setting 'knee', only threshold_db"),
        ({"lock": {"ratio": 0.5}}, "^lock: ratio 0.5: must be at least 1"),
        ({"lock": {"makeup_db": 199}}, "^lock: makeup_db 199: must lie between"),
        ({"amount": 101}, "^amount: 101 %, must lie between 0 and 100"),
        ({"amount": 50, "lock": {"ratio": 4}}, "^amount: works through the ratio"),
    ],
)
def test_what_cannot_be_used_is_named(asked, changes, message):
    arguments = {"loop": LOOP, "reference": LOOP / 2, "sample_rate": RATE} | changes
    with pytest.raises(InputError, match=message):
        match(**arguments)
