"""Weighted fit of one compressor to an aligned pair, in channels and bands.

The gain between loop and reference is measured sample by sample, and `solver.gain_fit` finds the
settings that explain it. What rounding, resampling, lossy coding and other processing add is
treated as noise: its variance is measured, frame by frame and band by band, on what the fit leaves,
and the fit is repeated with the new weights until the point stays. As the weight of a frame falls
with the square of its residual, this is a robust loss: frames that the compressor cannot explain
have no influence at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import product

import numpy as np
import scipy.fft

from siamese_drc.match.dynamics import frames
from siamese_drc.match.families import DB_PER_NEPER, SMOOTH_THE_LEVEL, Family, Link, model_of
from siamese_drc.solver.gain_fit import HIGHEST, LOWEST, UNKNOWNS, GainFit, fit_gain, to_point
from siamese_drc.solver.gain_model import COUNT, FRAME, model_gain_db

NEPER_PER_DB = 1 / DB_PER_NEPER
TINY = np.finfo(float).tiny
RATIO, START, KNEE = (UNKNOWNS.index(name) for name in ("ratio", "start_db", "knee_db"))
SIGNIFICANT = 4.0  # standard deviations by which 1 - 1/ratio, or the knee, must differ from 0
_LEAST_KNEE_DB = 0.25
WEIGHTINGS_TRIED = 8  # at most, to compare candidates
THREADS = 2  # the compiled passes run in parallel

# Points to start from
_BELOW_PEAK_DB = (6.0, 16.0, 32.0)  # of the threshold
_TIMES_MS = ((0.3, 40.0), (3.0, 100.0), (20.0, 300.0), (60.0, 1500.0))  # attack and release
_RATIO = 3.0
_SILENT_START_DB = -20.0  # over the threshold, of a smoothed level
_CODING_NOISE = 1e-3  # of a frame's power: about that of lossy coding
_FLOOR = 1e-9  # power, of a reference whose peak is 1: that of 16-bit rounding, and some more

# Fit
_ROUGH_PASSES = 7
_PASSES = 200  # at most, under the first weights
_KNEE_PASSES = 12
_PASSES_MORE = 3  # at most, under each of the following ones
_WEIGHTINGS = 60  # at most: two after rounding, about 40 where a limiter follows
_FIRST_NOISE = 1e-3  # of a frame's power
_FIRST_KNEE_DB = 4.0
_NO_WEIGHT = 1e-12  # of a sample, in reciprocal variances of its gain
_ROUNDING = 1e-9**2  # lower limit of the noise's variance
_CONVERGED = 1e-2  # squared standard deviations between two weightings
_NEIGHBOURS = 9  # frames over which the power that is left is averaged
_LOST = 0.5  # share of a band's amplitude lost in coding, by the share of noise in its power
_MOST_NOISE = 0.5  # share of noise above which a frame of a band is left out
_LEAST_ALIKE = 0.5  # squared correlation with what was coded, below which a frame is left out
_EDGES_HZ = (900.0, 2200.0, 4500.0, 8500.0, 15000.0)  # of the bands
_TRANSITION = 0.3  # width of the transition from band to band, as a share of its frequency


def frame_gain(dry: np.ndarray, wet: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the gain of all rows together, dB, and its weight, frame by frame."""
    x, y = frames(dry, FRAME), frames(wet, FRAME)
    both, of_dry = np.einsum("rfk,rfk->f", x, y), np.einsum("rfk,rfk->f", x, x)
    of_wet = np.einsum("rfk,rfk->f", y, y) / FRAME
    known = both > 0
    gain = np.zeros(known.size)
    gain[known] = DB_PER_NEPER * np.log(both[known] / of_dry[known])
    return gain, known * of_wet / (_CODING_NOISE * of_wet + _FLOOR)


def frame_power(rows: np.ndarray) -> np.ndarray:
    """Return the mean power of the frames of rows (..., samples), shape (..., frames)."""
    framed = frames(rows, FRAME)
    return np.einsum("...k,...k->...", framed, framed) / FRAME


