"""Where to begin a fit: the settings of a coarse bank whose gain curves explain a reference best.

The gain reduction of a ratio R is 1 - 1/R times that of an infinite ratio, so that a bank needs
thresholds and times alone: slope and make-up gain of each of its curves follow by regression.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stages.match.gain_kernels import FRAME, LANES, mean_overshoot

_ATTACKS_MS = np.geomspace(0.7, 90.0, 5)
_RELEASES_MS = np.geomspace(10.0, 1000.0, 6)
_THRESHOLDS = 16
_DEEPEST_DB = 60.0  # below the loop's highest level
_CODING_NOISE = 1e-3  # of a frame's power: about what lossy coding leaves
_FLOOR = 1e-9  # power of what 16 bits leave, with room for more
_STEEPEST = 0.9989
_DB_PER_NEPER = 20 / np.log(10)


@dataclass(frozen=True)
class Start:
    """A point to begin at, in the coordinates of `gain_kernels.linearise`, and its misfit.

    Attributes
    ----------
    at : ndarray, shape (5,)
    misfit : float, dB
        Of the gain curve, root mean square.
    """

    at: np.ndarray
    misfit: float


def coarse_search(
    level: np.ndarray,
    dry: np.ndarray,
    reference: np.ndarray,
    *,
    sample_rate: int,
    fixed: np.ndarray,
    count: int,
) -> tuple[list[Start], float]:
    """Compare the gain from dry loop to reference, frame by frame, with a bank of curves.

    Parameters
    ----------
    level : ndarray, shape (samples,), float64, dBFS
        Of the whole dry loop.
    dry, reference : ndarray, shape (samples,), float64
        Aligned; 0 in both where a sample does not count.
    sample_rate : int, Hz
    fixed : ndarray, shape (5,)
        What is known of the answer, NaN where nothing is.
    count : int
        How many points to return.

    Returns
    -------
    starts : list of Start, best first, of different thresholds or times
    without : float, dB
        The misfit of a constant gain.
    """
    frames = level.size // FRAME
    x, y = (part[: frames * FRAME].reshape(frames, FRAME) for part in (dry, reference))
    power, product = np.square(x).sum(axis=1), (x * y).sum(axis=1)
    known = product > 0
    gain = np.zeros(frames)
    gain[known] = _DB_PER_NEPER * np.log(product[known] / power[known])
    of_reference = np.square(y).mean(axis=1)
    weight = known * of_reference / (_CODING_NOISE * of_reference + _FLOOR)
    weight /= max(weight.sum(), np.finfo(float).tiny)
    bank = _bank(level.max(), fixed, sample_rate)
    curves = _curves(level, np.square(dry), bank)
    slope, makeup, misfit = _regress(gain, weight, curves, fixed)
    without = float(np.sqrt(weight @ np.square(gain - weight @ gain)))
    starts: list[Start] = []
    for row in np.argsort(misfit, kind="stable")[:count]:
        threshold, attack, release = bank[:, row]
        at = np.array([threshold, slope[row], np.log(attack), np.log(release), makeup[row]])
        starts.append(Start(at, float(misfit[row])))
    return starts, without


def _bank(highest: float, fixed: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return thresholds (dBFS), attacks and releases (samples), shape (3, settings)."""
    axes = [
        highest - np.linspace(2.0, _DEEPEST_DB, _THRESHOLDS),
        _ATTACKS_MS * sample_rate / 1000,
        _RELEASES_MS * sample_rate / 1000,
    ]
    for axis, known in enumerate([fixed[0], np.exp(fixed[2]), np.exp(fixed[3])]):
        if np.isfinite(known):
            axes[axis] = np.array([known])
    return np.stack(np.meshgrid(*axes, indexing="ij")).reshape(3, -1)


def _curves(level: np.ndarray, power: np.ndarray, bank: np.ndarray) -> np.ndarray:
    """Return the mean overshoot of each frame under each setting, shape (settings, frames)."""
    frames = level.size // FRAME
    curves = np.empty((bank.shape[1], frames))
    means = np.empty((frames, LANES))
    for first in range(0, bank.shape[1], LANES):
        some = bank[:, first : first + LANES]
        lanes = np.pad(some, [(0, 0), (0, LANES - some.shape[1])], mode="edge")
        steps = -np.expm1(-1 / lanes[1:])
        mean_overshoot(level, power, lanes[0].copy(), steps[0], steps[1], means)
        curves[first : first + LANES] = means.T[: some.shape[1]]
    return curves


def _regress(
    gain: np.ndarray, weight: np.ndarray, curves: np.ndarray, fixed: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Explain the gain by make-up - slope * curve: return slope, make-up and misfit per curve."""
    mean_gain, mean_curve = weight @ gain, curves @ weight
    if np.isfinite(fixed[4]):  # deviations are then from the known make-up gain, not the mean
        mean_gain, mean_curve = fixed[4], np.zeros(len(curves))
    deviation = gain - mean_gain
    squares = np.square(curves) @ weight - 2 * mean_curve * (curves @ weight) + mean_curve**2
    both = curves @ (weight * deviation) - mean_curve * (weight @ deviation)
    slope = np.clip(-both / np.maximum(squares, 1e-9), 0.0, _STEEPEST)
    if np.isfinite(fixed[1]):
        slope = np.full(len(curves), fixed[1])
    left = weight @ np.square(deviation) + 2 * slope * both + slope**2 * squares
    return slope, mean_gain + slope * mean_curve, np.sqrt(np.maximum(left, 0.0))
