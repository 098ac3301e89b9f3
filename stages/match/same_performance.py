"""Situation 1: the reference is the loop itself, compressed; its settings follow by a fit."""

from __future__ import annotations

import numpy as np

from stages.compress.level import Detector, level_db
from stages.match.alignment import Alignment, align
from stages.match.answer import NO_ANSWER, SAME_PERFORMANCE, Answer
from stages.match.bands import split
from stages.match.certainty import estimates, what_it_cannot_tell
from stages.match.coarse_search import Start, coarse_search
from stages.match.coordinates import from_settings
from stages.match.gain_fit import GainFit, GainProblem

_STARTS = 3
_ROUGH_STEPS = 6
_CODED = 3e-5  # share of the reference's power that is left when it was coded or processed
_POORLY = 0.02  # share above which the warning says so
_CONSTANT_DB = 0.001  # a gain of which a compressor explains less than this is constant
_SIGNIFICANT = 4.0  # standard deviations by which 1 - 1/ratio must differ from 0
_SAME_VALUE = 1e-6  # relative
_FEWEST_CLIPPED = 4  # samples; a peak that was not clipped is one or two
_MOST_CLIPPED = 0.02  # share of samples


def same_performance(
    loop: np.ndarray,
    reference: np.ndarray,
    *,
    sample_rate: int,
    lock: dict[str, float] | None = None,
) -> Answer | None:
    """Solve for the settings that turn a loop into a reference.

    The reference may be shifted, scaled, inverted, rounded to 16 bits, resampled or lossy-coded.

    Parameters
    ----------
    loop, reference : ndarray, shape (samples,) each of its own length, float32, full scale 1.0
    sample_rate : int, Hz
        Of both.
    lock : dict, optional
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
    fixed = from_settings(lock or {}, sample_rate=sample_rate)
    alignment = align(loop, reference, sample_rate=sample_rate)
    if not alignment.same_performance:
        return None
    clipped = _clipped(alignment.reference)
    if clipped.mean() > _MOST_CLIPPED:
        return _no_answer(f"The reference clips in {100 * clipped.mean():.0f} % of its samples.")
    counts = np.zeros(loop.size, bool)
    counts[alignment.covered] = True
    counts &= ~clipped
    dry, heard = (np.where(counts, part, 0.0) for part in (loop, alignment.reference))
    found = _best_detector(loop, dry, heard, sample_rate, fixed)
    if found is None:
        return _no_answer(
            "The reference is the loop itself and not more compressed: its gain is constant, or "
            "changes otherwise than a compressor's would."
        )
    fit, detector = found
    settings = estimates(fit, fixed, sample_rate=sample_rate)
    warnings = _about_the_reference(alignment, fit, detector, bool(clipped.any()))
    warnings += what_it_cannot_tell(settings, lock or {})
    return Answer(SAME_PERFORMANCE, settings, warnings, detector)


def _best_detector(
    loop: np.ndarray, dry: np.ndarray, reference: np.ndarray, sample_rate: int, fixed: np.ndarray
) -> tuple[GainFit, Detector] | None:
    """Fit with the detector that explains the reference better; None where there is no gain."""
    detector: Detector = "peak"
    level = level_db(loop)
    starts, without = coarse_search(
        level, dry, reference, sample_rate=sample_rate, fixed=fixed, count=_STARTS
    )
    if without**2 - starts[0].misfit ** 2 < _CONSTANT_DB**2:
        return None
    problem = GainProblem(level, dry[None], reference[None], fixed)
    fit = problem.fit(_most_promising(problem, starts))
    if fit.residual > _CODED:
        held_level = level_db(loop, "rms")
        held, _ = coarse_search(
            held_level, dry, reference, sample_rate=sample_rate, fixed=fixed, count=_STARTS
        )
        if held[0].misfit < starts[0].misfit:
            other = GainProblem(held_level, dry[None], reference[None], fixed)
            with_rms = other.fit(_most_promising(other, held))
            if with_rms.residual < fit.residual:
                fit, level, detector = with_rms, held_level, "rms"
    if fit.residual > _CODED:
        x, y = (split(part, sample_rate=sample_rate) for part in (dry, reference))
        coded = GainProblem(level, x, y, fixed)
        fit = coded.restored(fit.at).fit(fit.at)
    deviation = np.sqrt(fit.covariance[1, 1])
    if np.isnan(fixed[1]) and not fit.at[1] > _SIGNIFICANT * deviation:
        return None
    return fit, detector


def _most_promising(problem: GainProblem, starts: list[Start]) -> np.ndarray:
    rough = [problem.rough(start.at, _ROUGH_STEPS) for start in starts]
    return min(rough, key=lambda at_and_cost: at_and_cost[1])[0]


def _clipped(reference: np.ndarray) -> np.ndarray:
    """Return which samples lie at the highest value there is, if several do."""
    size = np.abs(reference)
    clipped = size >= size.max(initial=0.0) * (1 - _SAME_VALUE)
    return clipped if clipped.sum() >= _FEWEST_CLIPPED else np.zeros_like(clipped)


def _about_the_reference(
    alignment: Alignment, fit: GainFit, detector: Detector, clipped: bool
) -> list[str]:
    warnings = []
    if alignment.inverted:
        warnings.append("The reference's polarity is inverted.")
    if clipped:
        warnings.append("The reference clips; its clipped samples were left out.")
    if detector == "rms":
        warnings.append(
            "The reference fits a compressor with an RMS detector better: the settings are its."
        )
    if fit.residual > _POORLY:
        warnings.append(
            f"What the settings do not explain lies {-10 * np.log10(fit.residual):.0f} dB below "
            "the reference: it was coded at a low bit rate, or more was done to it than "
            "compressing."
        )
    return warnings


def _no_answer(reason: str) -> Answer:
    return Answer(NO_ANSWER, warnings=[reason])
