"""Fit of a compressor to an aligned pair: a loop, and the loop compressed.

The candidates are the families of compressors and the links of stereo channels of
`match.families`; `weighted_fit` fits each, and the one that explains the gain best is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter

import numpy as np

from siamese_drc.compressor.ballistics import level_db
from siamese_drc.match.answer import SETTING_NAMES, Estimate
from siamese_drc.match.families import FAMILIES, LINKS, Family, Link, keys, model_of
from siamese_drc.match.weighted_fit import (
    KNEE,
    MAKEUP,
    RATIO,
    SIGNIFICANT,
    START,
    TINY,
    WEIGHTINGS_TRIED,
    PairRows,
    frame_gain,
)
from siamese_drc.solver.gain_fit import HIGHEST, LOWEST, GainFit, to_point, to_settings
from siamese_drc.solver.gain_model import COUNT, FRAME

# Decisions
_EXPLAINED = 3e-5  # share of the reference's power left; above, it was coded or processed
_EXACT = 3e-7  # the same; below, only rounding is left, and no other design is tried
_CONSTANT_DB = 0.001  # a gain of which a compressor explains less than this is constant
_LEAST_SHARE = 0.1  # of the variance of the gain that a compressor must explain
_REST = 2.0  # standard deviations by which a start state must differ from rest to be believed
_FINISHED = 2  # candidates that are fitted to the end
_OUTLIER_DB = 0.02  # error of the gain above which it counts less in the choice of a family
_SAME_VALUE = 1e-6  # relative
_FEWEST_CLIPPED = 4  # samples; an unclipped peak has one or two samples of the same value

# Stretches of a long pair
_TRIED_S = 8.0  # for all candidates
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


@dataclass(frozen=True)
class PairFit:
    """What explains the gain of an aligned pair; names and units are those of `Answer`.

    Attributes
    ----------
    settings : dict of str to Estimate
        With knee_db, which is 0 where the pair does not ask for one; empty if not `compressed`.
    constant_db : float
        As `unexplained_db`, of the best constant gain.
    left_db : float
        Power of what the fit leaves relative to that of the reference, in dB, at most 0.
    compressed : bool
        False where the gain is constant, or does not change as that of a compressor.
    """

    settings: dict[str, Estimate]
    start_db: float
    family: Family
    link: Link | None
    unexplained_db: float
    constant_db: float
    left_db: float
    families: dict[Family, float]
    compressed: bool

    @property
    def explained(self) -> float:
        """Share of the variance of the measured gain that the fit explains, at most 1."""
        return 1 - (self.unexplained_db / max(self.constant_db, TINY)) ** 2


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
    fixed[MAKEUP] -= louder_db
    clipped = clipped_samples(wet)
    known = np.where(clipped, np.float32(0), wet / np.float32(peak))
    pair = _Pair(np.asarray(dry, np.float32), known, ~clipped, sample_rate, fixed)
    tried = pair.stretch(_TRIED_S)
    candidates = tried.candidates()
    best = min((each.finished() for each in candidates[:_FINISHED]), key=_score)
    whole = pair.stretch(_LONGEST_S)
    if whole.wet.shape[1] > tried.wet.shape[1]:
        best = whole.candidate(best.rows.family, best.link, best.fit.point).finished()
    if from_start and best.rows.wet.shape[1] == wet.shape[1]:
        best = best.from_rest()
    if best.left > _EXPLAINED:
        best = best.in_bands()
    deviation = np.sqrt(best.fit.covariance()[RATIO, RATIO])
    explained = best.constant_db**2 - best.unexplained_db**2
    compressed = explained > max(_CONSTANT_DB**2, _LEAST_SHARE * best.constant_db**2) and (
        np.isfinite(fixed[RATIO]) or best.fit.point[RATIO] > SIGNIFICANT * deviation
    )
    families = {each.rows.family: each.unexplained_db for each in [*candidates[::-1], best]}
    return PairFit(
        settings=_estimates(best, louder_db) if compressed else {},
        start_db=float(best.fit.point[START]),
        family=best.rows.family,
        link=best.link,
        unexplained_db=best.unexplained_db,
        constant_db=best.constant_db,
        left_db=10 * np.log10(max(best.left, 1e-30)),
        families=families,
        compressed=bool(compressed),
    )


def clipped_samples(signal: np.ndarray) -> np.ndarray:
    """Return which samples, (channels, samples), have the largest magnitude, if several do."""
    size = np.abs(signal)
    clipped = size >= size.max(axis=1, keepdims=True) * (1 - _SAME_VALUE)
    return clipped & (clipped.sum(axis=1, keepdims=True) >= _FEWEST_CLIPPED)


@dataclass(frozen=True)
class _Pair:
    """An aligned pair; `counts` is False where the reference is not to be used."""

    loop: np.ndarray
    wet: np.ndarray
    counts: np.ndarray
    sample_rate: int
    fixed: np.ndarray

    @property
    def dry(self) -> np.ndarray:
        """The loop, 0 where it is not to be used."""
        return np.where(self.counts, self.loop, np.float32(0))

    def stretch(self, seconds: float) -> _Pair:
        """Return the part of a long pair in which the measured gain varies most."""
        frames = round(seconds * self.sample_rate) // FRAME
        if self.wet.shape[1] < 1.5 * frames * FRAME:
            return self
        gain, weight = frame_gain(self.dry, self.wet)
        sums = [np.cumsum(np.append(0.0, weight * gain**power)) for power in range(3)]
        total, first, second = (each[frames:] - each[:-frames] for each in sums)
        start = int((second - first**2 / np.maximum(total, TINY)).argmax()) * FRAME
        part = np.s_[:, start : start + frames * FRAME]
        return replace(self, loop=self.loop[part], wet=self.wet[part], counts=self.counts[part])

    def candidates(self) -> list[_Candidate]:
        """Fit families and links as far as the choice needs it; return them, best first."""
        links: Sequence[Link | None] = LINKS if len(self.loop) > 1 else [None]
        tried: list[_Candidate] = []
        for link in links:
            tried.append(self.candidate("branching", link))
            if tried[-1].left < _EXACT:
                return [tried[-1]]
        link = min(tried, key=_score).link
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
        rows = PairRows(level, self.dry, self.wet, owner, self.fixed, family, self.sample_rate)
        point = rows.start() if start is None else start
        return _Candidate(link, rows, *rows.fit(point, weightings=WEIGHTINGS_TRIED))


@dataclass(frozen=True)
class _Candidate:
    """A fit of one family with one link, and how well it explains the gain."""

    link: Link | None
    rows: PairRows
    fit: GainFit
    weight: np.ndarray

    @cached_property
    def left(self) -> float:
        """Share of the reference's power that the fit leaves."""
        left = float(self.rows.left(self.fit.point).sum()) * FRAME
        return left / max(float(np.square(self.rows.wet, dtype=float).sum()), TINY)

    @cached_property
    def _wrong_db(self) -> np.ndarray:
        return frame_gain(self.rows.fitted(self.fit.point), self.rows.wet)[0]

    @cached_property
    def _gain(self) -> tuple[np.ndarray, np.ndarray]:
        """The measured gain of the frames, dB, and their weight, of the sum 1."""
        gain, weight = frame_gain(self.rows.dry, self.rows.wet)
        return gain, weight / max(weight.sum(), TINY)

    @property
    def unexplained_db(self) -> float:
        """Root mean square error of the gain."""
        return float(np.sqrt(self._gain[1] @ np.square(self._wrong_db)))

    @property
    def constant_db(self) -> float:
        """The same of the best constant gain."""
        gain, weight = self._gain
        return float(np.sqrt(weight @ np.square(gain - weight @ gain)))

    @property
    def score(self) -> float:
        """A robust mean of the error of the gain."""
        return float(self._gain[1] @ np.log1p(np.square(self._wrong_db / _OUTLIER_DB)))

    def finished(self) -> _Candidate:
        """Continue until the weights do not change the fit any more."""
        return self._again(self.rows, self.weight)

    def from_rest(self) -> _Candidate:
        """Fit again from rest, if the start state is not known to be another one."""
        deviation = np.sqrt(self.fit.covariance()[START, START])
        known = abs(self.fit.point[START]) > _REST * deviation
        if known or self.rows.smooths_level or len(self.rows.level) > 1:
            return self
        fixed = self.rows.fixed.copy()
        fixed[START] = 0.0
        return self._again(replace(self.rows, fixed=fixed), self.weight)

    def in_bands(self) -> _Candidate:
        """Fit again, in bands, each with the weight of its own noise."""
        return self._again(self.rows.in_bands(self.fit.point))

    def _again(self, rows: PairRows, weight: np.ndarray | None = None) -> _Candidate:
        return _Candidate(self.link, rows, *rows.fit(self.fit.point, weight))


_score = attrgetter("score")


def _estimates(candidate: _Candidate, louder_db: float) -> dict[str, Estimate]:
    """Return the settings of a fit and their 90 % intervals."""
    fit, fixed, sample_rate = candidate.fit, candidate.rows.fixed, candidate.rows.sample_rate
    spread = np.hypot(_WIDER * _90_PERCENT * np.sqrt(np.diag(fit.covariance())[:COUNT]), _FINEST)
    spread[np.isfinite(fixed)] = 0.0
    if KNEE not in fit.free:
        spread[KNEE] = 0.0
    estimates = {}
    low, value, high = (
        to_settings(np.clip(fit.point[:COUNT] + width, LOWEST, HIGHEST), sample_rate=sample_rate)
        for width in (-spread, 0.0, spread)
    )
    for name in (*SETTING_NAMES, "knee_db"):
        added = louder_db if name == "makeup_db" else 0.0
        highest = _HIGHEST_SETTING.get(name, np.inf)
        ends = (float(min(of[name] + added, highest)) for of in (value, low, high))
        estimates[name] = Estimate(*ends)
    return estimates
