"""`match`: settings of the compressor for a loop, from one or several references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from siamese_drc.audio import Sound
from siamese_drc.core.errors import InputError
from siamese_drc.core.ffmpeg import Coding
from siamese_drc.match.answer import (
    ANOTHER_RECORDING,
    MAKEUP,
    NO_ANSWER,
    SETTING_NAMES,
    Answer,
    Estimate,
    ReferenceAnswer,
)
from siamese_drc.match.families import channel_mean
from siamese_drc.match.sound import (
    Inputs,
    check_value,
    checked_channels,
    clips,
    is_silent,
    one_channel,
    read_inputs,
    require_sound,
    resampled,
)


class _Reference(NamedTuple):
    """A reference: its channels at the loop's sample rate, and how it was given."""

    name: str
    signal: np.ndarray
    weight: float
    silent: bool
    clips: bool
    coding: Coding | None


def match(
    loop: np.ndarray,
    reference: np.ndarray | Sequence[np.ndarray],
    *,
    sample_rate: int,
    reference_rate: int | Sequence[int] | None = None,
    weights: Sequence[float] | None = None,
    lock: Mapping[str, float] | None = None,
    coding: Coding | Sequence[Coding | None] | None = None,
    amount: float = 100.0,
) -> Answer:
    """Return the compressor settings that bring a loop to the sound of a reference.

    If a reference is the loop itself, compressed, its settings are fitted; otherwise the learnt
    model estimates them from the dynamics of the loop and of the references.

    Parameters
    ----------
    loop : ndarray, shape (samples,) or (channels, samples), full scale 1.0
        At least half a second.
    reference : ndarray of such a shape, or a sequence of such arrays
        One or several recordings that sound as the loop should.
    sample_rate : int, Hz
        Of the loop.
    reference_rate : int or sequence of int, Hz, optional
        Of the references, one for all or one each; default: the loop's.
    weights : sequence of float, above 0, optional
        How much each of several references counts; default: all alike.
    lock : mapping of str to float, optional
        Settings to keep, by their names in the answer, e.g. `{"ratio": 4}`.
    coding : Coding or sequence of Coding or None, optional
        How the references were coded with loss (`Sound.coding`), one for all or one each. What
        coding changed is then allowed for where a reference is the loop itself, compressed.
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

    Examples
    --------
    Compress a loop of decaying noise bursts, and find the settings again:

    >>> from siamese_drc.match import match, process
    >>> time = np.arange(2 * 44100) / 44100
    >>> noise = np.random.default_rng(0).normal(0, 0.1, time.size)
    >>> loop = (noise * np.exp(-8 * (time % 0.5))).astype(np.float32)
    >>> settings = {
    ...     "threshold_db": -30.0, "ratio": 4.0, "attack_ms": 5.0, "release_ms": 80.0,
    ...     "makeup_db": 3.0,
    ... }
    >>> answer = match(loop, process(loop, settings, sample_rate=44100), sample_rate=44100)
    >>> answer.situation
    'same performance'
    >>> {name: round(value, 1) for name, value in answer.values().items() if name in settings}
    {'threshold_db': -30.0, 'ratio': 4.0, 'attack_ms': 5.0, 'release_ms': 80.0, 'makeup_db': 3.0}
    """
    channels = checked_channels("loop", loop, sample_rate)
    require_sound("loop", float(np.abs(channels).max()))
    signals = [reference] if isinstance(reference, np.ndarray) else list(reference)
    if not signals:
        raise InputError("reference: there must be at least one")
    rates = _one_each("reference_rate", reference_rate, sample_rate, len(signals))
    counts = [float(each) for each in _one_each("weights", weights, 1.0, len(signals))]
    if not all(0 < weight < np.inf for weight in counts):
        raise InputError(f"weights: {counts}, every one must be above 0")
    codings = _one_each("coding", coding, None, len(signals))
    references = []
    each = zip(signals, rates, counts, codings, strict=True)
    for number, (signal, rate, weight, coded) in enumerate(each, 1):
        name = "reference" if len(signals) == 1 else f"reference {number}"
        given = checked_channels(name, signal, rate)
        silent = is_silent(float(np.abs(given).max()))
        peaks = np.abs(given).max(axis=1)
        heard = [not is_silent(float(peak)) for peak in peaks]
        clipped = any(clips(channel) for channel in given[heard])
        given = resampled(given, rate, sample_rate)
        references.append(_Reference(name, given, weight, silent, clipped, coded))
    locked = _checked_lock(lock or {})
    if not 0 <= amount <= 100:
        raise InputError(f"amount: {amount:g} %, must lie between 0 and 100")
    if amount < 100 and "ratio" in locked:
        raise InputError("amount: works through the ratio, which is locked; leave out one of them")
    answer = _scaled(_answer(channels, references, locked, sample_rate), amount / 100)
    if answer.settings and MAKEUP in locked:
        makeup = Estimate.known(locked[MAKEUP])
        answer = replace(answer, settings={**answer.settings, MAKEUP: makeup})
    return answer


