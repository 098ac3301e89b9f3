"""Settings where the reference is the loop itself, compressed.

Loop and reference are aligned. Candidates for the compressor are the families and the links of
stereo channels of `match.families`; `weighted_fit` fits each to the gain between the two, and the
one that explains it best is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from siamese_drc.compressor.ballistics import level_db
from siamese_drc.compressor.compressor import channel_mean
from siamese_drc.match.alignment import Alignment, align
from siamese_drc.match.answer import (
    ANOTHER_RECORDING,
    MAKEUP,
    NO_ANSWER,
    SAME_PERFORMANCE,
    SETTING_NAMES,
    Answer,
    Estimate,
    Position,
)
from siamese_drc.match.families import (
    FAMILIES,
    LINKS,
    SMOOTH_THE_LEVEL,
    Family,
    Link,
    keys,
    model_of,
)
from siamese_drc.match.weighted_fit import (
    RATIO,
    SIGNIFICANT,
    START,
    TINY,
    WEIGHTINGS_TRIED,
    PairRows,
    frame_gain,
)
from siamese_drc.solver.gain_fit import HIGHEST, LOWEST, UNKNOWNS, GainFit, to_point, to_settings
from siamese_drc.solver.gain_model import COUNT, FRAME

# Power that the fit leaves, relative to the reference: of the same performance at most, and above
# which a warning says so.
_MOST_LEFT_DB, _POORLY_EXPLAINED_DB = -8.0, -17.0
_MOST_CLIPPED = 0.02  # share of samples
# A coder at a low bit rate replaces much of the waveform, but the gain still follows a compressor:
# from this share of its variance explained, more of the reference's power may be left. Of a stem
# beside its own mix, a compressor explains little.
_CODED_EXPLAINED, _CODED_LEFT_DB = 0.5, -5.0
_SAME_VALUE = 1e-6  # relative
_FEWEST_CLIPPED = 4  # samples; an unclipped peak has one or two samples of the same value

# Decisions of the fit
_EXPLAINED = 3e-5  # share of the reference's power left; above, it was coded or processed
_EXACT = 1e-6  # the same; below, only rounding is left, and no other design is tried
_CONSTANT_DB = 0.001  # a gain of which a compressor explains less than this is constant
_LEAST_SHARE = 0.1  # of the variance of the gain that a compressor must explain
_REST = 2.0  # standard deviations by which a start state must differ from rest to be believed
_FINISHED = 2  # candidates that are fitted to the end
_OUTLIER_DB = 0.02  # error of the gain above which it counts less in the choice of a family
_TRIED_S = 8.0  # stretch of a long pair for all candidates
_LONGEST_S = 30.0  # for the best one
_THREADS = 2  # the compiled passes run in parallel

# Intervals
_90_PERCENT = 1.645  # standard deviations of a normal distribution
# The covariance is linear and takes the weights as known. On rendered loops of known settings,
# rounded or coded, intervals wider by this factor hold 90 % of the settings.
_WIDER = 2.0
# Half an interval is at least this, in dB and shares: a knob cannot be set more finely.
_FINEST = np.array([0.005, 0.0005, 0.002, 0.002, 0.005, 0.005, 0.02])
_HIGHEST_SETTING = {"ratio": 1000.0, "attack_ms": 10000.0, "release_ms": 10000.0}


# Of a setting: its name, its unit, why it may be poorly determined, and the widest interval of a
# determined one, in dB or as a share of the value and at least so much.
_WORDS = {
    "threshold_db": ("threshold", " dB", "the level is hardly ever both above and below it", 2, 0),
    "ratio": ("ratio", "", "the level hardly exceeds the threshold", 0.5, 0.3),
    "attack_ms": ("attack", " ms", "the level rises fast above the threshold nowhere", 0.5, 3),
    "release_ms": (
        "release",
        " ms",
        "the gain hardly recovers anywhere, as after a single hit",
        0.5,
        15,
    ),
    "makeup_db": ("make-up gain", " dB", "hardly any of the loop is uncompressed", 2, 0),
    "knee_db": ("knee", " dB", "the level is hardly ever near the threshold", 6, 0),
}


def same_performance(
    loop: np.ndarray,
    reference: np.ndarray,
    *,
    sample_rate: int,
    lock: Mapping[str, float] | None = None,
) -> Answer | None:
    """Return the settings that turn a loop into a reference.

    The reference may be shifted, scaled, inverted, rounded to 16 bits, resampled, lossy-coded,
    limited or clipped.

    Parameters
    ----------
    loop, reference : ndarray, shape (samples,) or (channels, samples), float32, full scale 1.0
        Each of its own length. Where both have several channels, and as many, it is found how they
        are linked; otherwise the channels are averaged.
    sample_rate : int, Hz
        Of both.
    lock : mapping of str to float, optional
        Settings that are known, by their names in `Answer.settings`.

    Returns
    -------
    Answer or None
        None where the reference is not the loop itself; with the situation `ANOTHER_RECORDING` and
        the reason where it only contains it. The situation is `NO_ANSWER` where it is the loop, but
        not more compressed, or clipped throughout.
    """
    alignment = align(loop, reference, sample_rate=sample_rate)
    if alignment is None or not alignment.same_performance:
        return None
    dry, wet = np.atleast_2d(alignment.loop), np.atleast_2d(alignment.reference)
    if len(dry) != len(wet):
        dry, wet = (channel_mean(signal)[np.newaxis] for signal in (dry, wet))
    clipped = _clipped_samples(wet).mean()
    if clipped > _MOST_CLIPPED:
        reason = f"The reference clips in {100 * clipped:.0f} % of its samples."
        return Answer(NO_ANSWER, warnings=[reason])
    fit = fit_pair(dry, wet, sample_rate=sample_rate, lock=lock, from_start=alignment.start == 0)
    coded = fit.unexplained_db**2 <= (1 - _CODED_EXPLAINED) * fit.constant_db**2
    if fit.left_db > (_CODED_LEFT_DB if coded else _MOST_LEFT_DB):
        reason = (
            f"The reference contains the loop, but is not the loop compressed: what lies"
            f" {-fit.left_db:.0f} dB below it is something else; in the same performance that is at"
            f" least {-_MOST_LEFT_DB:.0f} dB below it."
        )
        return Answer(ANOTHER_RECORDING, warnings=[reason], residual_db=fit.left_db)
    if not fit.settings:
        reason = (
            "The reference is the loop itself and not more compressed: its gain is constant, or"
            " does not change as that of a compressor."
        )
        return Answer(NO_ANSWER, warnings=[reason], unexplained_db=fit.unexplained_db)
    return Answer(
        SAME_PERFORMANCE,
        fit.settings,
        _about_the_reference(alignment, fit, bool(clipped))
        + _poorly_determined(fit.settings, lock or {}),
        family=fit.family,
        link=fit.link,
        families=fit.families,
        unexplained_db=fit.unexplained_db,
        start_db=fit.start_db,
        residual_db=fit.left_db,
        position=Position(
            delay_s=alignment.delay_s,
            speed=alignment.speed,
            inverted=alignment.inverted,
            start_s=alignment.start / sample_rate,
            seconds=alignment.loop.shape[-1] / sample_rate,
        ),
    )


def _about_the_reference(alignment: Alignment, fit: PairFit, clipped: bool) -> list[str]:
    warnings = []
    if alignment.inverted:
        warnings.append("The reference's polarity is inverted.")
    if alignment.speed != 1:
        warnings.append(
            f"The reference runs {100 * abs(alignment.speed - 1):.3g} %"
            f" {'faster' if alignment.speed > 1 else 'slower'} than the loop; it was resampled."
        )
    if clipped:
        warnings.append("The reference clips; its clipped samples were left out.")
    if fit.family != "branching":
        better_db = fit.families["branching"] - fit.unexplained_db
        warnings.append(
            f"Another design of compressor explains the reference better, by {better_db:.2g} dB of"
            f" gain: {FAMILIES[fit.family]}. The settings are for that design."
        )
    if fit.left_db > _POORLY_EXPLAINED_DB:
        warnings.append(
            f"The part of the reference that the settings do not explain is"
            f" {-fit.left_db:.0f} dB below it: it was coded at a low bit rate, or changed"
            " by more than a compressor."
        )
    return warnings


def _poorly_determined(settings: Mapping[str, Estimate], locked: Mapping[str, float]) -> list[str]:
    """Return a sentence for each poorly determined setting that is not locked."""
    sentences = []
    for name, (word, unit, reason, widest, least) in _WORDS.items():
        setting = settings[name]
        allowed = max(widest * (1.0 if unit == " dB" else setting.value), least)
        if name not in locked and setting.high - setting.low > allowed:
            sentences.append(
                f"The {word} is poorly determined by this recording: {reason}; any value from"
                f" {setting.low:.3g} to {setting.high:.3g}{unit} fits."
            )
    return sentences


@dataclass(frozen=True)
class PairFit:
    """What explains the gain of an aligned pair; names and units are those of `Answer`.

    Attributes
    ----------
    settings : dict of str to Estimate
        With knee_db, which is 0 where the pair does not ask for one. Empty where the gain is
        constant, or does not change as that of a compressor.
    constant_db : float
        As `unexplained_db`, of the best constant gain.
    left_db : float
        Power of what the fit leaves relative to that of the reference, in dB, at most 0.
    """

    settings: dict[str, Estimate]
    start_db: float
    family: Family
    link: Link | None
    unexplained_db: float
    constant_db: float
    left_db: float
    families: dict[Family, float]


def fit_pair(
    dry: np.ndarray,
    wet: np.ndarray,
    *,
    sample_rate: int,
    lock: Mapping[str, float] | None = None,
    from_start: bool = False,
) -> PairFit:
    """Return the settings that turn a loop into its compressed version.

    Parameters
    ----------
    dry, wet : ndarray, shape (channels, samples), float32
        The loop and the reference, aligned to the sample, in the same polarity; `wet` is 0 where it
        is not known.
    sample_rate : int, Hz
    lock : mapping of str to float, optional
        Settings that are known, by the names in `PairFit.settings`.
    from_start : bool
        Whether the pair begins where the loop does. The compressor then counts as at rest there,
        unless the pair says otherwise: without that, a single hit tells little.

    Returns
    -------
    PairFit
    """
    fixed = to_point(lock or {}, sample_rate=sample_rate)
    peak = max(float(np.abs(wet).max()), TINY)
    louder_db = 20 * np.log10(peak)
    fixed[UNKNOWNS.index(MAKEUP)] -= louder_db
    known, zero = ~_clipped_samples(wet), np.float32(0)
    loop, wet = np.asarray(dry, np.float32), np.where(known, wet / np.float32(peak), zero)
    pair = _Pair(loop, np.where(known, loop, zero), wet, sample_rate, fixed)
    tried = pair.stretch(_TRIED_S)
    candidates = tried.candidates()
    best = min((_fitted(*each[:3]) for each in candidates[:_FINISHED]), key=_score)
    whole = pair.stretch(_LONGEST_S)
    if whole.wet.shape[1] > tried.wet.shape[1]:
        longer = whole.candidate(best.rows.family, best.rows.link, best.fit.point)
        best = _fitted(*longer[:3])
    if from_start and best.rows.wet.shape[1] == wet.shape[1]:
        best = _from_rest(best)
    if best.left > _EXPLAINED:
        best = _fitted(best.rows.in_bands(best.fit.point), best.fit)
    explained = best.constant_db**2 - best.unexplained_db**2
    compressed = explained > max(_CONSTANT_DB**2, _LEAST_SHARE * best.constant_db**2) and (
        RATIO not in best.fit.free or _exceeds(best.fit, RATIO, SIGNIFICANT)
    )
    families = {each.rows.family: each.unexplained_db for each in [*candidates[::-1], best]}
    return PairFit(
        settings=_estimates(best, louder_db) if compressed else {},
        start_db=float(best.fit.point[START]),
        family=best.rows.family,
        link=best.rows.link,
        unexplained_db=best.unexplained_db,
        constant_db=best.constant_db,
        left_db=10 * np.log10(max(best.left, 1e-30)),
        families=families,
    )


def _clipped_samples(signal: np.ndarray) -> np.ndarray:
    """Return which samples, (channels, samples), have the largest magnitude, if several do."""
    size = np.abs(signal)
    clipped = size >= size.max(axis=1, keepdims=True) * (1 - _SAME_VALUE)
    return clipped & (clipped.sum(axis=1, keepdims=True) >= _FEWEST_CLIPPED)


class _Pair(NamedTuple):
    """An aligned pair; `dry` is the loop, and like `wet` 0 where a sample is not to be used."""

    loop: np.ndarray
    dry: np.ndarray
    wet: np.ndarray
    sample_rate: int
    fixed: np.ndarray

    def stretch(self, seconds: float) -> _Pair:
        """Return the part of a long pair in which the measured gain varies most."""
        count = round(seconds * self.sample_rate) // FRAME
        if self.wet.shape[1] < 1.5 * count * FRAME:
            return self
        gain, weight = frame_gain(self.dry, self.wet)
        sums = [np.cumsum(np.append(0.0, weight * gain**power)) for power in range(3)]
        total, first, second = (each[count:] - each[:-count] for each in sums)
        start = int((second - first**2 / np.maximum(total, TINY)).argmax()) * FRAME
        part = np.s_[:, start : start + count * FRAME]
        return self._replace(loop=self.loop[part], dry=self.dry[part], wet=self.wet[part])

    def candidates(self) -> list[_Candidate]:
        """Fit families and links as far as the choice needs it; return them, best first."""
        links: Sequence[Link | None] = LINKS if len(self.loop) > 1 else [None]
        tried: list[_Candidate] = []
        for link in links:
            tried.append(self.candidate("branching", link))
            if tried[-1].left < _EXACT:
                return [tried[-1]]
        link = min(tried, key=_score).rows.link
        with ThreadPoolExecutor(_THREADS) as pool:
            families = [family for family in FAMILIES if family != "branching"]
            tried += pool.map(lambda family: self.candidate(family, link), families)
            best = min(tried, key=_score).rows.family
            if best != "branching":
                others = [other for other in links if other != link]
                tried += pool.map(lambda other: self.candidate(best, other), others)
        return sorted(tried, key=_score)

    def candidate(
        self, family: Family, link: Link | None, start: np.ndarray | None = None
    ) -> _Candidate:
        """Fit one family with one link, from a point or from the best of some starts."""
        controls = keys(self.loop, link)
        level = np.stack([level_db(key, model_of(family)[1]) for key in controls])
        owner = np.arange(len(self.wet)) if len(level) > 1 else np.zeros(len(self.wet), int)
        pair = (self.dry, self.wet, owner, self.fixed)
        rows = PairRows(level, *pair, family, link, self.sample_rate)
        point = rows.start() if start is None else start
        return _measured(rows, *rows.fit(point, weightings=WEIGHTINGS_TRIED))


class _Candidate(NamedTuple):
    """A fit of one family with one link, its weights, and how well it explains the gain."""

    rows: PairRows
    fit: GainFit
    weight: np.ndarray
    left: float
    """Share of the reference's power that the fit leaves."""
    unexplained_db: float
    """Root mean square error of the gain."""
    constant_db: float
    """The same of the best constant gain."""
    score: float
    """A robust mean of the error of the gain."""


