"""Settings where the reference is the loop itself, compressed: a fit of the compressor's gain.

Loop and reference are aligned, the gain between them is measured sample by sample, and
`solver.gain_fit` finds the settings that explain it. What rounding, resampling and lossy coding
add is treated as noise: its variance is measured, frame by frame and band by band, on what the fit
leaves, and the fit is repeated with the new weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from siamese_drc.compressor.ballistics import Detector, level_db
from siamese_drc.compressor.compressor import frame_overshoot_db
from siamese_drc.match.alignment import Alignment, align
from siamese_drc.match.answer import NO_ANSWER, SAME_PERFORMANCE, SETTING_NAMES, Answer, Estimate
from siamese_drc.solver.gain_fit import (
    HIGHEST,
    LOWEST,
    UNKNOWNS,
    GainFit,
    fit_gain,
    to_point,
    to_settings,
)
from siamese_drc.solver.gain_model import FRAME, model_gain_db

_DB_PER_NEPER = 20 / np.log(10)
_TINY = np.finfo(float).tiny

# Decisions
_CODED = 3e-5  # share of the reference's power left by the fit if it was coded or processed
_POORLY_EXPLAINED = 0.02  # share above which a warning says so
_CONSTANT_DB = 0.001  # a gain of which a compressor explains less than this is constant
_SIGNIFICANT = 4.0  # standard deviations by which 1 - 1/ratio must differ from 0
_SAME_VALUE = 1e-6  # relative
_FEWEST_CLIPPED = 4  # samples; an unclipped peak has one or two samples of the same value
_MOST_CLIPPED = 0.02  # share of samples

# Coarse search
_STARTS = 3
_ATTACKS_MS = np.geomspace(0.7, 90.0, 5)
_RELEASES_MS = np.geomspace(10.0, 1000.0, 6)
_THRESHOLDS = 16
_DEEPEST_DB = 60.0  # below the loop's highest level
_CODING_NOISE = 1e-3  # of a frame's power: about that of lossy coding
_FLOOR = 1e-9  # power: that of 16-bit rounding, and some more
_STEEPEST = 0.9989  # 1 - 1/ratio

# Fit
_ROUGH_PASSES = 7
_PASSES = 200  # at most; most fits take about ten, a loop that is hardly compressed takes many
_WEIGHTINGS = 5
_FIRST_NOISE = 1e-3  # of a frame's power
_ROUNDING = 1e-9**2  # lower limit of the noise's variance
_CONVERGED = 1e-2  # squared standard deviations between two weightings
_NEIGHBOURS = 9  # frames over which the power that is left is averaged
_LOST = 0.5  # share of a band's amplitude lost in coding, by the share of noise in its power
_MOST_NOISE = 0.5  # share of noise above which a frame of a band is left out
_EDGES_HZ = (900.0, 2200.0, 4500.0, 8500.0, 15000.0)  # of the bands
_TRANSITION = 0.3  # width of the transition from band to band, as a share of its frequency

# Intervals
_90_PERCENT = 1.645  # standard deviations of a normal distribution
# The covariance is linear and takes the weights as known. On rendered loops of known settings,
# rounded or coded, intervals wider by this factor hold 90 % of the settings.
_WIDER = 2.0
# Half an interval is at least this, in dB and shares: a knob cannot be set more finely.
_FINEST = np.array([0.005, 0.0005, 0.002, 0.002, 0.005])
# The full interval above which a setting is poorly determined: in dB, or as a share of the value.
_DETERMINED = {
    "threshold_db": 2.0,
    "ratio": 0.5,
    "attack_ms": 0.5,
    "release_ms": 0.5,
    "makeup_db": 2.0,
}
_LEAST = {"ratio": 0.3, "attack_ms": 3.0, "release_ms": 15.0}
_HIGHEST_SETTING = {"ratio": 1000.0, "attack_ms": 10000.0, "release_ms": 10000.0}
_WORDS = {
    "threshold_db": ("threshold", " dB", "the level is hardly ever both above and below it"),
    "ratio": ("ratio", "", "the level hardly exceeds the threshold"),
    "attack_ms": ("attack", " ms", "the level rises fast above the threshold nowhere"),
    "release_ms": ("release", " ms", "the gain hardly recovers anywhere, as after a single hit"),
    "makeup_db": ("make-up gain", " dB", "hardly any of the loop is uncompressed"),
}


def same_performance(
    loop: np.ndarray,
    reference: np.ndarray,
    *,
    sample_rate: int,
    lock: Mapping[str, float] | None = None,
) -> Answer | None:
    """Return the settings that turn a loop into a reference.

    The reference may be shifted, scaled, inverted, rounded to 16 bits, resampled or lossy-coded.

    Parameters
    ----------
    loop, reference : ndarray, shape (samples,) each of its own length, float32, full scale 1.0
    sample_rate : int, Hz
        Of both.
    lock : mapping of str to float, optional
        Settings that are known, by their names in `Answer.settings`.

    Returns
    -------
    Answer or None
        None where the reference is not the loop itself. The answer's situation is `NO_ANSWER`
        where it is, but not more compressed than the loop, or clipped throughout.

    Raises
    ------
    ValueError
        If `lock` names no setting, or a value is outside its range.
    """
    locked = dict(lock or {})
    fixed = to_point(locked, sample_rate=sample_rate)
    alignment = align(loop, reference, sample_rate=sample_rate)
    if not alignment.same_performance:
        return None
    clipped = _clipped(alignment.reference)
    if clipped.mean() > _MOST_CLIPPED:
        reason = f"The reference clips in {100 * clipped.mean():.0f} % of its samples."
        return Answer(NO_ANSWER, warnings=[reason])
    counts = np.zeros(loop.size, bool)
    counts[alignment.covered] = True
    counts &= ~clipped
    dry, wet = (np.where(counts, part, 0.0) for part in (loop, alignment.reference))
    found = _best_detector(loop, dry, wet, sample_rate, fixed)
    if found is None:
        reason = (
            "The reference is the loop itself and not more compressed: its gain is constant, or"
            " does not change as that of a compressor."
        )
        return Answer(NO_ANSWER, warnings=[reason])
    fit, left, detector = found
    settings = _estimates(fit, fixed, sample_rate)
    warnings = _about_the_reference(alignment, left, detector, bool(clipped.any()))
    warnings += _poorly_determined(settings, locked)
    return Answer(SAME_PERFORMANCE, settings, warnings, detector)


def _clipped(reference: np.ndarray) -> np.ndarray:
    """Return which samples have the largest magnitude, if several do."""
    size = np.abs(reference)
    clipped = size >= size.max(initial=0.0) * (1 - _SAME_VALUE)
    return clipped if clipped.sum() >= _FEWEST_CLIPPED else np.zeros_like(clipped)


def _best_detector(
    loop: np.ndarray, dry: np.ndarray, wet: np.ndarray, sample_rate: int, fixed: np.ndarray
) -> tuple[GainFit, float, Detector] | None:
    """Fit with the detector that explains the reference better; None if the gain is constant.

    The second value is the share of the reference's power that the fit leaves.
    """
    detector: Detector = "peak"
    level = level_db(loop)
    starts, misfits, without = _coarse_search(level, dry, wet, fixed, sample_rate=sample_rate)
    if without**2 - misfits[0] ** 2 < _CONSTANT_DB**2:
        return None
    pair = _AlignedPair(level, dry[np.newaxis], wet[np.newaxis], fixed)
    fit, left = pair.fit(pair.best_of(starts))
    if left > _CODED:
        rms_level = level_db(loop, "rms")
        starts, rms_misfits, _ = _coarse_search(rms_level, dry, wet, fixed, sample_rate=sample_rate)
        if rms_misfits[0] < misfits[0]:
            other = _AlignedPair(rms_level, dry[np.newaxis], wet[np.newaxis], fixed)
            rms_fit, rms_left = other.fit(other.best_of(starts))
            if rms_left < left:
                fit, left, level, detector = rms_fit, rms_left, rms_level, "rms"
    if left > _CODED:
        x, y = (_split_bands(part, sample_rate=sample_rate) for part in (dry, wet))
        coded = _AlignedPair(level, x, y, fixed)
        fit, left = coded.restored(fit.point).fit(fit.point)
    ratio = UNKNOWNS.index("ratio")
    deviation = np.sqrt(fit.covariance()[ratio, ratio])
    if np.isnan(fixed[ratio]) and not fit.point[ratio] > _SIGNIFICANT * deviation:
        return None
    return fit, left, detector


def _coarse_search(
    level: np.ndarray, dry: np.ndarray, wet: np.ndarray, fixed: np.ndarray, *, sample_rate: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """Compare the gain from dry to wet, frame by frame, with a coarse grid of gain curves.

    The gain reduction of a ratio R is 1 - 1/R times that of an infinite ratio. The grid therefore
    needs thresholds and times only; ratio and make-up gain follow by linear regression.

    Returns points to start from, shape (n, 7), best first; the root mean square difference of each
    one's gain curve from the measured gain, in dB; and that of a constant gain.
    """
    frames = level.size // FRAME
    x, y = (part[: frames * FRAME].reshape(frames, FRAME) for part in (dry, wet))
    power, product = np.square(x).sum(axis=1), (x * y).sum(axis=1)
    known = product > 0
    gain = np.zeros(frames)
    gain[known] = _DB_PER_NEPER * np.log(product[known] / power[known])
    of_reference = np.square(y).mean(axis=1)
    weight = known * of_reference / (_CODING_NOISE * of_reference + _FLOOR)
    weight /= max(weight.sum(), _TINY)
    known_settings = to_settings(fixed, sample_rate=sample_rate)
    grid = np.stack(
        np.meshgrid(
            *(
                [known_settings[name]] if np.isfinite(known_settings[name]) else values
                for name, values in (
                    ("threshold_db", level.max() - np.linspace(2.0, _DEEPEST_DB, _THRESHOLDS)),
                    ("attack_ms", _ATTACKS_MS),
                    ("release_ms", _RELEASES_MS),
                )
            ),
            indexing="ij",
        )
    ).reshape(3, -1)
    curves = frame_overshoot_db(level, np.square(dry), *grid, sample_rate=sample_rate, frame=FRAME)
    slope, makeup, misfit = _regress(gain, weight, curves, fixed)
    without = float(np.sqrt(weight @ np.square(gain - weight @ gain)))
    best = np.argsort(misfit, kind="stable")[:_STARTS]
    times = np.log(grid[1:, best] * sample_rate / 1000)
    nothing = np.zeros(len(best))  # start state and knee
    starts = np.stack([grid[0, best], slope[best], *times, makeup[best], nothing, nothing], axis=1)
    return starts, misfit[best], without


def _regress(
    gain: np.ndarray, weight: np.ndarray, curves: np.ndarray, fixed: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Explain the gain by make-up - slope * curve; return slope, make-up and misfit per curve."""
    known_slope, known_makeup = fixed[UNKNOWNS.index("ratio")], fixed[UNKNOWNS.index("makeup_db")]
    mean_gain, mean_curve = weight @ gain, curves @ weight
    if np.isfinite(known_makeup):  # deviations are then from the known make-up gain, not the mean
        mean_gain, mean_curve = known_makeup, np.zeros(len(curves))
    deviation = gain - mean_gain
    squares = np.square(curves) @ weight - 2 * mean_curve * (curves @ weight) + mean_curve**2
    both = curves @ (weight * deviation) - mean_curve * (weight @ deviation)
    slope = np.clip(-both / np.maximum(squares, 1e-9), 0.0, _STEEPEST)
    if np.isfinite(known_slope):
        slope = np.full(len(curves), known_slope)
    left = weight @ np.square(deviation) + 2 * slope * both + slope**2 * squares
    return slope, mean_gain + slope * mean_curve, np.sqrt(np.maximum(left, 0.0))


