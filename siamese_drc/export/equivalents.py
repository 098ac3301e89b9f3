"""Equivalent settings of other compressors.

Attack and release of this project are time constants: the time to 63 % (1 - 1/e) of a step of the
gain reduction in dB. Where another compressor only defines the time differently, a factor converts.
JUCE's compressor smooths the level before the gain computer, not the gain reduction after it, so
that no factor holds for every loop: its settings are fitted to the gain curve of the loop.

References
----------
FFmpeg, libavfilter/af_sidechaincompress.c (acompressor): the coefficient is 4000 / (t fs), t in ms.
JUCE: see `siamese_drc.export.juce`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from siamese_drc.compressor.compressor import gain_reduction_db
from siamese_drc.compressor.settings import PARAMETERS, Settings
from siamese_drc.export.juce import gain_db

TIMES_OF_A_TIME_CONSTANT = {
    "time constant, to 63 % of a step (this project)": 1.0,
    "time from 10 % to 90 % of a step": float(np.log(9)),
    "time to 90 % of a step": float(np.log(10)),
    "FFmpeg acompressor (knee=1:detection=peak)": 4.0,
}
JUCE = "JUCE and pedalboard (Compressor)"
FRAME = 64  # samples between two points of the gain curves that are compared
_HEARD_DB = -60.0  # quietest frame that counts, relative to the loudest
_TIME_FACTORS = (0.3, 1.0, 3.0)  # starts of the fit, relative to the time for the same filter
_SHIFTS_DB = (-6.0, -2.0)  # the same of the threshold: a smoothed level is below its peaks
# Bounds of the fit: threshold (dB), 1 - 1/ratio, log attack, log release (ms), make-up (dB)
_LOWEST = np.array([-100.0, 0.0, np.log(0.01), np.log(0.1), -30.0])
_HIGHEST = np.array([0.0, 0.9989, np.log(1e4), np.log(1e5), 30.0])
_STEP = 1e-2  # of the numerical derivatives; the float32 recursion allows no smaller one


@dataclass(frozen=True)
class Equivalent:
    """Settings for one compressor.

    Attributes
    ----------
    compressor : str
    threshold_db, ratio, attack_ms, release_ms, makeup_db : float
    difference_db : float or None
        Root mean square difference of the gain curves over the frames that count; None where the
        settings are exact.
    """

    compressor: str
    threshold_db: float
    ratio: float
    attack_ms: float
    release_ms: float
    makeup_db: float
    difference_db: float | None = None


def equivalents(
    settings: Mapping[str, float], loop: np.ndarray, *, sample_rate: int
) -> list[Equivalent]:
    """Return settings of this project's compressor and their equivalents for others.

    Parameters
    ----------
    settings : mapping of str to float
        `threshold_db`, `ratio`, `attack_ms`, `release_ms`, `makeup_db`.
    loop : ndarray, shape (samples,), float32, full scale 1.0
        The loop to compress.
    sample_rate : int, Hz

    Returns
    -------
    list of Equivalent
        The first row is this project's own.

    Examples
    --------
    >>> loop = np.sin(np.arange(22050) / 10).astype(np.float32)
    >>> settings = {"threshold_db": -20, "ratio": 4, "attack_ms": 10, "release_ms": 100}
    >>> rows = equivalents({**settings, "makeup_db": 0}, loop, sample_rate=44100)
    >>> [round(row.attack_ms) for row in rows[:4]]
    [10, 22, 23, 40]
    """
    rows = [
        Equivalent(
            compressor=name,
            threshold_db=settings["threshold_db"],
            ratio=settings["ratio"],
            attack_ms=factor * settings["attack_ms"],
            release_ms=factor * settings["release_ms"],
            makeup_db=settings["makeup_db"],
        )
        for name, factor in TIMES_OF_A_TIME_CONSTANT.items()
    ]
    return [*rows, juce_equivalent(settings, loop, sample_rate=sample_rate)]


def juce_equivalent(
    settings: Mapping[str, float], loop: np.ndarray, *, sample_rate: int
) -> Equivalent:
    """Return the settings of JUCE's compressor whose gain curve on the loop is closest.

    The parameters are those of `equivalents`.
    """
    from scipy.optimize import least_squares

    reduction = gain_reduction_db(
        loop, Settings(*([settings[name]] for name in PARAMETERS)), sample_rate=sample_rate
    )
    wanted = -reduction[0, FRAME - 1 :: FRAME].astype(float)
    power = np.square(loop[: wanted.size * FRAME].reshape(-1, FRAME)).mean(axis=1)
    heard = power > 10 ** (_HEARD_DB / 10) * power.max()

    def differences(at: np.ndarray) -> np.ndarray:
        """Return wanted minus actual gain, dB, at points (n, 5): shape (n, frames that count)."""
        threshold, slope, log_attack, log_release, makeup = at.T
        times = np.exp(log_attack), np.exp(log_release)
        gain = gain_db(
            loop, threshold, 1 / (1 - slope), *times, sample_rate=sample_rate, every=FRAME
        )
        return (wanted - gain - makeup[:, None])[:, heard]

    def jacobian(at: np.ndarray) -> np.ndarray:
        steps = np.where(at + _STEP <= _HIGHEST, _STEP, -_STEP)
        nearby = differences(np.vstack([at, at + np.diag(steps)]))
        return ((nearby[1:] - nearby[0]) / steps[:, None]).T

    starts = np.array(
        [
            [
                settings["threshold_db"] + shift,
                1 - 1 / settings["ratio"],
                np.log(2 * np.pi * attack * settings["attack_ms"]),
                np.log(2 * np.pi * release * settings["release_ms"]),
                0.0,
            ]
            for shift in _SHIFTS_DB
            for attack in _TIME_FACTORS
            for release in _TIME_FACTORS
        ]
    )
    starts = np.clip(starts, _LOWEST + 1e-6, _HIGHEST - 1e-6)
    start = starts[np.square(differences(starts)).sum(axis=1).argmin()]
    fit = least_squares(
        lambda at: differences(at[None])[0],
        start,
        jacobian,
        bounds=(_LOWEST, _HIGHEST),
        x_scale=[3.0, 0.1, 0.5, 0.5, 1.0],
        max_nfev=25,
        ftol=1e-4,
    )
    threshold, slope, log_attack, log_release, makeup = map(float, fit.x)
    return Equivalent(
        JUCE,
        threshold,
        1 / (1 - slope),
        float(np.exp(log_attack)),
        float(np.exp(log_release)),
        settings["makeup_db"] + makeup,
        float(np.sqrt(np.mean(np.square(fit.fun)))),
    )
