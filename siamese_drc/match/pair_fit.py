"""What compressor explains the gain of an aligned pair: its settings, with intervals.

Candidates are the families and the links of stereo channels of `match.families`, and a limiter
after the compressor. `weighted_fit` fits each to the gain between loop and reference, and the one
that explains it best is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from siamese_drc.compressor.ballistics import level_db
from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.ffmpeg import Coding, recoded
from siamese_drc.match.answer import MAKEUP, SETTING_NAMES, Estimate
from siamese_drc.match.families import (
    FAMILIES,
    LINKS,
    SMOOTH_THE_LEVEL,
    Family,
    Link,
    keys,
    model_of,
)
from siamese_drc.match.limiter import Limiter, without_limiter
from siamese_drc.match.sound import one_channel, resampled
from siamese_drc.match.weighted_fit import (
    RATIO,
    SIGNIFICANT,
    START,
    THREADS,
    TINY,
    WEIGHTINGS_TRIED,
    PairRows,
    frame_gain,
    restoring,
)
from siamese_drc.solver.gain_fit import HIGHEST, LOWEST, UNKNOWNS, GainFit, to_point, to_settings
from siamese_drc.solver.gain_model import COUNT, FRAME

_SAME_VALUE = 1e-6  # relative
_FEWEST_CLIPPED = 4  # samples; an unclipped peak has one or two samples of the same value
_LOUDEST_SHARE = 1e-3  # of the loudest channel's peak: a channel of less is silence or dither

# Decisions of the fit
_EXPLAINED = 3e-5  # share of the reference's power left; above, it was coded or processed
_EXACT = 1e-6  # the same; below, only rounding is left, and no other design is tried
_EXACT_DB = 0.001  # unexplained gain below which none is tried either: resampling leaves more power
_CODED = 0.003  # the same; above, designs are compared in bands, and what coding takes is measured
_CONSTANT_DB = 0.001  # a gain of which a compressor explains less than this is constant
_LEAST_SHARE = 0.1  # of the variance of the gain that a compressor must explain
_REST = 2.0  # standard deviations by which a start state must differ from rest to be believed
_FINISHED = 2  # candidates that are fitted to the end
_IN_BANDS = 4  # candidates that are compared in bands
_CODINGS = 2  # turns of coding what was fitted, and fitting again
# Codings of a turn, at slightly different levels: a coder decides otherwise at each of them, and
# their mean counts. A long recording has more frames to average over.
_CODED_S = 32.0  # seconds of all channels that are coded in a turn, or fitted in bands
_CODED_TIMES = (2, 8)  # at least and at most
_CODED_STEP = 0.002  # from level to level, as a share
_MOST_CODED = 2  # channels that are coded as the reference was
_OUTLIER_DB = 0.02  # error of the gain above which it counts less in the choice of a family
_STARTED_S = 2.0  # stretch of a long pair for the points to start from
_TRIED_S = 8.0  # for all candidates
_LONGEST_S = 30.0  # for the best one

# Intervals
_90_PERCENT = 1.645  # standard deviations of a normal distribution
# The covariance is linear and takes the weights as known. On rendered loops of known settings,
# rounded or coded, intervals wider by this factor hold 90 % of the settings.
_WIDER = 2.0
_CODED_WIDER = 6.0  # more, in proportion to the share of the reference's power that is left
_LIMITED_WIDER = 10.0  # more, in proportion to the error of a limiter's gain
# Half an interval is at least this, in dB and shares: a knob cannot be set more finely.
_FINEST = np.array([0.005, 0.0005, 0.002, 0.002, 0.005, 0.005, 0.02])
_RANGES = {
    "ratio": (1.0, 1000.0),
    "attack_ms": (0.0, 10000.0),
    "release_ms": (0.0, 10000.0),
    MAKEUP: (-100.0, 100.0),
}


@dataclass(frozen=True)
class PairFit:
    """What explains the gain of an aligned pair; names and units are those of `Answer`."""

    # With knee_db, 0 where the pair does not ask for one. Empty where the gain is constant, or does
    # not change as that of a compressor
    settings: dict[str, Estimate]
    start_db: float
    family: Family
    link: Link | None
    unexplained_db: float
    constant_db: float  # as `unexplained_db`, of the best constant gain
    left_db: float  # power that neither the fit nor a coder explains, relative to the reference's
    families: dict[Family, float]
    limiter: dict[str, float]


def fit_pair(
    dry: np.ndarray,
    wet: np.ndarray,
    *,
    sample_rate: int,
    lock: Mapping[str, float] = {},
    from_start: bool = False,
    coding: Coding | None = None,
) -> PairFit:
    """Return the settings that turn a loop into its compressed version.

    `dry` and `wet`, shape (channels, samples), are the loop and the reference, aligned to the
    sample, in the same polarity; `wet` is 0 where it is not known, and has the loop's channels or
    is their mean. `from_start` says that the pair begins where the loop does. The compressor then
    counts as at rest there, unless the pair says otherwise: without that, a single hit tells
    little.
    """
    fixed = to_point(lock, sample_rate=sample_rate)
    peak = max(float(np.abs(wet).max()), TINY)
    louder_db = float(20 * np.log10(peak))
    fixed[UNKNOWNS.index(MAKEUP)] -= louder_db
    known, zero = ~clipped_samples(wet), np.float32(0)
    loop, wet = np.asarray(dry, np.float32), np.where(known, wet / np.float32(peak), zero)
    pair = _Pair(loop, np.where(known, _heard(loop, wet), zero), wet, sample_rate, fixed)
    channels, samples = wet.shape
    tried = pair.stretch(_TRIED_S)
    if from_start and tried is pair:
        pair = tried = pair._replace(at_rest=True)
    candidates = tried.candidates()
    families = {each.rows.family: each.unexplained_db for each in candidates[::-1]}
    if candidates[0].left < _CODED:
        best = min((_finished(each) for each in candidates[:_FINISHED]), key=_score)
    else:
        best = _best_in_bands(candidates[:_IN_BANDS])
    if best.left > _EXPLAINED and best.rows.family != "branching":
        best = tried.without_limiter(best) or best
    coded = best.left > _EXPLAINED
    whole = pair.stretch(min(_LONGEST_S, _CODED_S / channels) if coded else _LONGEST_S)
    if whole.wet.shape[1] > tried.wet.shape[1]:
        longer = whole.candidate(best.rows.family, best.rows.link, best.fit.point)
        if best.limiter is not None:
            longer = whole.without_limiter(longer, best.limiter) or longer
        best = _finished(longer)
    del pair, tried, whole, wet, known, candidates  # large
    if from_start and best.rows.wet.shape[1] == samples:
        best = _from_rest(best)
    if best.left > _EXPLAINED:
        whole_rows, lost = best.rows, best.rows.coding(best.fit.point)
        best = _finished(best._replace(rows=best.rows.in_bands(lost), weight=None))
        best = best._replace(left=whole_rows.not_coded(best.fit.point, lost))
        measured = best.left > _CODED and best.limiter is None and channels <= _MOST_CODED
        if coding is not None and measured:
            coder = partial(_coded_as, coding=coding, sample_rate=sample_rate, peak=peak)
            best = _coded_again(whole_rows, best, coder) or best
    explained = best.constant_db**2 - best.unexplained_db**2
    compressed = explained > max(_CONSTANT_DB**2, _LEAST_SHARE * best.constant_db**2) and (
        RATIO not in best.fit.free or _exceeds(best.fit, RATIO, SIGNIFICANT)
    )
    limiter = {}
    if best.limiter is not None:
        found = to_settings(best.limiter.point, sample_rate=sample_rate)
        limiter = {name: found[name] for name in PARAMETERS}
        limiter["threshold_db"] += louder_db
        limiter["ahead_ms"] = 1e3 * best.limiter.ahead / sample_rate
    return PairFit(
        settings=_estimates(best, louder_db) if compressed else {},
        start_db=float(best.fit.point[START]),
        family=best.rows.family,
        link=best.rows.link,
        unexplained_db=best.unexplained_db,
        constant_db=best.constant_db,
        left_db=10 * np.log10(max(best.left, 1e-30)),
        families=families,
        limiter=limiter,
    )


def clipped_samples(signal: np.ndarray) -> np.ndarray:
    """Return which samples, (channels, samples), have the largest magnitude, if several do."""
    size = np.abs(signal)
    peak = size.max(axis=1, keepdims=True)
    clipped = (size >= peak * (1 - _SAME_VALUE)) & (peak > _LOUDEST_SHARE * peak.max())
    return clipped & (clipped.sum(axis=1, keepdims=True) >= _FEWEST_CLIPPED)


def _heard(loop: np.ndarray, wet: np.ndarray) -> np.ndarray:
    """Return the loop in the channels of the reference: its own, or as one."""
    return loop if len(loop) == len(wet) else one_channel(loop)[np.newaxis]


class _Pair(NamedTuple):
    """An aligned pair: the loop, and the loop in the channels of the reference and the reference.

    `dry` and `wet` are 0 where a sample is not to be used.
    """

    loop: np.ndarray
    dry: np.ndarray
    wet: np.ndarray
    sample_rate: int
    fixed: np.ndarray
    at_rest: bool = False  # whether a limiter is sought from a compressor at rest

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
        loop, dry, wet = (each[part].copy() for each in (self.loop, self.dry, self.wet))
        return self._replace(loop=loop, dry=dry, wet=wet)

    def candidates(self) -> list[_Candidate]:
        """Fit families and links as far as the choice needs it; return them, best first."""
        links: Sequence[Link | None] = LINKS if len(self.loop) > 1 else [None]
        if len(self.wet) < len(self.loop):
            links = [link for link in links if link != "unlinked"]
        tried: list[_Candidate] = []
        for link in links:
            tried.append(self.candidate("branching", link))
            if tried[-1].exact:
                return [tried[-1]]
        ours = min(tried, key=_score)
        limited = self.without_limiter(ours)
        if limited is not None:
            if limited.exact:
                return [limited]
            tried.append(limited)
        link = ours.rows.link
        with ThreadPoolExecutor(THREADS) as pool:
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
        rows = self._rows(family, link)
        if start is None:
            start = self.stretch(_STARTED_S)._rows(family, link).start()
        return _measured(rows, *rows.fit(start, weightings=WEIGHTINGS_TRIED))

    def _rows(self, family: Family, link: Link | None) -> PairRows:
        level = np.stack([level_db(key, model_of(family)[1]) for key in keys(self.loop, link)])
        owner = np.arange(len(self.wet)) if len(level) > 1 else np.zeros(len(self.wet), int)
        pair = (self.dry, self.wet, owner, self.fixed)
        return PairRows(level, *pair, family, link, self.sample_rate)

    def without_limiter(
        self, candidate: _Candidate, limiter: Limiter | None = None
    ) -> _Candidate | None:
        """Return a candidate for the pair without a limiter, None if none followed.

        With a locked setting none is sought: it would explain what the lock leaves.
        """
        rows, fit = candidate[:2]
        if not np.isnan(self.fixed[: len(PARAMETERS)]).all():
            return None
        if self.at_rest:
            rows = _held_at_rest(rows)
        found = without_limiter(_heard(self.loop, self.wet), rows, fit, limiter)
        return None if found is None else _measured(*found)


class _Candidate(NamedTuple):
    """A fit of one family with one link, and how well it explains the gain."""

    rows: PairRows
    fit: GainFit
    weight: np.ndarray | None  # None: those to begin with
    left: float  # share of the reference's power that the fit leaves
    unexplained_db: float  # root mean square error of the gain
    constant_db: float  # the same of the best constant gain
    score: float  # a robust mean of the error of the gain
    limiter: Limiter | None = None  # one whose gain was taken out of the rows

    @property
    def exact(self) -> bool:
        """Whether no other design could explain more that counts."""
        return self.left < _EXACT or self.unexplained_db < _EXACT_DB


_score = attrgetter("score")


def _finished(candidate: _Candidate) -> _Candidate:
    """Continue a fit until the weights do not change it any more."""
    rows, fit, weight = candidate[:3]
    return _measured(rows, *rows.fit(fit.point, weight), candidate.limiter)


def _best_in_bands(candidates: list[_Candidate]) -> _Candidate:
    """Return the candidate that explains a coded reference best, fitted in bands.

    Coding at a low bit rate leaves noise of the reference's own power in some bands, which hides
    the gain in their sum.
    """
    coding = candidates[0].rows.coding(candidates[0].fit.point)

    def in_bands(candidate: _Candidate) -> tuple[GainFit, np.ndarray, np.ndarray]:
        rows = candidate.rows.in_bands(coding)
        fit, weight = rows.fit(candidate.fit.point, weightings=WEIGHTINGS_TRIED)
        return fit, weight, rows.left(fit.point)

    with ThreadPoolExecutor(THREADS) as pool:
        fits, weights, left = zip(*pool.map(in_bands, candidates), strict=True)
    best = int(np.argmin([(weights[0] * each).sum() for each in left]))
    return candidates[best]._replace(fit=fits[best], weight=None)


def _coded_as(rows: np.ndarray, *, coding: Coding, sample_rate: int, peak: float) -> np.ndarray:
    """Return rows of the normalised reference as a coder leaves them."""
    given = resampled(np.asarray(peak * rows, np.float32), sample_rate, coding.sample_rate)
    found = resampled(recoded(given, coding), coding.sample_rate, sample_rate)[:, : rows.shape[1]]
    return np.pad(found, ((0, 0), (0, rows.shape[1] - found.shape[1]))) / peak


def _coded_again(
    rows: PairRows, candidate: _Candidate, coder: Callable[[np.ndarray], np.ndarray]
) -> _Candidate | None:
    """Return a fit that allows for what coding takes from each band, measured by coding.

    A coder weakens what is quiet in a band, so that a fit of what it leaves errs. The loop under
    the settings found is coded, what that took from it is given back to the reference, and the fit
    is repeated, in turn. None where the reference does not lack what this coder takes.
    """
    best = candidate
    times = np.clip(round(_CODED_S * rows.sample_rate / rows.wet.size), *_CODED_TIMES)
    gains = 1 + _CODED_STEP * (np.arange(times) - (times - 1) / 2)
    for turn in range(_CODINGS):
        fitted = rows.fitted(best.fit.point)
        try:
            with ThreadPoolExecutor(THREADS) as pool:
                coded = list(pool.map(coder, [gain * fitted for gain in gains]))
        except ValueError:  # the coder does not take this bit rate
            return None
        coding = restoring(rows.coding_sums(fitted, coded))
        if turn and not rows.lacks(fitted, coding):
            return None
        in_bands = rows.in_bands(coding)
        best = _measured(in_bands, *in_bands.fit(best.fit.point))
    return best._replace(left=rows.not_coded(best.fit.point, coding))


def _measured(
    rows: PairRows, fit: GainFit, weight: np.ndarray, limiter: Limiter | None = None
) -> _Candidate:
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
        limiter=limiter,
    )


def _from_rest(candidate: _Candidate) -> _Candidate:
    """Fit again from rest, if the start state is not known to be another one."""
    rows = _held_at_rest(candidate.rows)
    if rows is candidate.rows or _exceeds(candidate.fit, START, _REST):
        return candidate
    return _finished(candidate._replace(rows=rows))


def _held_at_rest(rows: PairRows) -> PairRows:
    """Return rows that begin at rest, where one state is that of the gain."""
    if rows.family in SMOOTH_THE_LEVEL or len(rows.level) > 1:
        return rows
    fixed = rows.fixed.copy()
    fixed[START] = 0.0
    return replace(rows, fixed=fixed)


def _exceeds(fit: GainFit, unknown: int, deviations: float) -> bool:
    """Return whether an unknown differs from 0 by more than some standard deviations."""
    return bool(fit.point[unknown] > deviations * np.sqrt(fit.covariance()[unknown, unknown]))


def _estimates(candidate: _Candidate, louder_db: float) -> dict[str, Estimate]:
    """Return the settings of a fit and their 90 % intervals."""
    fit, sample_rate = candidate.fit, candidate.rows.sample_rate
    wider = _90_PERCENT * _WIDER * (1 + _CODED_WIDER * candidate.left)
    if candidate.limiter is not None:
        wider *= 1 + _LIMITED_WIDER * candidate.limiter.error
    spread = np.hypot(wider * np.sqrt(np.diag(fit.covariance())[:COUNT]), _FINEST)
    spread[~np.isin(np.arange(COUNT), fit.free)] = 0.0
    low, value, high = (
        to_settings(np.clip(fit.point[:COUNT] + width, LOWEST, HIGHEST), sample_rate=sample_rate)
        for width in (-spread, 0.0, spread)
    )
    estimates = {}
    for name in (*SETTING_NAMES, "knee_db"):
        added = louder_db if name == MAKEUP else 0.0
        lowest, highest = _RANGES.get(name, (-np.inf, np.inf))
        ends = (float(np.clip(of[name] + added, lowest, highest)) for of in (value, low, high))
        estimates[name] = Estimate(*ends)
    return estimates