@dataclass(frozen=True)
class _AlignedPair:
    """A loop and a reference, aligned, in one or several bands, shape (bands, samples).

    Both are 0 where a sample does not count. `level` is that of the whole loop, in dBFS; `fixed`
    holds the known coordinates of the point, NaN where unknown.
    """

    level: np.ndarray
    dry: np.ndarray
    wet: np.ndarray
    fixed: np.ndarray

    @property
    def power(self) -> np.ndarray:
        """Power of the reference, shape (bands, frames)."""
        return self._frame_sums(np.square(self.wet, dtype=np.float64)) / FRAME

    def best_of(self, starts: np.ndarray) -> np.ndarray:
        """Return the best point after a few steps of the fit from every start."""
        weight = 1 / (_FIRST_NOISE * self.power + 1e-10)
        rough = [self._fit(start, weight, _ROUGH_PASSES, 1e-3) for start in starts]
        return min(rough, key=lambda fit: fit.cost).point

    def fit(self, start: np.ndarray) -> tuple[GainFit, float]:
        """Fit from a start, weighting by what is left until the point does not change any more.

        The second value is the share of the reference's power that is left.
        """
        power = self.power
        weight = 1 / (_FIRST_NOISE * power + 1e-10)
        point = start
        for _ in range(_WEIGHTINGS):
            before = point
            fit = self._fit(point, weight, _PASSES, 1e-6)
            point = fit.point
            energy = self.left(point)
            weight = _weights(energy / FRAME, power)
            step = (point - before)[fit.free]
            if step @ fit.products @ step < _CONVERGED:
                break
        final = self._fit(point, weight, 1, 1.0)
        return final, float(energy.sum() / max(FRAME * power.sum(), _TINY))

    def left(self, point: np.ndarray) -> np.ndarray:
        """Return the energy that a point does not explain, shape (bands, frames)."""
        gain = np.exp(model_gain_db(self.level, point) / _DB_PER_NEPER)
        return self._frame_sums(np.square(self.wet - gain * self.dry))

    def restored(self, point: np.ndarray) -> _AlignedPair:
        """Return the pair with what coding took from the reference's bands given back.

        A coder that quantises a band adds noise to it and loses some of it.
        """
        from scipy.ndimage import uniform_filter1d

        noise = uniform_filter1d(self.left(point) / FRAME, _NEIGHBOURS, axis=1, mode="nearest")
        power = uniform_filter1d(self.power, _NEIGHBOURS, axis=1, mode="nearest")
        share = noise / np.maximum(power, _TINY)
        kept = 1 - _LOST * np.minimum(share, _MOST_NOISE)
        believed = share < _MOST_NOISE
        dry, wet = self.dry.copy(), self.wet.copy()
        length = kept.shape[1] * FRAME
        dry[:, :length] *= np.repeat(believed, FRAME, axis=1)
        wet[:, :length] *= np.repeat(believed / kept, FRAME, axis=1)
        return _AlignedPair(self.level, dry, wet, self.fixed)

    def _fit(self, start: np.ndarray, weight: np.ndarray, passes: int, tolerance: float) -> GainFit:
        """Fit with given weights of the samples, shape (bands, frames).

        The weighted sum of squares over the bands, sum_b w_b (y_b - g x_b)^2, is W (a - g)^2 plus a
        constant, with W = sum_b w_b x_b^2 and a = sum_b w_b x_b y_b / W.
        """
        of_samples = np.zeros(self.dry.shape)
        of_samples[:, : weight.shape[1] * FRAME] = np.repeat(weight, FRAME, axis=1)
        squares = (of_samples * np.square(self.dry, dtype=np.float64)).sum(axis=0)
        products = (of_samples * self.dry * self.wet).sum(axis=0)
        free = [name for name in SETTING_NAMES if np.isnan(self.fixed[UNKNOWNS.index(name)])]
        return fit_gain(
            self.level,
            products / np.maximum(squares, _TINY),
            squares,
            np.clip(np.where(np.isnan(self.fixed), start, self.fixed), LOWEST, HIGHEST),
            free=free,
            decibels=False,
            tolerance=tolerance,
            passes=passes,
        )

    def _frame_sums(self, values: np.ndarray) -> np.ndarray:
        """Return sums over frames, shape (bands, frames)."""
        frames = self.level.size // FRAME
        return values[:, : frames * FRAME].reshape(len(values), frames, FRAME).sum(axis=2)