_score = attrgetter("score")


def _fitted(rows: PairRows, fit: GainFit, weight: np.ndarray | None = None) -> _Candidate:
    """Continue a fit until the weights do not change it any more."""
    return _measured(rows, *rows.fit(fit.point, weight))


def _measured(rows: PairRows, fit: GainFit, weight: np.ndarray) -> _Candidate:
    gain, trust = frame_gain(rows.dry, rows.wet)
    trust /= max(trust.sum(), TINY)
    wrong_db = frame_gain(rows.fitted(fit.point), rows.wet)[0]
    power = float(np.square(rows.wet, dtype=float).sum())
    return _Candidate(
        *(rows, fit, weight),
        left=float(rows.left(fit.point).sum()) * FRAME / max(power, TINY),
        unexplained_db=float(np.sqrt(trust @ np.square(wrong_db))),
        constant_db=float(np.sqrt(trust @ np.square(gain - trust @ gain))),
        score=float(trust @ np.log1p(np.square(wrong_db / _OUTLIER_DB))),
    )


def _from_rest(candidate: _Candidate) -> _Candidate:
    """Fit again from rest, if the start state is not known to be another one."""
    rows, fit, weight = candidate[:3]
    if rows.family in SMOOTH_THE_LEVEL or len(rows.level) > 1 or _exceeds(fit, START, _REST):
        return candidate
    fixed = rows.fixed.copy()
    fixed[START] = 0.0
    return _fitted(replace(rows, fixed=fixed), fit, weight)


def _exceeds(fit: GainFit, unknown: int, deviations: float) -> bool:
    """Return whether an unknown differs from 0 by more than some standard deviations."""
    return bool(fit.point[unknown] > deviations * np.sqrt(fit.covariance()[unknown, unknown]))


def _estimates(candidate: _Candidate, louder_db: float) -> dict[str, Estimate]:
    """Return the settings of a fit and their 90 % intervals."""
    fit, sample_rate = candidate.fit, candidate.rows.sample_rate
    spread = np.hypot(_WIDER * _90_PERCENT * np.sqrt(np.diag(fit.covariance())[:COUNT]), _FINEST)
    spread[~np.isin(np.arange(COUNT), fit.free)] = 0.0
    low, value, high = (
        to_settings(np.clip(fit.point[:COUNT] + width, LOWEST, HIGHEST), sample_rate=sample_rate)
        for width in (-spread, 0.0, spread)
    )
    estimates = {}
    for name in (*SETTING_NAMES, "knee_db"):
        added = louder_db if name == MAKEUP else 0.0
        highest = _HIGHEST_SETTING.get(name, np.inf)
        ends = (float(min(of[name] + added, highest)) for of in (value, low, high))
        estimates[name] = Estimate(*ends)
    return estimates
