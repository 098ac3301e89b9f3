"""`match`: which situation a loop and its references are, and the settings that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from stages.match.answer import NO_ANSWER, Answer, Estimate
from stages.match.checks import require_sound
from stages.match.options import (
    MAKEUP,
    check_amount,
    checked_lock,
    checked_rates,
    checked_weights,
)
from stages.match.signals import Reference, as_references, mixed


def match(
    loop: np.ndarray,
    reference: np.ndarray | Sequence[np.ndarray],
    *,
    sample_rate: int,
    reference_rate: int | Sequence[int] | None = None,
    weights: Sequence[float] | None = None,
    lock: Mapping[str, float] | None = None,
    amount: float = 100.0,
) -> Answer:
    """Find the compressor settings that bring a loop to the sound of a reference.

    If a reference is the loop itself, compressed, the settings are solved for; else they are
    estimated from what the loop and the references, as other recordings of the kind, sound like.

    Parameters
    ----------
    loop : ndarray, shape (samples,) or (channels, samples), full scale 1.0
        At least half a second.
    reference : ndarray of such a shape, or a sequence of such arrays
        One or several recordings that sound as the loop should.
    sample_rate : int, Hz
        Of the loop.
    reference_rate : int or sequence of int, Hz, optional
        Of the references, one for all or one each; without it, the loop's.
    weights : sequence of float, above 0, optional
        How much each of several references counts; without it, all alike.
    lock : mapping of str to float, optional
        Settings to keep, by their names in the answer, e.g. `{"ratio": 4}`.
    amount : float, percent, 0 to 100
        How much of the gain reduction and of the make-up gain to apply: at 50 every sample is
        turned down by half as many decibels, with a ratio R' of 1 / R' = 1 - (1 - 1 / R) / 2.

    Returns
    -------
    Answer
        Its situation, settings with intervals, and warnings. Attack and release are time
        constants, the time to 63 % of a step; the threshold is in dBFS of the loop as given.

    Raises
    ------
    InputError
        A ValueError: a signal is empty, too short or not finite, the loop is silent, or an option
        is outside its range.
    """
    heard = mixed("loop", loop, sample_rate)
    require_sound("loop", float(np.abs(heard).max()))
    signals = [reference] if isinstance(reference, np.ndarray) else list(reference)
    references = as_references(
        signals,
        checked_rates(reference_rate, sample_rate, len(signals)),
        checked_weights(weights, len(signals)),
        sample_rate=sample_rate,
    )
    fixed = checked_lock(lock or {})
    check_amount(amount, fixed)
    answer = _answer(heard, references, fixed, sample_rate)
    return _with_makeup(_scaled(answer, amount / 100), fixed)


def _answer(
    loop: np.ndarray, references: list[Reference], fixed: dict[str, float], sample_rate: int
) -> Answer:
    """Ask for each situation in turn; the first that holds answers."""
    from stages.match.same_performance import same_performance

    lock = {name: value for name, value in fixed.items() if name != MAKEUP}
    said = [f"{reference.name} is silent" for reference in references if reference.silent]
    audible = [reference for reference in references if not reference.silent]
    for reference in audible:
        answer = same_performance(loop, reference.signal, sample_rate=sample_rate, lock=lock)
        if answer is not None:
            if len(references) > 1:
                said = [f"{reference.name} is the loop itself, compressed: it alone was used"]
            return replace(answer, warnings=[*said, *answer.warnings])
    said += [
        f"{reference.name} clips: what a compressor did to it cannot be told from that"
        for reference in audible
        if reference.clips
    ]
    usable = [reference for reference in audible if not reference.clips]
    if not usable:
        return Answer(NO_ANSWER, warnings=said)
    from stages.match.another_recording import another_recording
    from stages.match.model import read_model

    weights = np.array([reference.weight for reference in usable])
    answer = another_recording(
        *(loop, [reference.signal for reference in usable]),
        sample_rate=sample_rate,
        weights=(weights / weights.sum()).tolist(),
        lock=lock,
        model=read_model(),
    )
    return replace(answer, warnings=[*said, *answer.warnings])


def _with_makeup(answer: Answer, fixed: Mapping[str, float]) -> Answer:
    if not answer.settings or MAKEUP not in fixed:
        return answer
    makeup = Estimate(*[fixed[MAKEUP]] * 3)
    return replace(answer, settings={**answer.settings, MAKEUP: makeup})


def _scaled(answer: Answer, share: float) -> Answer:
    """Return the answer with all its gain, in decibels, scaled.

    Under a hard knee the gain reduction is (1 - 1/R) times what the other settings make.
    """
    if not answer.settings or share == 1:
        return answer
    ratio, makeup = answer.settings["ratio"], answer.settings[MAKEUP]
    scaled = {
        "ratio": Estimate(
            *(1 / (1 - share * (1 - 1 / r)) for r in (ratio.value, ratio.low, ratio.high))
        ),
        MAKEUP: Estimate(*(share * gain for gain in (makeup.value, makeup.low, makeup.high))),
    }
    return replace(answer, settings={**answer.settings, **scaled})