@dataclass(frozen=True)
class PairRows:
    """A pair in channels and bands, shape (rows, samples), and the levels that control its gain.

    `level`, shape (keys, samples), dBFS, is that of the whole loop; `owner` gives the key of each
    row. `dry` and `wet` are 0 where a sample does not count. `fixed` holds the known coordinates of
    the point, NaN where unknown. `noise`, shape (frames,), is what the reference is known to be
    wrong by, as a share of its power.
    """

    level: np.ndarray
    dry: np.ndarray
    wet: np.ndarray
    owner: np.ndarray
    fixed: np.ndarray
    family: Family
    link: Link | None
    sample_rate: int
    noise: np.ndarray | float = 0.0

    def start(self) -> np.ndarray:
        """Return a point to start from: the best of some after a few steps of the fit."""
        gain, frame_weight = frame_gain(self.dry, self.wet)
        heard = gain[frame_weight > 0] if frame_weight.any() else np.zeros(1)
        makeup_db = np.quantile(heard, 0.95)
        start_db = max((makeup_db - heard[:4].mean()) / (1 - 1 / _RATIO), 0.0)
        if self.family in SMOOTH_THE_LEVEL and start_db < 0.1:
            start_db = _SILENT_START_DB
        others = {"ratio": _RATIO, "makeup_db": makeup_db, "start_db": start_db, "knee_db": 0.0}
        points = []
        for below_db, (attack_ms, release_ms) in product(_BELOW_PEAK_DB, _TIMES_MS):
            times = {"attack_ms": attack_ms, "release_ms": release_ms}
            settings = {"threshold_db": self.level.max() - below_db, **times, **others}
            points.append(to_point(settings, sample_rate=self.sample_rate))
        weight = self._first_weight()
        rough = partial(self._fit, weight=weight, passes=_ROUGH_PASSES, tolerance=1e-3)
        with ThreadPoolExecutor(THREADS) as pool:
            return min(pool.map(rough, points), key=lambda fit: fit.cost).point

    def fit(
        self, start: np.ndarray, weight: np.ndarray | None = None, weightings: int = _WEIGHTINGS
    ) -> tuple[GainFit, np.ndarray]:
        """Fit from a start, with a knee if the pair asks for one; return also the weights.

        Without weights of the frames, the first ones are those of noise in proportion to the
        reference.
        """
        softer = start
        if not start[KNEE] > 0:
            without, weight = self.weighted(start, weight, weightings)
            begin = with_knee(without.point, _FIRST_KNEE_DB)
            first = self._fit(begin, weight, knee=True, passes=_KNEE_PASSES, tolerance=1e-4)
            if not _has_knee(first):
                return without, weight
            softer = first.point
        fitted, weight = self.weighted(softer, weight, weightings, knee=True)
        if _has_knee(fitted):
            return fitted, weight
        return self.weighted(with_knee(fitted.point, 0.0), weight, weightings)

    def weighted(
        self, point: np.ndarray, weight: np.ndarray | None, weightings: int, *, knee: bool = False
    ) -> tuple[GainFit, np.ndarray]:
        """Fit, weighting by what is left, until the point does not change any more."""
        passes = _PASSES_MORE
        if weight is None:
            weight, passes = self._first_weight(), _PASSES
        for _ in range(weightings):
            before = point
            fit = self._fit(point, weight, knee=knee, passes=passes)
            point, passes = fit.point, _PASSES_MORE
            weight = self._weights(point)
            step = (point - before[: point.size])[fit.free]
            if step @ fit.products @ step < _CONVERGED:
                break
        return self._fit(point, weight, knee=knee, passes=1, tolerance=1.0), weight

    def _first_weight(self) -> np.ndarray:
        return 1 / ((_FIRST_NOISE + self.noise) * self.power + 1e-10)

    def _weights(self, point: np.ndarray) -> np.ndarray:
        """Return the reciprocal of each frame's noise variance, shape (rows, frames).

        The variance is a constant and a share of the reference's power, both measured on what a fit
        leaves, and higher where it leaves more.
        """
        left, power = self.left(point), self.power
        expected = np.zeros_like(left)
        for row, (of_left, of_power) in enumerate(zip(left, power, strict=True)):
            counted = of_power > 0
            if counted.any():
                some_left, some_power = of_left[counted], of_power[counted]
                constant = np.median(some_left[some_power <= np.quantile(some_power, 0.2)])
                share = np.median(np.maximum(some_left - constant, 0) / some_power)
                expected[row] = constant + share * of_power
        return 1 / ((expected + _nearby(left) + _ROUNDING) / 2 + self.noise * power)

    @cached_property
    def power(self) -> np.ndarray:
        """Power of the reference, shape (rows, frames)."""
        return frame_power(self.wet)

    def fitted(self, point: np.ndarray) -> np.ndarray:
        """Return the rows of the loop under the gain at a point, shape (rows, samples), float32."""
        return np.stack([row.astype(np.float32) for row in self._fitted_rows(point)])

    def left(self, point: np.ndarray) -> np.ndarray:
        """Return the power that a point does not explain, shape (rows, frames)."""
        rows = zip(self.wet, self._fitted_rows(point), strict=True)
        return np.stack([frame_power(wet - fitted) for wet, fitted in rows])

    def _fitted_rows(self, point: np.ndarray) -> Iterator[np.ndarray]:
        gains = []
        for key, level in enumerate(self.level):
            own = point[:COUNT].copy()
            own[START] = point[START if key == 0 else COUNT + key - 1]
            gains.append(np.exp(model_gain_db(level, own, model_of(self.family)[0]) / DB_PER_NEPER))
        return (gains[key] * dry for key, dry in zip(self.owner, self.dry, strict=True))

    def coding(self, point: np.ndarray) -> np.ndarray:
        """Return what gives back to each band what coding took, shape (bands, frames).

        A coder that quantises a band adds noise to it, measured at a point, and loses some of it.
        Where it added more than it left, the factor is 0.
        """
        bands = self._bands
        share = _nearby(bands.left(point)) / np.maximum(_nearby(bands.power), TINY)
        return (share < _MOST_NOISE) / (1 - _LOST * np.minimum(share, _MOST_NOISE))

    def coding_sums(self, fitted: np.ndarray, coded: Iterable[np.ndarray]) -> np.ndarray:
        """Return sums from which `restoring` tells what a coder took, shape (3, bands, frames).

        `fitted`, shape (rows, samples), is a signal near the reference; `coded` are the same,
        at about its level, after codings.
        """
        before, total = self._split_rows(fitted), np.zeros(1)
        of_before = _nearby(frame_power(before))
        for each in coded:
            after = self._split_rows(each)
            products = np.einsum("rfk,rfk->rf", frames(before, FRAME), frames(after, FRAME)) / FRAME
            total = total + np.stack([_nearby(products), of_before, _nearby(frame_power(after))])
        return total

    def lacks(self, fitted: np.ndarray, coding: np.ndarray) -> bool:
        """Return whether the reference lacks what a coder takes from a signal near it.

        `coding`, shape (bands, frames), gives that back to each band.
        """
        length = coding.shape[1] * FRAME
        left = left_coded = 0.0
        for before, wet, given in zip(
            self._split_rows(fitted), self._bands.wet, coding, strict=True
        ):
            kept = np.repeat(given > 0, FRAME)
            coded = np.repeat(1 / np.where(given > 0, given, 1.0), FRAME)
            left += np.square(kept * (wet[:length] - before[:length])).sum()
            left_coded += np.square(kept * (wet[:length] - coded * before[:length])).sum()
        return bool(left_coded < left)

    def in_bands(self, coding: np.ndarray) -> PairRows:
        """Return every row split into bands, with what coding took given back."""
        bands, length = self._bands, coding.shape[1] * FRAME
        dry, wet = bands.dry.copy(), bands.wet.copy()
        for row, given in enumerate(coding):
            wet[row, :length] *= np.repeat(given, FRAME)
            dry[row, :length] *= np.repeat(given > 0, FRAME)
        return replace(bands, dry=dry, wet=wet)

    def not_coded(self, point: np.ndarray, coding: np.ndarray) -> float:
        """Return the share of the reference's power that neither a point nor a coder explains.

        That is what the point leaves in the bands that coding kept, and the power that the others
        have beyond the loop's: a coder may replace a band, but does not make it much louder.
        """
        bands, power = self._bands, self._bands.power
        louder = np.maximum(power - np.stack([*map(frame_power, bands._fitted_rows(point))]), 0)
        left = np.where(coding > 0, bands.left(point), louder)
        return float(left.sum() / max(power.sum(), TINY))

    def _split_rows(self, rows: np.ndarray) -> np.ndarray:
        return np.concatenate([_split_bands(row, sample_rate=self.sample_rate) for row in rows])

    @cached_property
    def _bands(self) -> PairRows:
        """Every row split into bands."""
        dry, wet = self._split_rows(self.dry), self._split_rows(self.wet)
        owner = np.repeat(self.owner, len(dry) // len(self.dry))
        return replace(self, dry=dry, wet=wet, owner=owner)

    def _fit(
        self,
        start: np.ndarray,
        weight: np.ndarray,
        *,
        knee: bool = False,
        passes: int,
        tolerance: float = 1e-6,
    ) -> GainFit:
        """Fit under weights of the frames, shape (rows, frames), with the knee free or as it is.

        The weighted sum of squares over the rows of a key, sum w (y - g x)^2, is W (a - g)^2 plus a
        constant, with W = sum w x^2 and a = sum w x y / W.
        """
        squares, products = np.zeros_like(self.level), np.zeros_like(self.level)
        length = weight.shape[1] * FRAME
        for row, key in enumerate(self.owner):
            weighted = np.repeat(weight[row], FRAME) * self.dry[row, :length]
            squares[key, :length] += weighted * self.dry[row, :length]
            products[key, :length] += weighted * self.wet[row, :length]
        squares[squares < _NO_WEIGHT] = 0.0
        gain = np.divide(products, squares, out=np.zeros_like(squares), where=squares > 0)
        unknown = UNKNOWNS if knee else UNKNOWNS[:KNEE]
        point = np.clip(np.where(np.isnan(self.fixed), start[:COUNT], self.fixed), LOWEST, HIGHEST)
        more = start[COUNT:] if start.size > COUNT else np.full(len(self.level) - 1, start[START])
        return fit_gain(
            self.level,
            gain,
            squares,
            np.append(point, more),
            family=model_of(self.family)[0],
            free=[
                name for name, value in zip(unknown, self.fixed, strict=False) if np.isnan(value)
            ],
            decibels=False,
            tolerance=tolerance,
            passes=passes,
        )


def restoring(sums: np.ndarray) -> np.ndarray:
    """Return what gives back to each band what coding took, from `PairRows.coding_sums`."""
    products, before, after = sums
    alike = np.square(np.maximum(products, 0)) > _LEAST_ALIKE * before * after
    return np.divide(before, products, out=np.zeros_like(before), where=alike)


def _nearby(power: np.ndarray) -> np.ndarray:
    """Return the mean over some frames around each one."""
    from scipy.ndimage import uniform_filter1d

    return uniform_filter1d(power, _NEIGHBOURS, axis=1, mode="nearest")


def with_knee(point: np.ndarray, knee_db: float) -> np.ndarray:
    """Return a point with another knee."""
    point = point.copy()
    point[KNEE] = knee_db
    return point


def _has_knee(fit: GainFit) -> bool:
    """Return whether a fitted knee differs from 0 by more than chance."""
    deviation = np.sqrt(fit.covariance()[KNEE, KNEE])
    return bool(fit.point[KNEE] > max(SIGNIFICANT * deviation, _LEAST_KNEE_DB))


def _split_bands(signal: np.ndarray, *, sample_rate: int) -> np.ndarray:
    """Return bands that add up to a signal, shape (bands, samples), without phase shift.

    Lossy coding leaves much of a signal in some bands and little in others. A gain that changes
    slowly compared with a band's impulse response passes the split: the bands of the product are
    the products of the bands, and each gets the weight of its own noise.
    """
    edges = [edge for edge in _EDGES_HZ if edge < 0.4 * sample_rate]
    length = scipy.fft.next_fast_len(signal.size + sample_rate // 100, real=True)
    spectrum = scipy.fft.rfft(signal.astype(np.float32), length)
    frequency = scipy.fft.rfftfreq(length, 1 / sample_rate)
    places = [(frequency / edge - 1) / _TRANSITION for edge in edges]
    below = [0.5 - 0.5 * np.sin(np.pi * np.clip(place, -0.5, 0.5)) for place in places]
    ends = np.zeros_like(frequency), np.ones_like(frequency)
    shares = np.diff(np.array([ends[0], *below, ends[1]], np.float32), axis=0)
    return np.stack([scipy.fft.irfft(spectrum * each, length)[: signal.size] for each in shares])