def _weights(left: np.ndarray, power: np.ndarray) -> np.ndarray:
    """Return the reciprocal of each frame's noise variance, shape (bands, frames).

    The variance is a constant and a share of the reference's power, both measured on what a fit
    leaves, and higher where it leaves more.
    """
    from scipy.ndimage import uniform_filter1d

    expected = np.zeros_like(left)
    for band, (of_left, of_power) in enumerate(zip(left, power, strict=True)):
        counted = of_power > 0
        if counted.any():
            some_left, some_power = of_left[counted], of_power[counted]
            constant = np.median(some_left[some_power <= np.quantile(some_power, 0.2)])
            share = np.median(np.maximum(some_left - constant, 0) / some_power)
            expected[band] = constant + share * of_power
    nearby = uniform_filter1d(left, _NEIGHBOURS, axis=1, mode="nearest")
    return 2 / (expected + nearby + _ROUNDING)


def _split_bands(signal: np.ndarray, *, sample_rate: int) -> np.ndarray:
    """Split a signal into bands that add up to it, without phase shift.

    Lossy coding leaves much of a signal in some bands and little in others. A gain that changes
    slowly compared with a band's impulse response passes the split: the bands of the product are
    the products of the bands, and each gets the weight of its own noise.
    """
    import scipy.fft

    edges = [edge for edge in _EDGES_HZ if edge < 0.4 * sample_rate]
    length = scipy.fft.next_fast_len(signal.size + sample_rate // 100, real=True)
    spectrum = scipy.fft.rfft(signal.astype(np.float32), length)
    frequency = scipy.fft.rfftfreq(length, 1 / sample_rate)
    bands = np.empty((len(edges) + 1, signal.size), np.float32)
    below = np.zeros(frequency.size, np.float32)
    for band in range(len(bands)):
        above = _low_pass(frequency, edges[band]) if band < len(edges) else np.ones_like(below)
        bands[band] = scipy.fft.irfft(spectrum * (above - below), length)[: signal.size]
        below = above
    return bands


def _low_pass(frequency: np.ndarray, edge: float) -> np.ndarray:
    """Return 1 below the edge and 0 above, with a raised cosine in between."""
    place = np.clip((frequency / edge - 1) / _TRANSITION, -0.5, 0.5)
    return (0.5 - 0.5 * np.sin(np.pi * place)).astype(np.float32)


def _estimates(fit: GainFit, fixed: np.ndarray, sample_rate: int) -> dict[str, Estimate]:
    """Return the settings of a fit and their 90 % intervals."""
    spread = np.zeros(len(UNKNOWNS))
    spread[: len(SETTING_NAMES)] = np.hypot(
        _WIDER * _90_PERCENT * np.sqrt(np.diag(fit.covariance()))[: len(SETTING_NAMES)], _FINEST
    )
    spread[np.isfinite(fixed)] = 0.0
    value, low, high = (
        to_settings(np.clip(fit.point + width, LOWEST, HIGHEST), sample_rate=sample_rate)
        for width in (0.0, -spread, spread)
    )
    return {
        name: Estimate(
            *(min(of[name], _HIGHEST_SETTING.get(name, np.inf)) for of in (value, low, high))
        )
        for name in SETTING_NAMES
    }


def _about_the_reference(
    alignment: Alignment, left: float, detector: Detector, clipped: bool
) -> list[str]:
    warnings = []
    if alignment.inverted:
        warnings.append("The reference's polarity is inverted.")
    if clipped:
        warnings.append("The reference clips; its clipped samples were left out.")
    if detector == "rms":
        warnings.append(
            "A compressor with an RMS detector explains the reference better: the settings are for"
            " that detector."
        )
    if left > _POORLY_EXPLAINED:
        warnings.append(
            f"The part of the reference that the settings do not explain is"
            f" {-10 * np.log10(left):.0f} dB below it: it was coded at a low bit rate, or changed"
            " by more than a compressor."
        )
    return warnings


def _poorly_determined(settings: Mapping[str, Estimate], locked: Mapping[str, float]) -> list[str]:
    """Return a sentence for each poorly determined setting that is not locked."""
    sentences = []
    for name, setting in settings.items():
        relative = 1.0 if name.endswith("_db") else setting.value
        allowed = max(_DETERMINED[name] * relative, _LEAST.get(name, 0.0))
        if name not in locked and setting.high - setting.low > allowed:
            word, unit, reason = _WORDS[name]
            sentences.append(
                f"The {word} is poorly determined by this recording: {reason}; any value from"
                f" {setting.low:.3g} to {setting.high:.3g}{unit} fits."
            )
    return sentences