def match_sounds(loop: Sound, references: Sequence[Sound], **options: Any) -> tuple[Answer, Inputs]:
    """Return the answer for sound files, and what was read of them.

    The options are `weights`, `lock` and `amount` of `match`. InputError if a file cannot be read
    or matched.
    """
    inputs = read_inputs(loop, references)
    answer = match(
        inputs.loop,
        inputs.references,
        sample_rate=loop.sample_rate,
        reference_rate=inputs.rates,
        coding=inputs.codings,
        **options,
    )
    return answer, inputs


def _answer(
    loop: np.ndarray, references: list[_Reference], locked: dict[str, float], sample_rate: int
) -> Answer:
    """Return the answer of the same performance, if a reference is that, or else of the model."""
    from siamese_drc.match.same_performance import same_performance

    lock = {name: value for name, value in locked.items() if name != MAKEUP}
    notes = [f"{reference.name} is silent" for reference in references if reference.silent]
    audible = [reference for reference in references if not reference.silent]
    unused = set()  # the loop itself, of which nothing can be learnt
    for reference in audible:
        coding = reference.coding
        answer = same_performance(
            loop, reference.signal, sample_rate=sample_rate, lock=lock, coding=coding
        )
        if answer is None:
            continue
        if answer.situation == ANOTHER_RECORDING:  # why it is not the same performance
            notes += answer.warnings
            continue
        if answer.situation == NO_ANSWER and len(audible) > 1:
            notes += [f"{reference.name} was left out. {why}" for why in answer.warnings]
            unused.add(reference.name)
            continue
        if len(references) > 1:
            notes += [f"{reference.name} is the loop itself, compressed: it alone was used"]
        said = [ReferenceAnswer(reference.name, 1.0, answer.values())]
        break
    else:
        notes += [
            f"{reference.name} clips: the model cannot tell clipping from compression"
            for reference in audible
            if reference.clips and reference.name not in unused
        ]
        usable = [each for each in audible if not each.clips and each.name not in unused]
        if not usable:
            return Answer(NO_ANSWER, warnings=notes)
        from siamese_drc.match.another_recording import another_recording
        from siamese_drc.match.model import read_model

        weights = np.array([reference.weight for reference in usable])
        weights /= weights.max()  # their sum may be too large for a number
        answer = another_recording(
            one_channel(loop),
            [one_channel(reference.signal) for reference in usable],
            sample_rate=sample_rate,
            weights=(weights / weights.sum()).tolist(),
            lock=lock,
            model=read_model(),
        )
        if len(loop) > 1 and is_silent(float(np.abs(channel_mean(loop)).max())):
            answer = replace(answer, link="maximum")  # their mean would control nothing
        pairs = zip(answer.references, usable, strict=False)
        said = [replace(one, name=reference.name) for one, reference in pairs]
    by_name = {one.name: one for one in said}
    of_all = [by_name.get(one.name, ReferenceAnswer(one.name, 0.0)) for one in references]
    return replace(answer, warnings=[*notes, *answer.warnings], references=of_all)


def _scaled(answer: Answer, share: float) -> Answer:
    """Return the answer with all its gain, in decibels, scaled.

    Under a hard knee the gain reduction is proportional to 1 - 1/R.
    """
    if not answer.settings or share == 1:
        return answer
    ratio, makeup = answer.settings["ratio"], answer.settings[MAKEUP]
    scaled = {
        "ratio": ratio.mapped(lambda r: 1 / (1 - share * (1 - 1 / r))),
        MAKEUP: makeup.mapped(lambda gain: share * gain),
    }
    return replace(answer, settings={**answer.settings, **scaled})


def _one_each(name: str, given: Any, default: Any, count: int) -> list[Any]:
    """Return a value for each reference, from one for all, one each, or none."""
    if np.ndim(given) == 0:
        return [default if given is None else given] * count
    if len(given) != count:
        raise InputError(f"{name}: has {len(given)} values for {count} references")
    return list(given)


def _checked_lock(lock: Mapping[str, float]) -> dict[str, float]:
    """Return the settings to keep, each one within its range."""
    for name, value in lock.items():
        if name not in SETTING_NAMES:
            raise InputError(f"lock: there is no setting {name!r}, only {', '.join(SETTING_NAMES)}")
        try:
            check_value(name, value)
        except ValueError as error:
            raise InputError(f"lock: {error}") from error
    return dict(lock)
